namespace Flint.Coap;

/// <summary>A body that arrives in blocks (docs/spec/coap-profile.md section 12.3).</summary>
internal enum CoapUploadState : byte
{
    Absent,
    Receiving,
    Abandoned,
}

/// <summary>What can happen to a body that arrives in blocks.</summary>
internal enum CoapUploadInput : byte
{
    FirstBlock,
    NextBlock,
    SameBlock,
    LastBlock,
    Abandon,
    Taken,
}

/// <summary>The arrows of the figure in docs/spec/coap-profile.md section 12.3.</summary>
internal static class CoapUploadTransitions
{
    public static bool TryNext(CoapUploadState state, CoapUploadInput input, out CoapUploadState next)
    {
        CoapUploadState? to = (state, input) switch
        {
            (CoapUploadState.Absent, CoapUploadInput.FirstBlock) => CoapUploadState.Receiving,
            (CoapUploadState.Receiving, CoapUploadInput.NextBlock) => CoapUploadState.Receiving,
            (CoapUploadState.Receiving, CoapUploadInput.SameBlock) => CoapUploadState.Receiving,
            (CoapUploadState.Receiving, CoapUploadInput.LastBlock) => CoapUploadState.Absent,
            (CoapUploadState.Receiving, CoapUploadInput.Abandon) => CoapUploadState.Abandoned,
            (CoapUploadState.Abandoned, CoapUploadInput.Taken) => CoapUploadState.Absent,
            _ => null,
        };
        next = to.GetValueOrDefault(state);
        return to.HasValue;
    }
}

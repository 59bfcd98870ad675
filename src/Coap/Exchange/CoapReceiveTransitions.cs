namespace Flint.Coap;

/// <summary>A message id that a peer has used (docs/spec/coap-profile.md section 10.3).</summary>
internal enum CoapReceiveState : byte
{
    Unknown,
    Processing,
    Silent,
    Acknowledged,
    Answered,
    Rejected,
}

/// <summary>What can happen to a message id that a peer has used.</summary>
internal enum CoapReceiveInput : byte
{
    ConRequest,
    NonRequest,
    ConResponse,
    NonResponse,
    Duplicate,
    AckTimer,
    Respond,
    RespondNothing,
    Reject,
    Lifetime,
}

/// <summary>The arrows of the figure in docs/spec/coap-profile.md section 10.3.</summary>
internal static class CoapReceiveTransitions
{
    public static bool TryNext(CoapReceiveState state, CoapReceiveInput input, out CoapReceiveState next)
    {
        CoapReceiveState? to = (state, input) switch
        {
            (CoapReceiveState.Unknown, CoapReceiveInput.ConRequest) => CoapReceiveState.Processing,
            (CoapReceiveState.Unknown, CoapReceiveInput.NonRequest) => CoapReceiveState.Silent,
            (CoapReceiveState.Unknown, CoapReceiveInput.ConResponse) => CoapReceiveState.Acknowledged,
            (CoapReceiveState.Unknown, CoapReceiveInput.NonResponse) => CoapReceiveState.Silent,
            (CoapReceiveState.Processing, CoapReceiveInput.Duplicate) => CoapReceiveState.Processing,
            (CoapReceiveState.Processing, CoapReceiveInput.AckTimer) => CoapReceiveState.Acknowledged,
            (CoapReceiveState.Processing, CoapReceiveInput.Respond) => CoapReceiveState.Answered,
            (CoapReceiveState.Processing, CoapReceiveInput.RespondNothing) => CoapReceiveState.Acknowledged,
            (CoapReceiveState.Processing, CoapReceiveInput.Reject) => CoapReceiveState.Rejected,
            (CoapReceiveState.Processing, CoapReceiveInput.Lifetime) => CoapReceiveState.Unknown,
            (CoapReceiveState.Silent, CoapReceiveInput.Duplicate) => CoapReceiveState.Silent,
            (CoapReceiveState.Silent, CoapReceiveInput.Respond) => CoapReceiveState.Silent,
            (CoapReceiveState.Silent, CoapReceiveInput.RespondNothing) => CoapReceiveState.Silent,
            (CoapReceiveState.Silent, CoapReceiveInput.Reject) => CoapReceiveState.Silent,
            (CoapReceiveState.Silent, CoapReceiveInput.Lifetime) => CoapReceiveState.Unknown,
            (CoapReceiveState.Acknowledged, CoapReceiveInput.Duplicate) => CoapReceiveState.Acknowledged,
            (CoapReceiveState.Acknowledged, CoapReceiveInput.Respond) => CoapReceiveState.Acknowledged,
            (CoapReceiveState.Acknowledged, CoapReceiveInput.RespondNothing) => CoapReceiveState.Acknowledged,
            (CoapReceiveState.Acknowledged, CoapReceiveInput.Reject) => CoapReceiveState.Acknowledged,
            (CoapReceiveState.Acknowledged, CoapReceiveInput.Lifetime) => CoapReceiveState.Unknown,
            (CoapReceiveState.Answered, CoapReceiveInput.Duplicate) => CoapReceiveState.Answered,
            (CoapReceiveState.Answered, CoapReceiveInput.Lifetime) => CoapReceiveState.Unknown,
            (CoapReceiveState.Rejected, CoapReceiveInput.Duplicate) => CoapReceiveState.Rejected,
            (CoapReceiveState.Rejected, CoapReceiveInput.Lifetime) => CoapReceiveState.Unknown,
            _ => null,
        };
        next = to.GetValueOrDefault(state);
        return to.HasValue;
    }
}

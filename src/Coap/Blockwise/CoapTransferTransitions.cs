namespace Flint.Coap;

/// <summary>What can happen to a client's block-wise transfer.</summary>
internal enum CoapTransferInput : byte
{
    Send,
    Block,
    FinalResponse,
    Restart,
    Fault,
}

/// <summary>The arrows of the figure in docs/spec/coap-profile.md section 12.2.</summary>
internal static class CoapTransferTransitions
{
    public static bool TryNext(CoapTransferState state, CoapTransferInput input, out CoapTransferState next)
    {
        CoapTransferState? to = (state, input) switch
        {
            (CoapTransferState.Ready, CoapTransferInput.Send) => CoapTransferState.Waiting,
            (CoapTransferState.Ready, CoapTransferInput.Fault) => CoapTransferState.Failed,
            (CoapTransferState.Waiting, CoapTransferInput.Block) => CoapTransferState.Ready,
            (CoapTransferState.Waiting, CoapTransferInput.FinalResponse) => CoapTransferState.Completed,
            (CoapTransferState.Waiting, CoapTransferInput.Restart) => CoapTransferState.Ready,
            (CoapTransferState.Waiting, CoapTransferInput.Fault) => CoapTransferState.Failed,
            _ => null,
        };
        next = to.GetValueOrDefault(state);
        return to.HasValue;
    }
}

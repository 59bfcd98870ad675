namespace Flint.Coap;

/// <summary>A body that arrives in bursts (docs/spec/coap-profile.md section 13.3).</summary>
internal enum QBlockReceiverState : byte
{
    Receiving,
    Complete,
    Ended,
}

/// <summary>What can happen to it.</summary>
internal enum QBlockReceiverInput : byte
{
    Block,
    LastBlock,
    Repeated,
    AskTimer,
    Exhausted,
    Expired,
}

/// <summary>The arrows of the figure in docs/spec/coap-profile.md section 13.3.</summary>
internal static class QBlockReceiverTransitions
{
    public static bool TryNext(QBlockReceiverState state, QBlockReceiverInput input, out QBlockReceiverState next)
    {
        QBlockReceiverState? to = (state, input) switch
        {
            (QBlockReceiverState.Receiving, QBlockReceiverInput.Block) => QBlockReceiverState.Receiving,
            (QBlockReceiverState.Receiving, QBlockReceiverInput.LastBlock) => QBlockReceiverState.Complete,
            (QBlockReceiverState.Receiving, QBlockReceiverInput.Repeated) => QBlockReceiverState.Receiving,
            (QBlockReceiverState.Receiving, QBlockReceiverInput.AskTimer) => QBlockReceiverState.Receiving,
            (QBlockReceiverState.Receiving, QBlockReceiverInput.Exhausted) => QBlockReceiverState.Ended,
            (QBlockReceiverState.Complete, QBlockReceiverInput.Repeated) => QBlockReceiverState.Complete,
            (QBlockReceiverState.Complete, QBlockReceiverInput.Expired) => QBlockReceiverState.Ended,
            _ => null,
        };
        next = to.GetValueOrDefault(state);
        return to.HasValue;
    }
}

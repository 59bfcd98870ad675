namespace Flint.Coap;

/// <summary>A body that goes out in bursts (docs/spec/coap-profile.md section 13.2).</summary>
internal enum QBlockSenderState : byte
{
    Sending,
    Pausing,
    Waiting,
    Ended,
}

/// <summary>What can happen to it.</summary>
internal enum QBlockSenderInput : byte
{
    SetSent,
    BodySent,
    Continue,
    Missing,
    PauseTimer,
    SilenceTimer,
    Exhausted,
    End,
}

/// <summary>The arrows of the figure in docs/spec/coap-profile.md section 13.2.</summary>
internal static class QBlockSenderTransitions
{
    public static bool TryNext(QBlockSenderState state, QBlockSenderInput input, out QBlockSenderState next)
    {
        QBlockSenderState? to = (state, input) switch
        {
            (QBlockSenderState.Sending, QBlockSenderInput.SetSent) => QBlockSenderState.Pausing,
            (QBlockSenderState.Sending, QBlockSenderInput.BodySent) => QBlockSenderState.Waiting,
            (QBlockSenderState.Sending, QBlockSenderInput.Missing) => QBlockSenderState.Sending,
            (QBlockSenderState.Sending, QBlockSenderInput.Exhausted) => QBlockSenderState.Ended,
            (QBlockSenderState.Sending, QBlockSenderInput.End) => QBlockSenderState.Ended,
            (QBlockSenderState.Pausing, QBlockSenderInput.Continue) => QBlockSenderState.Sending,
            (QBlockSenderState.Pausing, QBlockSenderInput.Missing) => QBlockSenderState.Sending,
            (QBlockSenderState.Pausing, QBlockSenderInput.PauseTimer) => QBlockSenderState.Sending,
            (QBlockSenderState.Pausing, QBlockSenderInput.Exhausted) => QBlockSenderState.Ended,
            (QBlockSenderState.Pausing, QBlockSenderInput.End) => QBlockSenderState.Ended,
            (QBlockSenderState.Waiting, QBlockSenderInput.Missing) => QBlockSenderState.Sending,
            (QBlockSenderState.Waiting, QBlockSenderInput.SilenceTimer) => QBlockSenderState.Sending,
            (QBlockSenderState.Waiting, QBlockSenderInput.Exhausted) => QBlockSenderState.Ended,
            (QBlockSenderState.Waiting, QBlockSenderInput.End) => QBlockSenderState.Ended,
            _ => null,
        };
        next = to.GetValueOrDefault(state);
        return to.HasValue;
    }
}

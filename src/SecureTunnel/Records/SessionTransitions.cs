namespace Flint.SecureTunnel;

/// <summary>The table of section 16.3 [ST-903]: what is not in it ends the tunnel with unexpected_message.</summary>
internal static class SessionTransitions
{
    public static bool TryNext(SessionState state, SessionInput input, out SessionState next)
    {
        SessionState? found = (state, input) switch
        {
            (SessionState.Open, SessionInput.Data) => SessionState.Open,
            (SessionState.Open, SessionInput.KeyUpdate) => SessionState.Open,
            (SessionState.Open, SessionInput.PeerClose) => SessionState.ReadClosed,
            (SessionState.Open, SessionInput.Send) => SessionState.Open,
            (SessionState.Open, SessionInput.LocalClose) => SessionState.WriteClosed,

            (SessionState.ReadClosed, SessionInput.Send) => SessionState.ReadClosed,
            (SessionState.ReadClosed, SessionInput.LocalClose) => SessionState.Closed,

            (SessionState.WriteClosed, SessionInput.Data) => SessionState.WriteClosed,
            (SessionState.WriteClosed, SessionInput.KeyUpdate) => SessionState.WriteClosed,
            (SessionState.WriteClosed, SessionInput.PeerClose) => SessionState.Closed,

            (_, SessionInput.Failure) => SessionState.Dead,
            _ => null,
        };
        next = found ?? default;
        return found is not null;
    }
}

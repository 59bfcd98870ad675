namespace Flint.Device.Nano;

/// <summary>The tables of docs/spec/secure-tunnel.md sections 16.2 and 16.3: one row per arrow; nothing else assigns a state.</summary>
internal static class TunnelTransitions
{
    public static bool TryNext(TunnelHandshakeState state, TunnelHandshakeInput input, out TunnelHandshakeState next)
    {
        if (input == TunnelHandshakeInput.Failure)
        {
            next = TunnelHandshakeState.Dead;
            return state != TunnelHandshakeState.Connected;
        }

        int found = state switch
        {
            TunnelHandshakeState.Start => input == TunnelHandshakeInput.BeginFull ? (int)TunnelHandshakeState.WaitServerHello
                : input == TunnelHandshakeInput.BeginResume ? (int)TunnelHandshakeState.WaitResumption : None,
            TunnelHandshakeState.WaitServerHello => input == TunnelHandshakeInput.ServerHello ? (int)TunnelHandshakeState.WaitServerAuth : None,
            TunnelHandshakeState.WaitResumption => input == TunnelHandshakeInput.ServerHello ? (int)TunnelHandshakeState.WaitServerAuth
                : input == TunnelHandshakeInput.Retry ? (int)TunnelHandshakeState.WaitServerHello : None,
            TunnelHandshakeState.WaitServerAuth => input == TunnelHandshakeInput.ServerAuth ? (int)TunnelHandshakeState.WaitAccept : None,
            TunnelHandshakeState.WaitAccept => input == TunnelHandshakeInput.Accept ? (int)TunnelHandshakeState.Connected : None,
            _ => None,
        };
        next = found == None ? TunnelHandshakeState.Start : (TunnelHandshakeState)found;
        return found != None;
    }

    public static bool TryNext(TunnelSessionState state, TunnelSessionInput input, out TunnelSessionState next)
    {
        next = state;
        bool canRead = state == TunnelSessionState.Open || state == TunnelSessionState.WriteClosed;
        bool canWrite = state == TunnelSessionState.Open || state == TunnelSessionState.ReadClosed;
        switch (input)
        {
            case TunnelSessionInput.Data:
            case TunnelSessionInput.KeyUpdate:
                return canRead;
            case TunnelSessionInput.Send:
                return canWrite;
            case TunnelSessionInput.PeerClose:
                next = canWrite ? TunnelSessionState.ReadClosed : TunnelSessionState.Closed;
                return canRead;
            case TunnelSessionInput.LocalClose:
                next = canRead ? TunnelSessionState.WriteClosed : TunnelSessionState.Closed;
                return canWrite;
            default:
                next = TunnelSessionState.Dead;
                return true;
        }
    }

    private const int None = -1;
}

namespace Flint.SecureTunnel;

/// <summary>The table of section 16.2 [ST-902]: what is not in it ends the handshake.</summary>
internal static class ClientTransitions
{
    public static bool TryNext(ClientState state, ClientInput input, out ClientState next)
    {
        ClientState? found = (state, input) switch
        {
            (ClientState.Start, ClientInput.BeginFull) => ClientState.WaitServerHello,
            (ClientState.Start, ClientInput.BeginResume) => ClientState.WaitResumption,
            (ClientState.WaitResumption, ClientInput.Retry) => ClientState.WaitServerHello, // [ST-309]: so Retry comes at most once
            (ClientState.WaitResumption, ClientInput.ServerHello) => ClientState.WaitServerAuth,
            (ClientState.WaitServerHello, ClientInput.ServerHello) => ClientState.WaitServerAuth,
            (ClientState.WaitServerAuth, ClientInput.ServerAuth) => ClientState.WaitAccept,
            (ClientState.WaitAccept, ClientInput.Accept) => ClientState.Connected,
            (not ClientState.Connected, ClientInput.Failure) => ClientState.Dead,
            _ => null,
        };
        next = found ?? default;
        return found is not null;
    }
}

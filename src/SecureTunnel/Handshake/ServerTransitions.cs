namespace Flint.SecureTunnel;

/// <summary>The table of section 16.1 [ST-901]: what is not in it ends the handshake.</summary>
internal static class ServerTransitions
{
    public static bool TryNext(ServerState state, ServerInput input, out ServerState next)
    {
        ServerState? found = (state, input) switch
        {
            (ServerState.WaitClientHello, ServerInput.FullHello) => ServerState.Answering,
            (ServerState.WaitClientHello, ServerInput.ResumeHello) => ServerState.Answering,
            (ServerState.WaitClientHello, ServerInput.UnusableTicket) => ServerState.WaitFullHello,
            (ServerState.WaitFullHello, ServerInput.FullHello) => ServerState.Answering,
            (ServerState.Answering, ServerInput.Answered) => ServerState.WaitClientAuth,
            (ServerState.WaitClientAuth, ServerInput.ClientAuth) => ServerState.CheckingDevice,
            (ServerState.CheckingDevice, ServerInput.DeviceProven) => ServerState.Connected,
            (not ServerState.Connected, ServerInput.Failure) => ServerState.Dead,
            _ => null,
        };
        next = found ?? default;
        return found is not null;
    }
}

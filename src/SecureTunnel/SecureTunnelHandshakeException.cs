namespace Flint.SecureTunnel;

/// <summary>The handshake failed: no tunnel came to be, and no byte of the application was accepted.</summary>
public sealed class SecureTunnelHandshakeException : SecureTunnelException
{
    internal SecureTunnelHandshakeException(SecureTunnelReason reason, SecureTunnelAlert alert, bool fromPeer)
        : base(reason, alert, fromPeer, Describe(reason, alert, fromPeer))
    {
    }

    private static string Describe(SecureTunnelReason reason, SecureTunnelAlert alert, bool fromPeer) =>
        fromPeer ? $"The peer refused the handshake: {alert}." : reason switch
        {
            SecureTunnelReason.ServerNotAuthenticated => "The server could not prove that it holds the pinned key.",
            SecureTunnelReason.UnknownKey => "The device asks for a server key that is not here.",
            SecureTunnelReason.WrongCredential => "The device could not prove its credential.",
            _ => $"The handshake failed: {reason} (alert {alert}).",
        };
}

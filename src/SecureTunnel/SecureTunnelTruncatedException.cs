namespace Flint.SecureTunnel;

/// <summary>
/// The stream ended without an authenticated Close: what was read so far may be a prefix that an attacker chose (section 9).
/// </summary>
public sealed class SecureTunnelTruncatedException : SecureTunnelException
{
    internal SecureTunnelTruncatedException()
        : base(SecureTunnelReason.Truncated, SecureTunnelAlert.None, fromPeer: false, "The stream ended without an authenticated Close.")
    {
    }
}

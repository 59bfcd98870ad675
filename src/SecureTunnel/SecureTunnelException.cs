using System.IO;

namespace Flint.SecureTunnel;

/// <summary>A tunnel could not be made, or failed. Terminal: every key of the tunnel is erased.</summary>
public class SecureTunnelException : IOException
{
    internal SecureTunnelException(SecureTunnelReason reason, SecureTunnelAlert alert, bool fromPeer, string message)
        : base(message)
    {
        Reason = reason;
        Alert = alert;
        IsFromPeer = fromPeer;
    }

    /// <summary>Why, as this side knows it.</summary>
    public SecureTunnelReason Reason { get; }

    /// <summary>The alert that went over the wire: ours to the peer, or the peer's to us where <see cref="IsFromPeer"/>.</summary>
    public SecureTunnelAlert Alert { get; }

    /// <summary>
    /// True where the peer gave up first. Before ServerHello an alert is not authenticated: it is a hint, anybody on the path can send it.
    /// </summary>
    public bool IsFromPeer { get; }
}

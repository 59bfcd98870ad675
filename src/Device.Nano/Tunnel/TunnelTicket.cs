namespace Flint.Device.Nano;

/// <summary>What resumes a session without RSA: used once, replaced by the one that the next session gives [ST-806]. It holds a secret.</summary>
public sealed partial class TunnelTicket
{
    /// <param name="suite">The suite of the session that gave it.</param>
    /// <param name="ticket">The server's bytes, 1 to 256.</param>
    /// <param name="resumptionKey">rpsk, 32 bytes.</param>
    /// <param name="lifetimeSeconds">How long the server takes it.</param>
    public TunnelTicket(byte suite, byte[] ticket, byte[] resumptionKey, uint lifetimeSeconds)
    {
        Suite = suite;
        Ticket = ticket;
        ResumptionKey = resumptionKey;
        LifetimeSeconds = lifetimeSeconds;
    }

    /// <summary>The suite, which a resumption keeps.</summary>
    public readonly byte Suite;

    /// <summary>The server's bytes, opaque.</summary>
    public readonly byte[] Ticket;

    /// <summary>The secret beside them, 32 bytes.</summary>
    public readonly byte[] ResumptionKey;

    /// <summary>How long the server takes it, in seconds from when it was given.</summary>
    public readonly uint LifetimeSeconds;
}

namespace Flint.SecureTunnel;

/// <summary>What a received frame means to the edge.</summary>
internal enum SessionEvent
{
    /// <summary>Bytes of the stream, perhaps none.</summary>
    Data,

    /// <summary>The peer moved to its next key.</summary>
    KeyUpdated,

    /// <summary>The peer moved to its next key and asks this side to do the same: seal a KeyUpdate before the next record.</summary>
    KeyUpdateRequested,

    /// <summary>The peer has ended its direction.</summary>
    Closed,

    /// <summary>The tunnel is dead: <see cref="TunnelSession.Failure"/> says why, and an alert may be due.</summary>
    Failed,
}

namespace Flint.Device.Nano;

/// <summary>Why the tunnel died, for the log; the peer learns a <see cref="TunnelAlert"/> only.</summary>
public enum TunnelFailure : byte
{
    /// <summary>It did not.</summary>
    None = 0,

    /// <summary>The peer said so; before ServerHello anybody can.</summary>
    AlertFromPeer,

    /// <summary>A frame of length 0 or beyond the state's limit.</summary>
    Framing,

    /// <summary>A message that does not follow its diagram.</summary>
    MalformedMessage,

    /// <summary>A message that the state does not allow.</summary>
    UnexpectedMessage,

    /// <summary>ServerAuth does not open or does not verify: not the server of the pin.</summary>
    ServerNotAuthenticated,

    /// <summary>A record that does not open.</summary>
    RecordNotOpened,

    /// <summary>More records under a key than allowed.</summary>
    RecordLimit,

    /// <summary>Too many KeyUpdates or empty records.</summary>
    Flood,

    /// <summary>The stream ended without a Close.</summary>
    Truncated,

    /// <summary>The caller's deadline passed.</summary>
    Timeout,
}

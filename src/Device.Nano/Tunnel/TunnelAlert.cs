namespace Flint.Device.Nano;

/// <summary>The coarse errors that peers tell each other (docs/spec/secure-tunnel.md section 6.9).</summary>
public enum TunnelAlert : byte
{
    /// <summary>No alert.</summary>
    None = 0,

    /// <summary>A message that the state does not allow, or a flood.</summary>
    UnexpectedMessage = 1,

    /// <summary>A message that does not follow its diagram.</summary>
    Malformed = 2,

    /// <summary>Version, suite or mode.</summary>
    Unsupported = 3,

    /// <summary>The server holds no key with this key_id: the next connection may try another pin.</summary>
    UnknownKey = 4,

    /// <summary>Every cryptographic failure up to and including ClientAuth's record.</summary>
    HandshakeFailed = 5,

    /// <summary>Every failure of the identity.</summary>
    AccessDenied = 6,

    /// <summary>A record behind ClientAuth that does not open.</summary>
    RecordFailed = 7,

    /// <summary>A frame, record or key beyond its limit.</summary>
    RecordOverflow = 8,

    /// <summary>No capacity for a handshake now.</summary>
    Busy = 9,

    /// <summary>A deadline has passed.</summary>
    Timeout = 10,

    /// <summary>A fault of the sender's own.</summary>
    Internal = 11,
}

namespace Flint.SecureTunnel;

/// <summary>What one side tells the other when a tunnel fails: deliberately coarse (section 6.9).</summary>
public enum SecureTunnelAlert : byte
{
    /// <summary>No alert; not a value of the protocol.</summary>
    None = 0,

    /// <summary>A message that this state does not allow, or a flood of messages that carry nothing.</summary>
    UnexpectedMessage = 1,

    /// <summary>A message whose bytes do not follow its diagram.</summary>
    Malformed = 2,

    /// <summary>A version, suite or mode that this side does not take.</summary>
    Unsupported = 3,

    /// <summary>The server holds no key with the key_id of the ClientHello.</summary>
    UnknownKey = 4,

    /// <summary>Any cryptographic failure up to and including ClientAuth.</summary>
    HandshakeFailed = 5,

    /// <summary>Any failure of the device's identity: unknown, revoked, wrong PSK and bad signature alike.</summary>
    AccessDenied = 6,

    /// <summary>A record that does not open.</summary>
    RecordFailed = 7,

    /// <summary>A frame or record longer than its limit.</summary>
    RecordOverflow = 8,

    /// <summary>The server has no capacity for another handshake now.</summary>
    Busy = 9,

    /// <summary>The handshake took longer than its deadline.</summary>
    Timeout = 10,

    /// <summary>A fault of this side that is none of the peer's doing.</summary>
    Internal = 11,
}

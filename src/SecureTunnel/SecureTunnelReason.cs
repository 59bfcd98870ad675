namespace Flint.SecureTunnel;

/// <summary>Why a tunnel ended, as this side knows it. For the log; the peer learns a <see cref="SecureTunnelAlert"/> only.</summary>
public enum SecureTunnelReason
{
    /// <summary>No failure.</summary>
    None = 0,

    /// <summary>The peer sent an alert; <see cref="SecureTunnelException.Alert"/> is its code.</summary>
    AlertFromPeer,

    /// <summary>The stream ended inside the handshake.</summary>
    EndOfStream,

    /// <summary>The stream ended without an authenticated Close (section 9).</summary>
    Truncated,

    /// <summary>A frame of length zero, or longer than the state allows (section 5).</summary>
    Framing,

    /// <summary>A message that does not follow its diagram (section 6).</summary>
    MalformedMessage,

    /// <summary>A message that the state does not allow (section 16).</summary>
    UnexpectedMessage,

    /// <summary>A protocol version, suite or mode that is not configured (section 3).</summary>
    UnsupportedSuite,

    /// <summary>No server key has the key_id that the device asked for: the device holds a pin of another server, or a retired one.</summary>
    UnknownKey,

    /// <summary>
    /// The server could not prove that it holds the pinned key: ServerAuth does not open or does not verify.
    /// The device holds a wrong pin, or someone stands in between.
    /// </summary>
    ServerNotAuthenticated,

    /// <summary>ClientAuth does not open: the device derived other keys, as after a ciphertext made for another key.</summary>
    ClientAuthNotOpened,

    /// <summary>The peer's P-256 share is no point of the curve, or gives no secret (section 8.2).</summary>
    InvalidShare,

    /// <summary>The device store does not know the device.</summary>
    UnknownDevice,

    /// <summary>The device store knows the device and does not allow it.</summary>
    DeviceNotAllowed,

    /// <summary>The device's proof does not verify: wrong PSK, bad signature, or a method other than the one enrolled.</summary>
    WrongCredential,

    /// <summary>A binder that does not match its ticket (section 8.3).</summary>
    WrongBinder,

    /// <summary>A record that does not open: altered, out of order, replayed or from another session (section 9).</summary>
    RecordNotOpened,

    /// <summary>A record beyond max_record or a key beyond its record limit (section 9).</summary>
    RecordLimit,

    /// <summary>Too many KeyUpdates or empty records (section 9).</summary>
    Flood,

    /// <summary>A deadline of the handshake passed (section 11).</summary>
    Timeout,

    /// <summary>The gate for private-key operations is full, or the source exhausted its share (section 11).</summary>
    Busy,

    /// <summary>This side's own fault: a key operation or a device store failed.</summary>
    Internal,
}

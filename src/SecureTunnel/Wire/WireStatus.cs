namespace Flint.SecureTunnel;

/// <summary>How the bytes of a message keep or break its diagram. One value a reason.</summary>
internal enum WireStatus
{
    /// <summary>The message is well formed.</summary>
    Ok = 0,

    /// <summary>A field ends beyond the message (section 6).</summary>
    Truncated,

    /// <summary>Bytes follow the last field (section 6).</summary>
    TrailingBytes,

    /// <summary>The type byte is that of another message (section 5).</summary>
    WrongType,

    /// <summary>A ClientHello without the magic bytes (section 6.1).</summary>
    WrongMagic,

    /// <summary>A version other than 1 (section 6.1).</summary>
    UnsupportedVersion,

    /// <summary>A suite that is reserved or unknown (section 3).</summary>
    UnsupportedSuite,

    /// <summary>A mode beyond 2 (section 6.1).</summary>
    UnsupportedMode,

    /// <summary>max_record outside 256..16385 (section 6.1).</summary>
    MaxRecord,

    /// <summary>A kem_len that the suite and mode do not allow (sections 6.1, 6.2).</summary>
    KemLength,

    /// <summary>A ticket_len outside 1..256, or one that contradicts the lifetime (sections 6.1, 6.7).</summary>
    TicketLength,

    /// <summary>A Retry with a reason other than 1 (section 6.3).</summary>
    RetryReason,

    /// <summary>Flags of ServerAuth other than 0 (section 6.5).</summary>
    Flags,

    /// <summary>A method of ClientAuth beyond 3 (section 6.6).</summary>
    Method,

    /// <summary>An id_len beyond 64, or not what the method asks for (section 6.6).</summary>
    IdLength,

    /// <summary>An auth_len that the method does not allow (section 6.6).</summary>
    AuthLength,

    /// <summary>A nonce_len other than 8 (section 6.7).</summary>
    NonceLength,
}

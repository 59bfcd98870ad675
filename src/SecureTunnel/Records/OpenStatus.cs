namespace Flint.SecureTunnel;

/// <summary>What became of a received record. All but Ok end the tunnel.</summary>
internal enum OpenStatus
{
    /// <summary>The record is authentic and well formed.</summary>
    Ok = 0,

    /// <summary>The tag does not match, or the record is too short to have one: record_failed (section 9).</summary>
    NotOpened,

    /// <summary>The inner plaintext is longer than this side's max_record: record_overflow (section 9).</summary>
    Overflow,

    /// <summary>The key has opened as many records as it may: record_overflow (section 9).</summary>
    KeyExhausted,

    /// <summary>pad_len beyond the record, a pad byte that is not zero, or padding on a message other than Data: malformed (section 5).</summary>
    Padding,
}

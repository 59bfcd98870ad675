namespace Flint.Coap;

/// <summary>Why a block-wise transfer failed on this side.</summary>
public enum CoapBlockFailure : byte
{
    /// <summary>It did not.</summary>
    None = 0,

    /// <summary>The peer's Block option is malformed, or names another block than the one that was sent or asked for, or a larger size (RFC 7959 sections 2.3 and 2.4).</summary>
    UnexpectedBlock,

    /// <summary>The payload has not the length that the Block option says (RFC 7959 section 2.2).</summary>
    PayloadLength,

    /// <summary>The body is larger than <see cref="CoapBlockSizes.MaxBody"/>, or than 2^20 blocks.</summary>
    TooLarge,

    /// <summary>The transfer had to begin anew more than <see cref="CoapBlockSizes.MaxRestarts"/> times.</summary>
    TooManyRestarts,
}

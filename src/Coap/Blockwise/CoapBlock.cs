using System;

namespace Flint.Coap;

/// <summary>The value of a Block1 or Block2 option: a part of a body.</summary>
/// <remarks>
/// RFC 7959 section 2.2; RFC 8323 section 6 for the size exponent 7 (BERT, on streams only): then the payload is a multiple of 1024 bytes, and NUM counts 1024 bytes.
/// <code>
///  0                   1                   2
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |                  NUM                  |M| SZX |     in the fewest bytes, 0 to 3
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// </code>
/// </remarks>
/// <param name="Number">NUM, 0 to 2^20 - 1.</param>
/// <param name="More">M: whether blocks follow; in a request with Block2 always false.</param>
/// <param name="SizeExponent">SZX: 0 to 6 for 16 to 1024 bytes, 7 for BERT.</param>
public readonly record struct CoapBlock(int Number, bool More, int SizeExponent)
{
    /// <summary>The bytes of a block; with BERT the unit of 1024 bytes.</summary>
    public int Size => 16 << Math.Min(SizeExponent, MaxDatagramExponent);

    /// <summary>Where the block begins in the body, in bytes.</summary>
    public long Offset => (long)Number * Size;

    /// <summary>Whether the payload may hold several blocks (RFC 8323 section 6).</summary>
    public bool IsBert => SizeExponent == BertExponent;

    /// <summary>The option's value, to be written as a uint.</summary>
    public uint Value => (uint)Number << 4 | (More ? 8u : 0) | (uint)SizeExponent;

    /// <summary>Looks for Block1 or Block2 in a message.</summary>
    /// <param name="options">The message's options.</param>
    /// <param name="number">Which of both.</param>
    /// <param name="bert">Whether the transport is a stream that allows BERT.</param>
    /// <param name="block">The value, where the result is <see cref="CoapBlockStatus.Present"/>.</param>
    public static CoapBlockStatus TryFind(CoapOptions options, CoapOptionNumber number, bool bert, out CoapBlock block)
    {
        block = default;
        if (!options.TryFind(number, out CoapOption option))
        {
            return CoapBlockStatus.Absent;
        }

        if (option.Value.Length > MaxLength || !option.TryGetUInt32(out uint value) || ((value & 7) == BertExponent && !bert))
        {
            return CoapBlockStatus.Malformed;
        }

        block = new CoapBlock((int)(value >> 4), (value & 8) != 0, (int)(value & 7));
        return CoapBlockStatus.Present;
    }

    /// <summary>Whether a payload has the length that this block asks for: full unless it is the last (RFC 7959 section 2.2, RFC 8323 section 6).</summary>
    internal bool SuitsPayload(int length) => IsBert
        ? !More || (length > 0 && length % Size == 0)
        : More ? length == Size : length <= Size;

    // Specification: RFC 7959 section 2.2, RFC 8323 section 6.
    internal const int MaxNumber = (1 << 20) - 1;
    internal const int MaxDatagramExponent = 6;
    internal const int BertExponent = 7;
    private const int MaxLength = 3;
}

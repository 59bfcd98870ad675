using System;
using System.Runtime.CompilerServices;

namespace Flint.Coap;

/// <summary>The option format, which datagrams and streams share: validates everything behind the token in one pass.</summary>
/// <remarks>
/// RFC 7252 section 3.1.
/// <code>
///   0   1   2   3   4   5   6   7
/// +---------------+---------------+
/// |  Option Delta | Option Length |   1 byte
/// +---------------+---------------+
/// :   Option Delta (extended)     :   0-2 bytes: 13 adds one byte + 13, 14 adds two bytes + 269, 15 is the payload marker
/// +-------------------------------+
/// :   Option Length (extended)    :   0-2 bytes, likewise; 15 is reserved
/// +-------------------------------+
/// :   Option Value                :
/// +-------------------------------+
/// </code>
/// </remarks>
internal static class CoapOptionFormat
{
    /// <summary>Checks options, payload marker and payload.</summary>
    /// <param name="message">A message, up to its end.</param>
    /// <param name="position">Where its token ends, at most the end of the message.</param>
    /// <param name="optionsEnd">Where the options end: at the marker of a payload, or at the end of the message.</param>
    public static CoapReadStatus Validate(ReadOnlySpan<byte> message, int position, out int optionsEnd)
    {
        // unchecked: 0 <= position <= message.Length and number <= 65535 at the head of each round, so no sum below can wrap.
        unchecked
        {
            optionsEnd = position;
            int number = 0;
            while ((uint)position < (uint)message.Length)
            {
                int head = message[position++];
                int delta = head >> 4;
                int length = head & 15;
                if (delta > MaxPlain || length > MaxPlain)
                {
                    if (head == PayloadMarker)
                    {
                        optionsEnd = position - 1;
                        return position == message.Length ? CoapReadStatus.PayloadMarkerWithoutPayload : CoapReadStatus.Ok;
                    }

                    if (delta == Reserved || length == Reserved)
                    {
                        return delta == Reserved ? CoapReadStatus.ReservedOptionDelta : CoapReadStatus.ReservedOptionLength;
                    }

                    if (Math.Max(0, delta - MaxPlain) + Math.Max(0, length - MaxPlain) > message.Length - position)
                    {
                        return CoapReadStatus.TruncatedOptionHeader;
                    }

                    delta = ReadExtension(message, delta, ref position);
                    length = ReadExtension(message, length, ref position);
                }

                number += delta;
                if (number > ushort.MaxValue)
                {
                    return CoapReadStatus.OptionNumberTooLarge;
                }

                if (length > message.Length - position)
                {
                    return CoapReadStatus.TruncatedOptionValue;
                }

                position += length;
            }

            optionsEnd = position;
            return CoapReadStatus.Ok;
        }
    }

    /// <summary>The delta or length that a nibble of 0 to 14 stands for, where its extension lies within <paramref name="bytes"/>.</summary>
    // Inlined, so that the callers' position stays in a register.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int ReadExtension(ReadOnlySpan<byte> bytes, int nibble, ref int position)
    {
        if (nibble <= MaxPlain)
        {
            return nibble;
        }

        int first = bytes[position++];
        return nibble == OneByte ? OneByteBase + first : TwoBytesBase + (first << 8 | bytes[position++]);
    }

    // Specification: RFC 7252 section 3 and section 3.1.
    public const byte PayloadMarker = 0xff;
    public const int MaxPlain = 12;
    public const int OneByte = 13;
    public const int TwoBytes = 14;
    public const int Reserved = 15;
    public const int OneByteBase = 13;
    public const int TwoBytesBase = 269;
    public const int MaxExtended = TwoBytesBase + ushort.MaxValue;
}

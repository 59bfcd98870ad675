using System;
using System.Runtime.CompilerServices;

namespace Flint.Coap;

/// <summary>The option format, which datagrams and streams share: validates everything behind the token in one pass, or in a second one where the first cannot tell.</summary>
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
        optionsEnd = FindEnd(message, position);
        return optionsEnd >= 0 ? CoapReadStatus.Ok : Judge(message, position, out optionsEnd);
    }

    /// <summary>
    /// Where the options of a well-formed message end, in fewer steps than <see cref="Judge"/> takes: a length that leads beyond the end ends the loop,
    /// and option numbers are bounded by the bytes they take, not added up.
    /// </summary>
    /// <param name="message">A message, up to its end.</param>
    /// <param name="start">Where its token ends, at most the end of the message.</param>
    /// <returns>-1 where the message is malformed, and where this cannot tell: an extension within the last bytes, or options that are long or have large numbers.</returns>
    public static int FindEnd(ReadOnlySpan<byte> message, int start)
    {
        // unchecked: 0 <= position <= message.Length at the head of each round. A position that wraps is negative, and with that neither in the message nor its end.
        unchecked
        {
            int position = start;
            int extended = 0;
            while ((uint)position < (uint)message.Length)
            {
                int head = message[position++];
                int length = head & 15;
                if (length > MaxPlain || head >= OneByte << 4)
                {
                    if (head == PayloadMarker)
                    {
                        return position < message.Length && AreNumbersSmall(extended, position - start) ? position - 1 : -1;
                    }

                    if (head >= Reserved << 4 || length == Reserved || message.Length - position < LongestExtension || extended > ushort.MaxValue)
                    {
                        return -1;
                    }

                    extended += ReadExtension(message, head >> 4, ref position);
                    length = ReadExtension(message, length, ref position);
                }

                position += length;
            }

            return position == message.Length && AreNumbersSmall(extended, position - start) ? position : -1;
        }
    }

    /// <summary>Whether no number can be above 65535: of the options in <paramref name="bytes"/>, those without an extension add at most 12 each, and the others <paramref name="extended"/> together.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool AreNumbersSmall(int extended, int bytes) => unchecked(extended + (long)MaxPlain * bytes) <= ushort.MaxValue;

    /// <summary>The same as <see cref="Validate"/>, step by step: the first fault in the order of the bytes.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static CoapReadStatus Judge(ReadOnlySpan<byte> message, int position, out int optionsEnd)
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
    private const int LongestExtension = 2 * sizeof(ushort);
}

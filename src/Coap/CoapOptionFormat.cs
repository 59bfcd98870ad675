using System;

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
    /// <param name="body">Everything behind the token.</param>
    /// <param name="optionsLength">The bytes of <paramref name="body"/> that are options. Where more follow, they are the marker and a payload.</param>
    public static CoapReadStatus Validate(ReadOnlySpan<byte> body, out int optionsLength)
    {
        optionsLength = 0;
        int position = 0;
        int number = 0;
        while ((uint)position < (uint)body.Length)
        {
            int head = body[position];
            int delta = head >> 4;
            int length = head & 15;
            if (delta <= MaxPlain && length <= MaxPlain)
            {
                // unchecked: position <= body.Length and number <= 65535, so neither sum can wrap.
                position = unchecked(position + 1 + length);
                number = unchecked(number + delta);
                if (number > ushort.MaxValue)
                {
                    return CoapReadStatus.OptionNumberTooLarge;
                }

                if (position > body.Length)
                {
                    return CoapReadStatus.TruncatedOptionValue;
                }
            }
            else if (head == PayloadMarker)
            {
                if (position == body.Length - 1)
                {
                    return CoapReadStatus.PayloadMarkerWithoutPayload;
                }

                optionsLength = position;
                return CoapReadStatus.Ok;
            }
            else
            {
                CoapReadStatus status = ValidateExtended(body, ref position, ref number);
                if (status != CoapReadStatus.Ok)
                {
                    return status;
                }
            }
        }

        optionsLength = position;
        return CoapReadStatus.Ok;
    }

    /// <summary>The option at the start of <paramref name="options"/>, which <see cref="Validate"/> has accepted.</summary>
    /// <returns>The bytes of its header.</returns>
    public static int ReadHeader(ReadOnlySpan<byte> options, out int delta, out int length)
    {
        int head = options[0];
        delta = head >> 4;
        length = head & 15;
        int position = 1;
        if (delta > MaxPlain)
        {
            ReadExtension(options, ref position, ref delta);
        }

        if (length > MaxPlain)
        {
            ReadExtension(options, ref position, ref length);
        }

        return position;
    }

    private static CoapReadStatus ValidateExtended(ReadOnlySpan<byte> body, ref int position, ref int number)
    {
        int head = body[position++];
        int delta = head >> 4;
        int length = head & 15;
        if (delta == Reserved)
        {
            return CoapReadStatus.ReservedOptionDelta;
        }

        if (length == Reserved)
        {
            return CoapReadStatus.ReservedOptionLength;
        }

        if (ExtensionLength(delta) + ExtensionLength(length) > body.Length - position)
        {
            return CoapReadStatus.TruncatedOptionHeader;
        }

        ReadExtension(body, ref position, ref delta);
        ReadExtension(body, ref position, ref length);
        number += delta;
        if (number > ushort.MaxValue)
        {
            return CoapReadStatus.OptionNumberTooLarge;
        }

        if (length > body.Length - position)
        {
            return CoapReadStatus.TruncatedOptionValue;
        }

        position += length;
        return CoapReadStatus.Ok;
    }

    private static int ExtensionLength(int nibble) => nibble <= MaxPlain ? 0 : nibble - MaxPlain;

    private static void ReadExtension(ReadOnlySpan<byte> bytes, ref int position, ref int value)
    {
        if (value == OneByte)
        {
            value = OneByteBase + bytes[position];
            position += 1;
        }
        else if (value == TwoBytes)
        {
            value = TwoBytesBase + (bytes[position] << 8 | bytes[position + 1]);
            position += 2;
        }
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

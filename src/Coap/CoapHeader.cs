using System;
using System.Buffers.Binary;

namespace Flint.Coap;

/// <summary>
/// The four bytes that every datagram begins with. Read alone, they are enough to reject a message whose rest is malformed:
/// a reset needs the message id (RFC 7252 section 4.2).
/// </summary>
/// <remarks>
/// RFC 7252 section 3.
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |Ver| T |  TKL  |      Code     |          Message ID           |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// </code>
/// </remarks>
/// <param name="Type">T.</param>
/// <param name="TokenLengthField">TKL as it stands there, 0 to 15.</param>
/// <param name="Code">Code.</param>
/// <param name="MessageId">Message ID.</param>
public readonly record struct CoapHeader(CoapType Type, byte TokenLengthField, CoapCode Code, ushort MessageId)
{
    /// <summary>Reads the header; looks at nothing behind it.</summary>
    /// <returns><see cref="CoapReadStatus.Ok"/>, <see cref="CoapReadStatus.TruncatedHeader"/> or <see cref="CoapReadStatus.UnknownVersion"/>.</returns>
    public static CoapReadStatus TryRead(ReadOnlySpan<byte> datagram, out CoapHeader header)
    {
        header = default;
        if (!BinaryPrimitives.TryReadUInt32BigEndian(datagram, out uint bits))
        {
            return CoapReadStatus.TruncatedHeader;
        }

        if (bits >> 30 != Version)
        {
            return CoapReadStatus.UnknownVersion;
        }

        header = new CoapHeader(TypeOf(bits), (byte)TokenLengthFieldOf(bits), CodeOf(bits), unchecked((ushort)bits));
        return CoapReadStatus.Ok;
    }

    internal static CoapType TypeOf(uint bits) => unchecked((CoapType)(bits >> 28 & 3));

    internal static int TokenLengthFieldOf(uint bits) => unchecked((int)(bits >> 24 & 15));

    internal static CoapCode CodeOf(uint bits) => unchecked((CoapCode)(byte)(bits >> 16));

    // Specification: RFC 7252 section 3.
    internal const int Length = 4;
    internal const int Version = 1;
    internal const int MaxTokenLength = 8;
}

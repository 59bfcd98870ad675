using System;
using System.Buffers.Binary;

namespace Flint.Coap;

/// <summary>The length part of a message on a stream: where its code, token and body lie.</summary>
/// <remarks>
/// RFC 8323 section 3.2, with the token length of RFC 8974 section 2.1.
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |  Len  |  TKL  | Extended Length (0, 1, 2 or 4 bytes) ...
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |     Code      | Extended TKL (0-2) | Token ...   | Body: Len bytes
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// </code>
/// </remarks>
/// <param name="CodeOffset">Where the code stands.</param>
/// <param name="TokenOffset">Where the token begins.</param>
/// <param name="TokenLength">The token's bytes.</param>
/// <param name="Length">The whole message's bytes.</param>
internal readonly record struct CoapTcpFrame(int CodeOffset, int TokenOffset, int TokenLength, int Length)
{
    /// <summary>
    /// Reads it from the first bytes of a stream: <see cref="MaxHeaderLength"/> always suffice. Each check needs only bytes that precede
    /// the next one's, so that a stream cut anywhere gives the same verdict.
    /// </summary>
    public static CoapReadStatus TryRead(ReadOnlySpan<byte> stream, CoapTcpLimits limits, out CoapTcpFrame frame)
    {
        frame = default;
        if (stream.IsEmpty)
        {
            return CoapReadStatus.NeedMoreData;
        }

        int tokenLength = stream[0] & 15;
        int codeOffset = 1 + LengthExtension(stream[0] >> 4);
        CoapReadStatus status;
        if (tokenLength > CoapHeader.MaxTokenLength)
        {
            // The field alone may already be too much.
            int field = tokenLength;
            status = CoapTokenLength.TryRead(default, limits.MaxTokenLength, ref field, out _);
            if (status is not CoapReadStatus.Ok and not CoapReadStatus.NeedMoreData)
            {
                return status;
            }
        }

        if (stream.Length < codeOffset)
        {
            return CoapReadStatus.NeedMoreData;
        }

        long bodyLength = (stream[0] >> 4) switch
        {
            CoapOptionFormat.OneByte => CoapOptionFormat.OneByteBase + stream[1],
            CoapOptionFormat.TwoBytes => CoapOptionFormat.TwoBytesBase + BinaryPrimitives.ReadUInt16BigEndian(stream[1..]),
            FourBytes => FourBytesBase + (long)BinaryPrimitives.ReadUInt32BigEndian(stream[1..]),
            int plain => plain,
        };
        int tokenOffset = codeOffset + 1;
        if (tokenOffset + Math.Min(tokenLength, CoapOptionFormat.OneByte) + bodyLength > limits.MaxMessageSize)
        {
            return CoapReadStatus.MessageTooLarge;
        }

        if (tokenLength > CoapHeader.MaxTokenLength)
        {
            ReadOnlySpan<byte> behindCode = stream.Length > tokenOffset ? stream[tokenOffset..] : default;
            status = CoapTokenLength.TryRead(behindCode, limits.MaxTokenLength, ref tokenLength, out int extension);
            if (status != CoapReadStatus.Ok)
            {
                return status;
            }

            tokenOffset += extension;
        }

        long length = tokenOffset + tokenLength + bodyLength;
        if (length > limits.MaxMessageSize)
        {
            return CoapReadStatus.MessageTooLarge;
        }

        frame = new CoapTcpFrame(codeOffset, tokenOffset, tokenLength, (int)length);
        return CoapReadStatus.Ok;
    }

    /// <summary>The extended length's bytes behind a Len field.</summary>
    private static int LengthExtension(int field) => field == FourBytes ? sizeof(uint) : CoapTokenLength.ExtensionLength(field);

    // Specification: RFC 8323 section 3.2.
    public const int FourBytes = 15;
    public const int FourBytesBase = 65805;
    public const int MaxHeaderLength = 1 + sizeof(uint) + 1 + sizeof(ushort);
}

using System;

namespace Flint.Device.Nano;

/// <summary>
/// What a datagram has beside the message itself (RFC 7252 section 3): type and message id. It reads and writes them in front of what a
/// <see cref="CoapReader"/> and a <see cref="CoapWriter"/> do; one object serves for ever and allocates nothing.
/// </summary>
/// <remarks>
/// <code>
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// |Ver| T |  TKL  |      Code     |          Message ID           |  token  options  0xFF  payload
/// </code>
/// </remarks>
public sealed class CoapDatagram
{
    /// <summary>The type of the datagram that was read.</summary>
    public CoapType Type;

    /// <summary>Its message id, 0 to 65535.</summary>
    public int MessageId;

    /// <summary>Reads the datagram of <paramref name="count"/> bytes at <paramref name="offset"/>.</summary>
    /// <param name="reader">Holds the message afterwards.</param>
    /// <param name="buffer">The bytes.</param>
    /// <param name="offset">Where they start.</param>
    /// <param name="count">How many there are.</param>
    /// <returns>Ok and the message's fields, or the reason and every field 0.</returns>
    /// <exception cref="ArgumentNullException">There is no reader.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie within the buffer.</exception>
    public CoapReadStatus Read(CoapReader reader, byte[] buffer, int offset, int count)
    {
        if (reader == null)
        {
            throw new ArgumentNullException(nameof(reader));
        }

        reader.Clear(buffer, offset, count);
        CoapReadStatus status = reader.Finish(ReadHeader(reader, buffer, offset, offset + count), count);
        if (status != CoapReadStatus.Ok)
        {
            Type = CoapType.Confirmable;
            MessageId = 0;
        }

        return status;
    }

    /// <summary>Begins a datagram in the <paramref name="count"/> bytes at <paramref name="offset"/>; options, payload and <see cref="CoapWriter.Complete"/> follow.</summary>
    /// <param name="writer">Writes it.</param>
    /// <param name="buffer">The buffer.</param>
    /// <param name="offset">Where the datagram goes.</param>
    /// <param name="count">How much room there is.</param>
    /// <param name="type">The type.</param>
    /// <param name="code">The code, see <see cref="CoapCode"/>.</param>
    /// <param name="messageId">The message id; its lower 16 bits count.</param>
    /// <param name="token">What holds the token; it may be another part of <paramref name="buffer"/>.</param>
    /// <param name="tokenOffset">Where the token starts.</param>
    /// <param name="tokenLength">The token's length, 0 to 8 bytes, or more where extended tokens were agreed.</param>
    /// <exception cref="ArgumentNullException">There is no writer.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A range does not lie within its buffer.</exception>
    public static void Begin(
        CoapWriter writer, byte[] buffer, int offset, int count, CoapType type, byte code, int messageId, byte[] token, int tokenOffset, int tokenLength)
    {
        if (writer == null)
        {
            throw new ArgumentNullException(nameof(writer));
        }

        writer.Begin(buffer, offset, count, code, token, tokenOffset, tokenLength);
        if (Check(type, code) != CoapReadStatus.Ok)
        {
            writer.Fail(CoapWriteStatus.InvalidHeader);
        }

        if (writer.Skip(HeaderLength))
        {
            buffer[offset] = (byte)((ProtocolVersion << 6) | ((int)type << 4) | CoapWriter.Nibble(tokenLength));
            buffer[offset + 1] = code;
            buffer[offset + 2] = (byte)(messageId >> 8);
            buffer[offset + 3] = (byte)messageId;
        }

        writer.WriteToken(token, tokenOffset, tokenLength);
    }

    private CoapReadStatus ReadHeader(CoapReader reader, byte[] buffer, int at, int end)
    {
        if (end - at < HeaderLength)
        {
            return CoapReadStatus.TruncatedHeader;
        }

        int first = buffer[at];
        if (first >> 6 != ProtocolVersion)
        {
            return CoapReadStatus.UnknownVersion;
        }

        Type = (CoapType)((first >> 4) & 3);
        MessageId = BigEndian.ReadUInt16(buffer, at + 2);
        reader.Code = buffer[at + 1];
        if (reader.Code == CoapCode.Empty && ((first & 0x0F) != 0 || end - at > HeaderLength))
        {
            return CoapReadStatus.EmptyWithContent;
        }

        CoapReadStatus status = Check(Type, reader.Code);
        if (status == CoapReadStatus.Ok)
        {
            status = reader.ReadToken(first & 0x0F, at + HeaderLength, end);
        }

        if (status == CoapReadStatus.NeedMoreData || (status == CoapReadStatus.Ok && reader.TokenLength > end - reader.TokenOffset))
        {
            return CoapReadStatus.TruncatedToken;
        }

        return status == CoapReadStatus.Ok ? reader.ReadBody(reader.TokenOffset + reader.TokenLength, end) : status;
    }

    /// <summary>Which types go with which codes (RFC 7252 sections 4.2, 4.3 and 12.1).</summary>
    private static CoapReadStatus Check(CoapType type, byte code)
    {
        if (code == CoapCode.Empty)
        {
            return type == CoapType.NonConfirmable ? CoapReadStatus.NonConfirmableEmpty : CoapReadStatus.Ok;
        }

        if (code >= FirstSignal || CoapCode.IsReserved(code))
        {
            return CoapReadStatus.ReservedCodeClass;
        }

        if (type == CoapType.Reset)
        {
            return CoapReadStatus.ResetNotEmpty;
        }

        return type == CoapType.Acknowledgement && CoapCode.IsRequest(code) ? CoapReadStatus.AcknowledgementWithRequest : CoapReadStatus.Ok;
    }

    // Specification
    private const int ProtocolVersion = 1;
    private const int FirstSignal = 0xE0;
    private const int HeaderLength = 4;
}

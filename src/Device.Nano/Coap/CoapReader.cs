using System;

namespace Flint.Device.Nano;

/// <summary>
/// Reads one CoAP message after the other in place, from the start of a stream (RFC 8323 section 3.2); datagrams are read by <see cref="CoapDatagram"/>.
/// One reader serves for ever; it holds offsets into the caller's buffer and allocates nothing.
/// </summary>
/// <remarks>
/// <code>
/// stream    |  Len  |  TKL  | Len extended, 0, 1, 2 or 4 bytes |    Code    |  token  options  0xFF  payload
/// option    | delta |length | delta extended 0-2 | length extended 0-2 |  value
/// </code>
/// The message is checked whole before the first option is given. What a reader tells is valid until the buffer changes.
/// </remarks>
public sealed class CoapReader
{
    private byte[] _buffer = new byte[0];
    private int _end;
    private int _at;

    /// <summary>The longest token that is accepted, in bytes: 8, or up to 65804 where extended tokens were agreed (RFC 8974).</summary>
    public int MaxTokenLength = BaseTokenLength;

    /// <summary>The code, see <see cref="CoapCode"/>.</summary>
    public byte Code;

    /// <summary>Where the token starts in the buffer.</summary>
    public int TokenOffset;

    /// <summary>The token's length in bytes.</summary>
    public int TokenLength;

    /// <summary>Where the payload starts in the buffer.</summary>
    public int PayloadOffset;

    /// <summary>The payload's length in bytes, 0 where there is none.</summary>
    public int PayloadLength;

    /// <summary>How many bytes the message took; 0 where it could not be read.</summary>
    public int Consumed;

    /// <summary>The number of the option that <see cref="NextOption"/> found.</summary>
    public int OptionNumber;

    /// <summary>Where the option's value starts in the buffer.</summary>
    public int OptionOffset;

    /// <summary>The length of the option's value in bytes.</summary>
    public int OptionLength;

    /// <summary>
    /// Reads the first message of the <paramref name="count"/> bytes that a stream has given so far (RFC 8323 section 3.2).
    /// A message longer than the limit is refused from its header alone, before anything waits for the rest of it.
    /// </summary>
    /// <param name="buffer">The bytes.</param>
    /// <param name="offset">Where they start.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="maxMessageSize">The longest message that is accepted, header included, in bytes.</param>
    /// <returns>Ok, the fields and <see cref="Consumed"/>; NeedMoreData; or the reason, which ends the stream.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie within the buffer.</exception>
    public CoapReadStatus ReadStream(byte[] buffer, int offset, int count, int maxMessageSize)
    {
        Clear(buffer, offset, count);
        CoapReadStatus status = ReadHeader(offset, offset + count, maxMessageSize, out int total);
        return Finish(status, total);
    }

    /// <summary>Goes to the next option. Options come in the order of their numbers.</summary>
    /// <returns>False behind the last one.</returns>
    public bool NextOption()
    {
        if (_at >= _end)
        {
            return false;
        }

        // It was checked when the message was read.
        ReadOption(_end);
        return true;
    }

    /// <summary>The option's value as an unsigned number (RFC 7252 section 3.2); leading zeros are accepted.</summary>
    /// <returns>False where the value is longer than four bytes.</returns>
    public bool TryGetOptionUInt(out uint value)
    {
        value = 0;
        if (OptionLength > 4)
        {
            return false;
        }

        for (int i = 0; i < OptionLength; i++)
        {
            value = (value << 8) | _buffer[OptionOffset + i];
        }

        return true;
    }

    private CoapReadStatus ReadHeader(int at, int end, int maxMessageSize, out int total)
    {
        total = 0;
        int start = at;
        if (at == end)
        {
            return CoapReadStatus.NeedMoreData;
        }

        int first = _buffer[at++];
        int tokenNibble = first & 0x0F;
        CoapReadStatus status = CheckToken(tokenNibble);
        if (status != CoapReadStatus.Ok)
        {
            return status;
        }

        int lengthNibble = first >> 4;
        int extension = lengthNibble == FourByteExtension ? 4 : ExtensionLength(lengthNibble);
        if (extension > end - at)
        {
            return CoapReadStatus.NeedMoreData;
        }

        // 64 bits: the largest length is 2^32 + 65804, and must not wrap into an acceptable one.
        long body = extension == 4
            ? (long)BigEndian.ReadUInt32(_buffer, at) + FourByteBase
            : ReadExtension(lengthNibble, at);

        // The length alone may already be too much, before the code and the token are there.
        at += extension;
        int leastToken = tokenNibble < OneByteExtension ? tokenNibble : OneByteExtension;
        if (at + 1 - start + leastToken + body > maxMessageSize)
        {
            return CoapReadStatus.MessageTooLarge;
        }

        int codeAt = at;
        status = at < end ? ReadToken(tokenNibble, at + 1, end) : CoapReadStatus.NeedMoreData;
        if (status != CoapReadStatus.Ok)
        {
            return status;
        }

        long whole = TokenOffset - start + TokenLength + body;
        if (whole > maxMessageSize)
        {
            return CoapReadStatus.MessageTooLarge;
        }

        if (whole > end - start)
        {
            return CoapReadStatus.NeedMoreData;
        }

        Code = _buffer[codeAt];
        if (Code == CoapCode.Empty && whole != EmptyStreamLength)
        {
            return CoapReadStatus.EmptyWithContent;
        }

        if (CoapCode.IsReserved(Code))
        {
            return CoapReadStatus.ReservedCodeClass;
        }

        total = (int)whole;
        return ReadBody(TokenOffset + TokenLength, start + total);
    }

    private CoapReadStatus CheckToken(int nibble)
    {
        if (nibble == 15 || (nibble > BaseTokenLength && MaxTokenLength <= BaseTokenLength))
        {
            return CoapReadStatus.ReservedTokenLength;
        }

        return nibble < OneByteExtension && nibble > MaxTokenLength ? CoapReadStatus.TokenTooLong : CoapReadStatus.Ok;
    }

    /// <summary>Reads the token's extended length (RFC 8974 section 2.1); whether its bytes are there is for the caller to check.</summary>
    /// <returns>NeedMoreData where the bytes end before the length does.</returns>
    internal CoapReadStatus ReadToken(int nibble, int at, int end)
    {
        CoapReadStatus status = CheckToken(nibble);
        if (status != CoapReadStatus.Ok)
        {
            return status;
        }

        int extension = ExtensionLength(nibble);
        if (extension > end - at)
        {
            return CoapReadStatus.NeedMoreData;
        }

        int length = ReadExtension(nibble, at);
        if (length > MaxTokenLength)
        {
            return CoapReadStatus.TokenTooLong;
        }

        TokenOffset = at + extension;
        TokenLength = length;
        return CoapReadStatus.Ok;
    }

    /// <summary>Checks every option and finds the payload (RFC 7252 sections 3 and 3.1).</summary>
    internal CoapReadStatus ReadBody(int at, int end)
    {
        _at = at;
        while (_at < end && _buffer[_at] != PayloadMarker)
        {
            CoapReadStatus status = ReadOption(end);
            if (status != CoapReadStatus.Ok)
            {
                return status;
            }
        }

        _end = _at;
        bool hasMarker = _at < end;
        PayloadOffset = hasMarker ? _at + 1 : end;
        PayloadLength = end - PayloadOffset;
        Rewind(at);
        return hasMarker && PayloadLength == 0 ? CoapReadStatus.PayloadMarkerWithoutPayload : CoapReadStatus.Ok;
    }

    /// <summary>Reads the option that comes next: its number, and where its value lies.</summary>
    private CoapReadStatus ReadOption(int end)
    {
        int head = _buffer[_at++];
        int delta = head >> 4;
        int length = head & 0x0F;
        if (delta == ReservedNibble)
        {
            return CoapReadStatus.ReservedOptionDelta;
        }

        if (length == ReservedNibble)
        {
            return CoapReadStatus.ReservedOptionLength;
        }

        int valueAt = _at + ExtensionLength(delta) + ExtensionLength(length);
        if (valueAt > end)
        {
            return CoapReadStatus.TruncatedOptionHeader;
        }

        OptionNumber += ReadExtension(delta, _at);
        if (OptionNumber > MaxOptionNumber)
        {
            return CoapReadStatus.OptionNumberTooLarge;
        }

        OptionOffset = valueAt;
        OptionLength = ReadExtension(length, _at + ExtensionLength(delta));
        if (OptionLength > end - valueAt)
        {
            return CoapReadStatus.TruncatedOptionValue;
        }

        _at = valueAt + OptionLength;
        return CoapReadStatus.Ok;
    }

    /// <summary>How many bytes of extension a nibble announces, where 15 has no meaning of its own.</summary>
    internal static int ExtensionLength(int nibble) => nibble < OneByteExtension ? 0 : nibble - OneByteExtension + 1;

    /// <summary>What a nibble stands for: itself, or with 13 what one byte says, with 14 what two do.</summary>
    private int ReadExtension(int nibble, int at) =>
        nibble < OneByteExtension ? nibble : nibble == OneByteExtension ? _buffer[at] + OneByteExtension : BigEndian.ReadUInt16(_buffer, at) + TwoByteBase;

    internal CoapReadStatus Finish(CoapReadStatus status, int consumed)
    {
        if (status == CoapReadStatus.Ok)
        {
            Consumed = consumed;
        }
        else
        {
            Clear(_buffer, 0, 0);
        }

        return status;
    }

    /// <summary>Every field is 0 again, for what the range holds.</summary>
    internal void Clear(byte[] buffer, int offset, int count)
    {
        ByteRange.Check(buffer, offset, count);
        _buffer = buffer;
        _end = 0;
        Code = CoapCode.Empty;
        TokenOffset = 0;
        TokenLength = 0;
        PayloadOffset = 0;
        PayloadLength = 0;
        Consumed = 0;
        Rewind(0);
    }

    private void Rewind(int at)
    {
        _at = at;
        OptionNumber = 0;
        OptionOffset = 0;
        OptionLength = 0;
    }

    // Specification
    internal const int BaseTokenLength = 8;
    internal const int PayloadMarker = 0xFF;
    internal const int OneByteExtension = 13;
    internal const int FourByteExtension = 15;
    internal const int TwoByteBase = 269;
    internal const int FourByteBase = 65805;
    internal const int MaxOptionNumber = 65535;
    private const int ReservedNibble = 15;
    private const int EmptyStreamLength = 2;
}

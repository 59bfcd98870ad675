using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Flint.Coap;

/// <summary>
/// Writes one message into a buffer, for datagrams or for streams: a header, then options in the order of their numbers, then the payload.
/// It allocates nothing. A buffer that is too small is remembered and reported once, by <see cref="TryComplete"/>.
/// </summary>
/// <remarks>
/// Lengths are written in their only form (RFC 7252 section 3.1), so that reading a message and writing it again gives the same bytes.
/// </remarks>
public ref struct CoapMessageWriter
{
    private readonly Span<byte> _buffer;
    private int _position;
    private int _number;
    private int _bodyOffset;
    private int _codeOffset;
    private Stage _stage;
    private bool _overflow;

    /// <summary>Begins at the start of <paramref name="buffer"/>.</summary>
    public CoapMessageWriter(Span<byte> buffer) => _buffer = buffer;

    /// <summary>Writes options only, the first of them behind one numbered <paramref name="previous"/>.</summary>
    internal CoapMessageWriter(Span<byte> buffer, CoapOptionNumber previous)
    {
        _buffer = buffer;
        _number = (int)previous;
        _stage = Stage.Header;
    }

    /// <summary>Writes the header of a datagram (RFC 7252 section 3).</summary>
    /// <param name="type">T.</param>
    /// <param name="code">The code; the writer does not judge whether it suits the type.</param>
    /// <param name="messageId">The message id.</param>
    /// <param name="token">The token: 0 to 8 bytes, or up to 65804 where the peer takes extended tokens (RFC 8974).</param>
    /// <exception cref="InvalidOperationException">A header was written already.</exception>
    public void WriteHeader(CoapType type, CoapCode code, ushort messageId, ReadOnlySpan<byte> token)
    {
        Enter(Stage.Header);
        if (_buffer.Length < CoapHeader.Length)
        {
            _overflow = true;
            return;
        }

        int field = LengthField(token.Length);
        BinaryPrimitives.WriteUInt32BigEndian(
            _buffer, unchecked((uint)(CoapHeader.Version << 30 | ((int)type & 3) << 28 | field << 24 | (int)code << 16 | messageId)));
        _position = CoapHeader.Length;
        WriteToken(token, field);
    }

    /// <summary>Writes the header of a message on a stream (RFC 8323 section 3.2); its length is filled in by <see cref="TryComplete"/>.</summary>
    /// <param name="code">The code.</param>
    /// <param name="token">The token: 0 to 8 bytes, or up to 65804 where the peer takes extended tokens (RFC 8974).</param>
    /// <exception cref="InvalidOperationException">A header was written already.</exception>
    public void WriteTcpHeader(CoapCode code, ReadOnlySpan<byte> token)
    {
        Enter(Stage.Header);
        _codeOffset = TcpCodeOffset;
        if (_buffer.Length <= TcpCodeOffset)
        {
            _overflow = true;
            return;
        }

        int field = LengthField(token.Length);
        _buffer[0] = unchecked((byte)field);
        _buffer[TcpCodeOffset] = (byte)code;
        _position = TcpCodeOffset + 1;
        WriteToken(token, field);
    }

    /// <summary>Writes an option with an opaque or an empty value.</summary>
    /// <exception cref="InvalidOperationException">The header is missing, the payload was written, or a higher option number was.</exception>
    public void WriteOption(CoapOptionNumber number, ReadOnlySpan<byte> value)
    {
        Span<byte> destination = BeginOption(number, value.Length);
        if (!_overflow)
        {
            value.CopyTo(destination);
        }
    }

    /// <summary>Writes an option without a value, such as If-None-Match.</summary>
    /// <exception cref="InvalidOperationException">The header is missing, the payload was written, or a higher option number was.</exception>
    public void WriteOption(CoapOptionNumber number) => BeginOption(number, 0);

    /// <summary>Writes an option that is a uint, in the fewest bytes: none for zero (RFC 7252 section 3.2).</summary>
    /// <exception cref="InvalidOperationException">The header is missing, the payload was written, or a higher option number was.</exception>
    public void WriteOption(CoapOptionNumber number, uint value)
    {
        int length = value switch { 0 => 0, <= 0xff => 1, <= 0xffff => 2, <= 0xffffff => 3, _ => 4 };
        Span<byte> destination = BeginOption(number, length);
        if (_overflow)
        {
            return;
        }

        for (int i = length - 1; i >= 0; i--)
        {
            destination[i] = unchecked((byte)value);
            value >>= 8;
        }
    }

    /// <summary>Writes Content-Format or Accept.</summary>
    /// <exception cref="InvalidOperationException">The header is missing, the payload was written, or a higher option number was.</exception>
    public void WriteOption(CoapOptionNumber number, CoapContentFormat format) => WriteOption(number, (uint)format);

    /// <summary>Writes an option that is a string, as UTF-8.</summary>
    /// <exception cref="InvalidOperationException">The header is missing, the payload was written, or a higher option number was.</exception>
    public void WriteOption(CoapOptionNumber number, ReadOnlySpan<char> value)
    {
        Span<byte> destination = BeginOption(number, Encoding.UTF8.GetByteCount(value));
        if (!_overflow)
        {
            Encoding.UTF8.GetBytes(value, destination);
        }
    }

    /// <summary>Writes all options of another message as they are; the payload follows.</summary>
    /// <exception cref="InvalidOperationException">The header is missing, or an option or the payload was written.</exception>
    public void WriteOptions(CoapOptions options)
    {
        if (_stage != Stage.Header)
        {
            ThrowOutOfOrder(Stage.Options);
        }

        _number = int.MaxValue;
        if (_overflow || options.Encoded.Length > _buffer.Length - _position)
        {
            _overflow = true;
            return;
        }

        options.Encoded.CopyTo(_buffer[_position..]);
        _position += options.Encoded.Length;
    }

    /// <summary>Writes the payload marker and the payload; nothing at all for an empty payload (RFC 7252 section 3).</summary>
    /// <exception cref="InvalidOperationException">The header is missing, or a payload was written.</exception>
    public void WritePayload(ReadOnlySpan<byte> payload)
    {
        Enter(Stage.Payload);
        if (_overflow || payload.IsEmpty)
        {
            return;
        }

        if (payload.Length >= _buffer.Length - _position)
        {
            _overflow = true;
            return;
        }

        _buffer[_position] = CoapOptionFormat.PayloadMarker;
        payload.CopyTo(_buffer[(_position + 1)..]);
        _position += 1 + payload.Length;
    }

    /// <summary>Ends the message.</summary>
    /// <param name="length">The message's bytes, from the start of the buffer; 0 on failure.</param>
    /// <returns>False where the buffer was too small.</returns>
    /// <exception cref="InvalidOperationException">No header was written, or the message was ended already.</exception>
    public bool TryComplete(out int length)
    {
        Enter(Stage.Complete);
        length = 0;
        if (_overflow || (_codeOffset != 0 && !TryFrame()))
        {
            return false;
        }

        length = _position;
        return true;
    }

    /// <summary>Fills in the length. Room for two bytes was left, which suits bodies of 269 to 65804 bytes; others move by one or two.</summary>
    private bool TryFrame()
    {
        int bodyLength = _position - _bodyOffset;
        int field = bodyLength >= CoapTcpFrame.FourBytesBase ? CoapTcpFrame.FourBytes : LengthField(bodyLength);
        int extension = field == CoapTcpFrame.FourBytes ? sizeof(uint) : CoapTokenLength.ExtensionLength(field);
        int move = 1 + extension - _codeOffset;
        if (move != 0)
        {
            if (move > _buffer.Length - _position)
            {
                return false;
            }

            _buffer[_codeOffset.._position].CopyTo(_buffer[(_codeOffset + move)..]);
            _position += move;
        }

        _buffer[0] = unchecked((byte)(field << 4 | _buffer[0]));
        if (field == CoapTcpFrame.FourBytes)
        {
            BinaryPrimitives.WriteUInt32BigEndian(_buffer[1..], (uint)(bodyLength - CoapTcpFrame.FourBytesBase));
        }
        else
        {
            WriteExtension(1, field, bodyLength);
        }

        return true;
    }

    private void WriteToken(ReadOnlySpan<byte> token, int field)
    {
        int extension = CoapTokenLength.ExtensionLength(field);
        if (token.Length > _buffer.Length - _position - extension)
        {
            _overflow = true;
            return;
        }

        if (extension != 0)
        {
            WriteExtension(_position, field, token.Length);
            _position += extension;
        }

        token.CopyTo(_buffer[_position..]);
        _position += token.Length;
        _bodyOffset = _position;
    }

    private Span<byte> BeginOption(CoapOptionNumber number, int length)
    {
        Enter(Stage.Options);
        int delta = unchecked((int)number - _number);
        if (delta < 0)
        {
            throw new InvalidOperationException($"Option {(int)number} after option {_number}: options are written in the order of their numbers.");
        }

        _number = (int)number;
        int deltaField = LengthField(delta);
        int lengthField = LengthField(length);
        int start = _position;
        if (_overflow || length >= _buffer.Length - start - MaxOptionExtensions)
        {
            return BeginOptionNearTheEnd(deltaField, delta, lengthField, length);
        }

        // unchecked: the check above has shown that start + 1 + 4 + length lies within the buffer.
        unchecked
        {
            _buffer[start] = (byte)(deltaField << 4 | lengthField);
            start++;
            if (deltaField > CoapOptionFormat.MaxPlain)
            {
                start += WriteExtension(start, deltaField, delta);
            }

            if (lengthField > CoapOptionFormat.MaxPlain)
            {
                start += WriteExtension(start, lengthField, length);
            }

            _position = start + length;
        }

        return _buffer.Slice(start, length);
    }

    private Span<byte> BeginOptionNearTheEnd(int deltaField, int delta, int lengthField, int length)
    {
        int header = 1 + CoapTokenLength.ExtensionLength(deltaField) + CoapTokenLength.ExtensionLength(lengthField);
        if (_overflow || length > _buffer.Length - _position - header)
        {
            _overflow = true;
            return default;
        }

        int start = _position;
        _buffer[start++] = (byte)(deltaField << 4 | lengthField);
        start += WriteExtension(start, deltaField, delta);
        start += WriteExtension(start, lengthField, length);
        _position = start + length;
        return _buffer.Slice(start, length);
    }

    private readonly int WriteExtension(int position, int field, int value)
    {
        switch (field)
        {
            case CoapOptionFormat.OneByte:
                _buffer[position] = unchecked((byte)(value - CoapOptionFormat.OneByteBase));
                return 1;
            case CoapOptionFormat.TwoBytes:
                BinaryPrimitives.WriteUInt16BigEndian(_buffer[position..], unchecked((ushort)(value - CoapOptionFormat.TwoBytesBase)));
                return 2;
            default:
                return 0;
        }
    }

    /// <summary>The four bits for a delta or a length.</summary>
    private static int LengthField(int value)
    {
        if (value < CoapOptionFormat.OneByteBase)
        {
            return value;
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, CoapOptionFormat.MaxExtended);
        return value < CoapOptionFormat.TwoBytesBase ? CoapOptionFormat.OneByte : CoapOptionFormat.TwoBytes;
    }

    private void Enter(Stage stage)
    {
        // One header, any number of options, at most one payload, one end.
        if (stage > _stage ? _stage == Stage.Start && stage != Stage.Header : stage != Stage.Options || _stage != Stage.Options)
        {
            ThrowOutOfOrder(stage);
        }

        _stage = stage;
    }

    [DoesNotReturn]
    private readonly void ThrowOutOfOrder(Stage stage) => throw new InvalidOperationException($"{stage} cannot follow {_stage}.");

    private const int MaxOptionExtensions = 4;
    private const int TcpCodeOffset = 1 + sizeof(ushort);

    private enum Stage
    {
        Start,
        Header,
        Options,
        Payload,
        Complete,
    }
}

using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Flint.Coap;

/// <summary>
/// Writes one message into a buffer, for datagrams or for streams: a header, then options in the order of their numbers, then the payload.
/// It allocates nothing. A buffer that is too small is remembered and reported once, by <see cref="TryComplete"/>.
/// </summary>
/// <remarks>
/// Lengths are written in their only form (RFC 7252 section 3.1), so that reading a message and writing it again gives the same bytes.
/// Short values leave in stores of eight bytes: what stands in the buffer behind the message may be overwritten, as it is by a longer message.
/// </remarks>
public ref struct CoapMessageWriter
{
    private readonly Span<byte> _buffer;
    private readonly IBufferWriter<byte>? _output;
    private int _position;
    private int _number;
    private int _bodyOffset;
    private int _codeOffset;
    private Stage _stage;
    private bool _overflow;

    /// <summary>Begins at the start of <paramref name="buffer"/>.</summary>
    public CoapMessageWriter(Span<byte> buffer)
    {
        _buffer = buffer;
        _number = Closed;
    }

    /// <summary>Writes in place into the next span of <paramref name="output"/>, which <see cref="TryComplete"/> advances by the message's length, or not at all.</summary>
    /// <param name="output">Such as a pipe or an <see cref="ArrayBufferWriter{T}"/>. Nobody else may use it until the message is complete.</param>
    /// <param name="maxLength">How long the message may become: what the output must have room for, and where the writer says that it does not fit.</param>
    public CoapMessageWriter(IBufferWriter<byte> output, int maxLength)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxLength);
        _output = output;
        _buffer = output.GetSpan(maxLength)[..maxLength];
        _number = Closed;
    }

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
    public void WriteHeader(CoapType type, CoapCode code, ushort messageId, scoped ReadOnlySpan<byte> token)
    {
        Span<byte> room = _buffer;
        uint start = unchecked((uint)(CoapHeader.Version << 30 | ((int)type & 3) << 28 | (int)code << 16 | messageId));
        if (_stage == Stage.Start && token.Length <= CoapHeader.MaxTokenLength && room.Length >= CoapHeader.Length + sizeof(ulong))
        {
            // The usual token, and more than room for it.
            BinaryPrimitives.WriteUInt32BigEndian(room, unchecked(start | (uint)(token.Length << 24)));
            ulong bytes = token.Length == sizeof(ulong) ? BinaryPrimitives.ReadUInt64LittleEndian(token) : ReadShort(token);
            BinaryPrimitives.WriteUInt64LittleEndian(room[CoapHeader.Length..], bytes);
            _bodyOffset = _position = unchecked(CoapHeader.Length + token.Length);
            _stage = Stage.Header;
            _number = 0;
            return;
        }

        WriteAnyHeader(start, token);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WriteAnyHeader(uint start, scoped ReadOnlySpan<byte> token)
    {
        Enter(Stage.Header);
        int field = LengthField(token.Length);
        if (!BinaryPrimitives.TryWriteUInt32BigEndian(_buffer, start | (uint)field << 24))
        {
            Overflow();
            return;
        }

        _position = CoapHeader.Length;
        WriteToken(token, field);
    }

    /// <summary>Writes the header of a message on a stream (RFC 8323 section 3.2); its length is filled in by <see cref="TryComplete"/>.</summary>
    /// <param name="code">The code.</param>
    /// <param name="token">The token: 0 to 8 bytes, or up to 65804 where the peer takes extended tokens (RFC 8974).</param>
    /// <exception cref="InvalidOperationException">A header was written already.</exception>
    public void WriteTcpHeader(CoapCode code, scoped ReadOnlySpan<byte> token)
    {
        Enter(Stage.Header);
        _codeOffset = TcpCodeOffset;
        if (_buffer.Length <= TcpCodeOffset)
        {
            Overflow();
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
    public void WriteOption(CoapOptionNumber number, scoped ReadOnlySpan<byte> value)
    {
        int delta = unchecked((int)number - _number);
        int position = _position;
        if (unchecked((uint)delta <= CoapOptionFormat.MaxPlain && (uint)value.Length <= CoapOptionFormat.MaxPlain && _buffer.Length - position >= UsualRoom))
        {
            // The usual option: one byte of header, and more than room for the rest.
            Span<byte> room = UsualRoomAt(position);
            unchecked
            {
                uint head = (uint)(delta << 4 | value.Length);
                if (value.Length < sizeof(ulong))
                {
                    BinaryPrimitives.WriteUInt64LittleEndian(room, ReadShort(value) << 8 | head);
                }
                else
                {
                    ulong first = BinaryPrimitives.ReadUInt64LittleEndian(value);
                    ulong last = BinaryPrimitives.ReadUInt64LittleEndian(value[(value.Length - sizeof(ulong))..]);
                    room[0] = (byte)head;
                    BinaryPrimitives.WriteUInt64LittleEndian(room[1..], first);
                    BinaryPrimitives.WriteUInt64LittleEndian(room[(1 + sizeof(ulong))..], last >> 8 * (15 - value.Length) >> 8);
                }

                _position = position + 1 + value.Length;
                _number = (int)number;
            }

            return;
        }

        WriteAnyOption(number, value);
    }

    // Apart, so that the usual option needs no register that has to be saved.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WriteAnyOption(CoapOptionNumber number, scoped ReadOnlySpan<byte> value)
    {
        Span<byte> destination = BeginOption(number, value.Length);
        if (!_overflow)
        {
            value.CopyTo(destination);
        }
    }

    /// <summary>Writes an option without a value, such as If-None-Match.</summary>
    /// <exception cref="InvalidOperationException">The header is missing, the payload was written, or a higher option number was.</exception>
    public void WriteOption(CoapOptionNumber number) => WriteOption(number, ReadOnlySpan<byte>.Empty);

    /// <summary>Writes an option that is a uint, in the fewest bytes: none for zero (RFC 7252 section 3.2).</summary>
    /// <exception cref="InvalidOperationException">The header is missing, the payload was written, or a higher option number was.</exception>
    public void WriteOption(CoapOptionNumber number, uint value)
    {
        int delta = unchecked((int)number - _number);
        int position = _position;
        if (unchecked((uint)delta <= CoapOptionFormat.MaxPlain && _buffer.Length - position >= UsualRoom))
        {
            Span<byte> room = UsualRoomAt(position);
            unchecked
            {
                int zeros = BitOperations.LeadingZeroCount(value) >> 3;
                int length = sizeof(uint) - zeros;
                ulong bytes = (ulong)BinaryPrimitives.ReverseEndianness(value) >> 8 * zeros;
                BinaryPrimitives.WriteUInt64LittleEndian(room, bytes << 8 | (uint)(delta << 4 | length));
                _position = position + 1 + length;
                _number = (int)number;
            }

            return;
        }

        WriteAnyOption(number, value);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WriteAnyOption(CoapOptionNumber number, uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        WriteAnyOption(number, bytes[(BitOperations.LeadingZeroCount(value) / 8)..]);
    }

    /// <summary>Writes Content-Format or Accept.</summary>
    /// <exception cref="InvalidOperationException">The header is missing, the payload was written, or a higher option number was.</exception>
    public void WriteOption(CoapOptionNumber number, CoapContentFormat format) => WriteOption(number, (uint)format);

    /// <summary>Writes an option that is a string, as UTF-8.</summary>
    /// <exception cref="InvalidOperationException">The header is missing, the payload was written, or a higher option number was.</exception>
    public void WriteOption(CoapOptionNumber number, scoped ReadOnlySpan<char> value)
    {
        Span<byte> destination = BeginOption(number, Encoding.UTF8.GetByteCount(value));
        if (!_overflow)
        {
            Encoding.UTF8.GetBytes(value, destination);
        }
    }

    /// <summary>Writes all options of another message as they are; the payload follows.</summary>
    /// <exception cref="InvalidOperationException">The header is missing, or an option or the payload was written.</exception>
    public void WriteOptions(scoped CoapOptions options)
    {
        Enter(Stage.Options);
        if (!_overflow && _position != _bodyOffset)
        {
            throw new InvalidOperationException("Options were written already.");
        }

        if (options.Encoded.Length > _buffer.Length - _position)
        {
            Overflow();
            return;
        }

        options.Encoded.CopyTo(_buffer[_position..]);
        _position += options.Encoded.Length;
    }

    /// <summary>Writes the payload marker and the payload; nothing at all for an empty payload (RFC 7252 section 3).</summary>
    /// <exception cref="InvalidOperationException">The header is missing, or a payload was written.</exception>
    public void WritePayload(scoped ReadOnlySpan<byte> payload)
    {
        Enter(Stage.Payload);
        if (payload.IsEmpty)
        {
            return;
        }

        Span<byte> room = _buffer[_position..];
        if (payload.Length >= room.Length)
        {
            Overflow();
            return;
        }

        room[0] = CoapOptionFormat.PayloadMarker;
        _position = unchecked(_position + 1 + payload.Length);
        payload.CopyTo(room[1..]);
    }

    /// <summary>Ends the message.</summary>
    /// <param name="length">The message's bytes, from the start of the buffer; 0 on failure.</param>
    /// <returns>False where the buffer was too small.</returns>
    /// <exception cref="InvalidOperationException">No header was written, or the message was ended already.</exception>
    public bool TryComplete(out int length)
    {
        Enter(Stage.Complete);
        if (_overflow || _codeOffset != 0 || _output is not null)
        {
            return TryCompleteUnusual(out length);
        }

        length = _position;
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryCompleteUnusual(out int length)
    {
        length = 0;
        if (_overflow || (_codeOffset != 0 && !TryFrame()))
        {
            return false;
        }

        length = _position;
        _output?.Advance(length);
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

    private void WriteToken(scoped ReadOnlySpan<byte> token, int field)
    {
        int extension = CoapTokenLength.ExtensionLength(field);
        if (token.Length > _buffer.Length - _position - extension)
        {
            Overflow();
            return;
        }

        _position += WriteExtension(_position, field, token.Length);
        token.CopyTo(_buffer[_position..]);
        _bodyOffset = _position += token.Length;
    }

    /// <summary>Up to seven bytes as a number whose lowest byte is the first of them; zeros follow.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong ReadShort(scoped ReadOnlySpan<byte> value)
    {
        unchecked
        {
            if (value.Length >= sizeof(uint))
            {
                // The two halves may overlap: where they do, they hold the same bits.
                ulong last = BinaryPrimitives.ReadUInt32LittleEndian(value[(value.Length - sizeof(uint))..]);
                return BinaryPrimitives.ReadUInt32LittleEndian(value) | last << 8 * (value.Length - sizeof(uint));
            }

            if (value.Length <= 1)
            {
                return value.IsEmpty ? 0u : value[0];
            }

            return value[0] | (uint)value[1] << 8 | (uint)value[^1] << 8 * (value.Length - 1);
        }
    }

    /// <summary>Writes the header of any option.</summary>
    /// <returns>Where its value goes; empty where there is no room.</returns>
    private Span<byte> BeginOption(CoapOptionNumber number, int length)
    {
        if (_stage != Stage.Header)
        {
            ThrowOutOfOrder(Stage.Options);
        }

        int delta = (int)number - _number;
        if (delta < 0)
        {
            throw new InvalidOperationException($"Option {(int)number} after option {_number}: options are written in the order of their numbers.");
        }

        int deltaField = LengthField(delta);
        int lengthField = LengthField(length);
        int header = 1 + CoapTokenLength.ExtensionLength(deltaField) + CoapTokenLength.ExtensionLength(lengthField);
        if (length > _buffer.Length - _position - header)
        {
            Overflow();
            return default;
        }

        int start = _position;
        _buffer[start++] = unchecked((byte)(deltaField << 4 | lengthField));
        start += WriteExtension(start, deltaField, delta);
        start += WriteExtension(start, lengthField, length);
        _position = start + length;
        _number = (int)number;
        return _buffer.Slice(start, length);
    }

    /// <summary>
    /// The next bytes, as a span of so constant a length that no store into it is checked again. The caller has compared what is left with <see cref="UsualRoom"/> in the line
    /// before, and <c>0 &lt;= _position &lt;= _buffer.Length</c> holds throughout: this is a slice without its second check, which would be a tenth of what the option costs.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Span<byte> UsualRoomAt(int position) =>
        MemoryMarshal.CreateSpan(ref Unsafe.Add(ref MemoryMarshal.GetReference(_buffer), position), UsualRoom);

    /// <summary>There is no room, nor will there be for whatever follows.</summary>
    private void Overflow()
    {
        _overflow = true;
        _position = _buffer.Length;
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

    /// <summary>One header, then options, at most one payload, one end.</summary>
    private void Enter(Stage stage)
    {
        if (stage <= _stage || (_stage == Stage.Start && stage != Stage.Header))
        {
            ThrowOutOfOrder(stage);
        }

        _stage = stage;
        _number = stage == Stage.Header ? 0 : Closed;
    }

    [DoesNotReturn]
    private readonly void ThrowOutOfOrder(Stage stage) => throw new InvalidOperationException($"{stage} cannot follow {_stage}.");

    // Implementation.
    private const int TcpCodeOffset = 1 + sizeof(ushort);

    /// <summary>Stands where no option may be written: every number lies below it, so that one comparison finds what is out of order and what is out of place.</summary>
    private const int Closed = 1 << 16;

    /// <summary>What an option of one byte of header and up to twelve of value may overwrite.</summary>
    private const int UsualRoom = 1 + 2 * sizeof(ulong);

    private enum Stage
    {
        Start,

        /// <summary>The header is written, and options may follow one by one.</summary>
        Header,

        /// <summary>All options were written at once.</summary>
        Options,
        Payload,
        Complete,
    }
}

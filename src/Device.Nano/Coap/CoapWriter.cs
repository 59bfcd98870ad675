using System;

namespace Flint.Device.Nano;

/// <summary>
/// Writes one CoAP message after the other into the caller's buffer, for a stream (RFC 8323 section 3.2); <see cref="CoapDatagram"/> begins datagrams. Begin, options in the order of their numbers, payload, <see cref="Complete"/>. Allocates nothing;
/// a mistake on the way is kept and told at the end.
/// </summary>
/// <remarks>
/// A stream's header holds the length of what follows it, which is known only at the end. Room for the longest header that the
/// buffer can need is left in front, so the message may start a little behind the given offset: see <see cref="Offset"/>.
/// </remarks>
public sealed class CoapWriter
{
    private byte[] _buffer = new byte[0];
    private int _end;
    private int _at;
    private int _codeAt;
    private int _bodyStart;
    private int _tokenNibble;
    private int _lastOption;
    private byte _code;
    private bool _hasPayload;

    /// <summary>The first reason that stops the message, or Ok.</summary>
    public CoapWriteStatus Status;

    /// <summary>Where the completed message starts in the buffer.</summary>
    public int Offset;

    /// <summary>The completed message's length in bytes; 0 before <see cref="Complete"/> and where it failed.</summary>
    public int Length;

    /// <summary>Begins a message of a stream in the <paramref name="count"/> bytes at <paramref name="offset"/>.</summary>
    /// <param name="buffer">The buffer.</param>
    /// <param name="offset">Where the message goes, or up to four bytes behind it.</param>
    /// <param name="count">How much room there is.</param>
    /// <param name="code">The code, see <see cref="CoapCode"/>.</param>
    /// <param name="token">What holds the token; it may be another part of <paramref name="buffer"/>.</param>
    /// <param name="tokenOffset">Where the token starts.</param>
    /// <param name="tokenLength">The token's length, 0 to 8 bytes, or more where extended tokens were agreed.</param>
    /// <exception cref="ArgumentOutOfRangeException">A range does not lie within its buffer.</exception>
    public void BeginStream(byte[] buffer, int offset, int count, byte code, byte[] token, int tokenOffset, int tokenLength)
    {
        Begin(buffer, offset, count, code, token, tokenOffset, tokenLength);
        if (CoapCode.IsReserved(code))
        {
            Fail(CoapWriteStatus.InvalidHeader);
        }

        // The largest body that fits behind its own length decides how long that length can get.
        int room = count - 2 - CoapReader.ExtensionLength(_tokenNibble) - tokenLength;
        int header = 2 + LengthExtension(room - LengthExtension(room));
        if (Skip(header))
        {
            _codeAt = _at - 1;
            buffer[_codeAt] = code;
        }

        WriteToken(token, tokenOffset, tokenLength);
    }

    /// <summary>Writes an option whose value is a range of bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie within the buffer.</exception>
    public void WriteOption(int number, byte[] value, int offset, int count)
    {
        ByteRange.Check(value, offset, count);
        if (BeginOption(number, count))
        {
            Array.Copy(value, offset, _buffer, _at, count);
            _at += count;
        }
    }

    /// <summary>Writes an option whose value is an unsigned number, in as few bytes as it takes: none for 0 (RFC 7252 section 3.2).</summary>
    public void WriteOption(int number, uint value)
    {
        int count = value == 0 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x1000000 ? 3 : 4;
        if (BeginOption(number, count))
        {
            WriteNumber(value, count);
        }
    }

    /// <summary>Writes an option whose value is text, as UTF-8 (RFC 7252 section 3.2).</summary>
    /// <exception cref="ArgumentNullException">The text is null.</exception>
    public void WriteOption(int number, string value)
    {
        if (BeginOption(number, Utf8Text.Count(value)))
        {
            _at += Utf8Text.Write(value, _buffer, _at);
        }
    }

    /// <summary>Writes the payload; an empty one writes nothing (RFC 7252 section 3).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie within the buffer.</exception>
    public void WritePayload(byte[] value, int offset, int count)
    {
        ByteRange.Check(value, offset, count);
        if (BeginPayload(count))
        {
            Array.Copy(value, offset, _buffer, _at, count);
            _at += count;
        }
    }

    /// <summary>Writes text as the payload, as UTF-8; an empty one writes nothing.</summary>
    /// <exception cref="ArgumentNullException">The text is null.</exception>
    public void WritePayload(string value)
    {
        if (BeginPayload(Utf8Text.Count(value)))
        {
            _at += Utf8Text.Write(value, _buffer, _at);
        }
    }

    /// <summary>Completes the message: <see cref="Offset"/> and <see cref="Length"/> say where it is.</summary>
    /// <returns>Ok, or the first reason why there is no message.</returns>
    public CoapWriteStatus Complete()
    {
        if (Status == CoapWriteStatus.Ok && (_codeAt < 0 || WriteHeader(_at - _bodyStart)))
        {
            Length = _at - Offset;
        }

        return Status;
    }

    /// <summary>The start of every message; a stream's then says where its code stands.</summary>
    internal void Begin(byte[] buffer, int offset, int count, byte code, byte[] token, int tokenOffset, int tokenLength)
    {
        ByteRange.Check(buffer, offset, count);
        ByteRange.Check(token, tokenOffset, tokenLength);
        _buffer = buffer;
        _at = offset;
        _end = offset + count;
        _bodyStart = offset;
        _codeAt = -1;
        _code = code;
        _lastOption = 0;
        _hasPayload = false;
        Status = CoapWriteStatus.Ok;
        Offset = offset;
        Length = 0;
        _tokenNibble = Nibble(tokenLength);
        if (tokenLength > MaxExtended)
        {
            Fail(CoapWriteStatus.TokenTooLong);
        }
        else if (code == CoapCode.Empty && tokenLength != 0)
        {
            Fail(CoapWriteStatus.EmptyWithContent);
        }
    }

    /// <summary>Leaves room, where there is some.</summary>
    internal bool Skip(int count)
    {
        bool fits = Reserve(count);
        _at += fits ? count : 0;
        return fits;
    }

    internal void WriteToken(byte[] token, int offset, int count)
    {
        if (Reserve(CoapReader.ExtensionLength(_tokenNibble) + count))
        {
            WriteExtension(_tokenNibble, count);
            Array.Copy(token, offset, _buffer, _at, count);
            _at += count;
            _bodyStart = _at;
        }
    }

    /// <param name="number">The option's number.</param>
    /// <param name="count">The length of its value; below 0 where it is text that UTF-8 cannot hold.</param>
    private bool BeginOption(int number, int count)
    {
        if (!CanWrite(count))
        {
            return false;
        }

        if (number < 0 || number > CoapReader.MaxOptionNumber)
        {
            return Fail(CoapWriteStatus.OptionNumberOutOfRange);
        }

        if (number < _lastOption)
        {
            return Fail(CoapWriteStatus.OptionOutOfOrder);
        }

        if (count > MaxExtended)
        {
            return Fail(CoapWriteStatus.OptionTooLong);
        }

        int delta = number - _lastOption;
        int deltaNibble = Nibble(delta);
        int lengthNibble = Nibble(count);
        if (!Reserve(1 + CoapReader.ExtensionLength(deltaNibble) + CoapReader.ExtensionLength(lengthNibble) + count))
        {
            return false;
        }

        WriteNumber((uint)((deltaNibble << 4) | lengthNibble), 1);
        WriteExtension(deltaNibble, delta);
        WriteExtension(lengthNibble, count);
        _lastOption = number;
        return true;
    }

    internal static int Nibble(int value) =>
        value < CoapReader.OneByteExtension ? value : value < CoapReader.TwoByteBase ? CoapReader.OneByteExtension : CoapReader.OneByteExtension + 1;

    private bool BeginPayload(int count)
    {
        bool begins = count != 0 && CanWrite(count) && Reserve(1 + count);
        if (begins)
        {
            WriteNumber(CoapReader.PayloadMarker, 1);
            _hasPayload = true;
        }

        return begins;
    }

    private void WriteExtension(int nibble, int value) =>
        WriteNumber((uint)(value - (nibble == CoapReader.OneByteExtension ? CoapReader.OneByteExtension : CoapReader.TwoByteBase)), CoapReader.ExtensionLength(nibble));

    /// <summary>The lower <paramref name="count"/> bytes of a number, 0 to 4; there is room for them.</summary>
    private void WriteNumber(uint value, int count)
    {
        for (int shift = (count - 1) * 8; shift >= 0; shift -= 8)
        {
            _buffer[_at++] = (byte)(value >> shift);
        }
    }

    private bool CanWrite(int count)
    {
        if (count < 0)
        {
            return Fail(CoapWriteStatus.InvalidText);
        }

        if (_code == CoapCode.Empty)
        {
            return Fail(CoapWriteStatus.EmptyWithContent);
        }

        return _hasPayload ? Fail(CoapWriteStatus.ContentAfterPayload) : Status == CoapWriteStatus.Ok;
    }

    /// <summary>Puts the header directly before the code, which stands at a fixed place.</summary>
    private bool WriteHeader(int body)
    {
        int extension = LengthExtension(body);
        int end = _at;
        _at = _codeAt - 1 - extension;
        if (_at < Offset)
        {
            return Fail(CoapWriteStatus.BufferTooSmall);
        }

        Offset = _at;
        int nibble = extension == 0 ? body : extension == 4 ? CoapReader.FourByteExtension : CoapReader.OneByteExtension + extension - 1;
        WriteNumber((uint)((nibble << 4) | _tokenNibble), 1);
        WriteNumber((uint)(body - (extension == 1 ? CoapReader.OneByteExtension : extension == 2 ? CoapReader.TwoByteBase : CoapReader.FourByteBase)), extension);
        _at = end;
        return true;
    }

    private static int LengthExtension(int body) =>
        body < CoapReader.OneByteExtension ? 0 : body < CoapReader.TwoByteBase ? 1 : body < CoapReader.FourByteBase ? 2 : 4;

    private bool Reserve(int count)
    {
        if (Status != CoapWriteStatus.Ok)
        {
            return false;
        }

        return count <= _end - _at || Fail(CoapWriteStatus.BufferTooSmall);
    }

    internal bool Fail(CoapWriteStatus status)
    {
        if (Status == CoapWriteStatus.Ok)
        {
            Status = status;
        }

        return false;
    }

    // Specification
    private const int MaxExtended = 65535 + CoapReader.TwoByteBase;
}

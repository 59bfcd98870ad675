using System.Buffers.Binary;
using Flint.Coap.Tests.Properties;

namespace Flint.Coap.Tests.Soak;

/// <summary>What the strangers of a soak send, and from which address: a seed decides all of it.</summary>
internal sealed class SoakTraffic(int seed)
{
    private readonly Random _random = new(seed);
    private readonly HostileDatagrams _datagrams = new(seed);
    private readonly byte[] _last = new byte[MaxLength];
    private readonly (int Address, byte Type, ushort MessageId, byte[] Token)[] _sent = new (int, byte, ushort, byte[])[64];
    private readonly ushort[] _nextBlock = new ushort[Senders];
    private int _lastLength;
    private int _lastAddress;
    private int _sentCount;

    /// <summary>Writes the next datagram.</summary>
    /// <param name="buffer">At least <see cref="MaxLength"/> bytes.</param>
    /// <param name="address">Where it comes from.</param>
    /// <returns>Its length.</returns>
    public int Next(Span<byte> buffer, out int address)
    {
        address = _random.Next(Senders);
        int length;
        switch (_random.Next(1000) / 10.0)
        {
            case < 52:
                length = _datagrams.Next(buffer);
                break;
            case < 60:
                // The last one once more, mostly from the same address.
                _last.AsSpan(0, _lastLength).CopyTo(buffer);
                address = _random.Next(4) == 0 ? address : _lastAddress;
                return _lastLength;
            case < 74:
                // A flood of well-formed requests, each from an address of its own.
                address = Senders + _random.Next(1 << 20);
                length = Request(buffer, (byte)(1 + _random.Next(7)), "f"u8, []);
                break;
            case < 82:
                length = Reply(buffer, ref address);
                break;
            case < 82.8:
                length = Huge(buffer);
                break;
            case < 91:
                length = Request(buffer, 1, Path(), [(6, _random.Next(8) == 0 ? [1] : [])]);
                break;
            case < 99.9:
                length = Block(buffer, address);
                break;
            default:
                length = _random.Next(MaxLength);
                _random.NextBytes(buffer[..length]);
                buffer[0] = 0x40;
                break;
        }

        _lastLength = length;
        _lastAddress = address;
        buffer[..length].CopyTo(_last);
        return length;
    }

    /// <summary>Tells what the server sent, so that replies to it can be made up.</summary>
    public void OnSent(int address, ReadOnlySpan<byte> datagram)
    {
        int tokenLength = datagram[0] & 15;
        ref (int Address, byte Type, ushort MessageId, byte[] Token) place = ref _sent[_sentCount++ & (_sent.Length - 1)];
        place.Token ??= new byte[8];
        datagram.Slice(4, tokenLength).CopyTo(place.Token);
        place = (address, (byte)(datagram[0] >> 4 & 3), BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]), place.Token);
    }

    /// <summary>An acknowledgement, a reset or a response, to something that was sent or to nothing at all.</summary>
    private int Reply(Span<byte> buffer, ref int address)
    {
        (int to, _, ushort messageId, byte[]? token) = _sent[_random.Next(_sent.Length)];
        if (token is null || _random.Next(4) == 0)
        {
            messageId = (ushort)_random.Next(65536);
        }
        else if (_random.Next(8) != 0)
        {
            address = to;
        }

        bool empty = _random.Next(3) != 0;
        buffer[0] = (byte)(0x40 | _random.Next(empty ? 2 : 0, 4) << 4 | (empty ? 0 : 4));
        buffer[1] = empty ? (byte)0 : (byte)CoapCode.Content;
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], messageId);
        if (empty)
        {
            return 4;
        }

        token.AsSpan(0, token is null ? 0 : 4).CopyTo(buffer[4..]);
        return 8;
    }

    /// <summary>A path of 60,000 bytes in one option, in hundreds of options, or a payload as long.</summary>
    private int Huge(Span<byte> buffer)
    {
        buffer[0] = (byte)(0x40 | _random.Next(2) << 4);
        buffer[1] = 1;
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], (ushort)_random.Next(65536));
        int position = 4;
        switch (_random.Next(3))
        {
            case 0:
                buffer[position++] = 0xbe;
                BinaryPrimitives.WriteUInt16BigEndian(buffer[position..], 60_000 - 269);
                return position + 2 + 60_000;
            case 1:
                for (int i = 0; i < 10_000; i++)
                {
                    buffer[position++] = i == 0 ? (byte)0xb5 : (byte)0x05;
                    position += 5;
                }

                return position;
            default:
                buffer[position] = 0xff;
                return position + 60_000;
        }
    }

    /// <summary>A block of a body: the next one, one that was never asked for, one too far, or of the reserved size.</summary>
    private int Block(Span<byte> buffer, int address)
    {
        uint number = _random.Next(8) switch
        {
            0 => 0,
            1 => (uint)_random.Next(1 << 20),
            2 => (1 << 20) - 1,
            _ => _nextBlock[address]++,
        };
        uint exponent = _random.Next(16) == 0 ? 7u : (uint)_random.Next(3);
        uint more = _random.Next(12) == 0 ? 0u : 8u;
        Span<byte> value = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(value, number << 4 | more | exponent);
        if (more == 0 || number == 0)
        {
            _nextBlock[address] = 1;
        }

        int length = Request(buffer, (byte)(2 + _random.Next(2)), Path(), [(_random.Next(8) == 0 ? (ushort)23 : (ushort)27, value[1..].ToArray())]);
        if (exponent == 7 || _random.Next(16) == 0)
        {
            return length;
        }

        buffer[length] = 0xff;
        return length + 1 + (16 << (int)exponent);
    }

    private int Request(Span<byte> buffer, byte code, ReadOnlySpan<byte> path, (ushort Number, byte[] Value)[] options)
    {
        buffer[0] = (byte)(0x44 | _random.Next(2) << 4);
        buffer[1] = code;
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], (ushort)_random.Next(65536));
        BinaryPrimitives.WriteUInt32BigEndian(buffer[4..], (uint)_random.Next(16));
        int position = 8;
        int number = 0;
        foreach ((ushort next, byte[] value) in options.Where(option => option.Number < 11))
        {
            Write(buffer, ref position, ref number, next, value);
        }

        Write(buffer, ref position, ref number, 11, path);
        foreach ((ushort next, byte[] value) in options.Where(option => option.Number > 11))
        {
            Write(buffer, ref position, ref number, next, value);
        }

        return position;
    }

    /// <summary>An option whose delta and length fit a nibble.</summary>
    private static void Write(Span<byte> buffer, ref int position, ref int number, int next, ReadOnlySpan<byte> value)
    {
        if (next - number > 12)
        {
            buffer[position++] = (byte)(0xd0 | value.Length);
            buffer[position++] = (byte)(next - number - 13);
        }
        else
        {
            buffer[position++] = (byte)(next - number << 4 | value.Length);
        }

        value.CopyTo(buffer[position..]);
        position += value.Length;
        number = next;
    }

    private ReadOnlySpan<byte> Path() => Paths.Slice(_random.Next(Paths.Length), 1);

    private static ReadOnlySpan<byte> Paths => "abcdefgh"u8;

    /// <summary>As many addresses come again and again; the floods' come once.</summary>
    public const int Senders = 400;

    public const int MaxLength = 65507;
}

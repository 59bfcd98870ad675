using System.Buffers.Binary;

namespace Flint.Coap.Tests.Properties;

/// <summary>
/// Datagrams as a stranger may send them, by the million: well formed, random, mutated, cut, with lengths that lie. They are put together byte by byte, without the
/// library's writer; a seed decides them all, and nothing is allocated for one.
/// </summary>
internal sealed class HostileDatagrams(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>Writes the next datagram.</summary>
    /// <param name="buffer">At least <see cref="MaxLength"/> bytes.</param>
    /// <returns>Its length.</returns>
    public int Next(Span<byte> buffer)
    {
        int length;
        switch (_random.Next(10))
        {
            case 0:
                length = _random.Next(40);
                _random.NextBytes(buffer[..length]);
                break;
            case 1:
                // A good first byte brings random bytes past the first check.
                length = _random.Next(1, 80);
                _random.NextBytes(buffer[..length]);
                buffer[0] = (byte)(0x40 | buffer[0] & 0x38);
                break;
            case < 5:
                length = WellFormed(buffer);
                break;
            case < 8:
                length = Mutate(buffer, WellFormed(buffer));
                break;
            case 8:
                length = _random.Next(WellFormed(buffer) + 1);
                break;
            default:
                length = Mutate(buffer, _random.Next(WellFormed(buffer) + 1));
                break;
        }

        return length;
    }

    /// <summary>Writes a message that is well formed as RFC 7252 section 3 has it; whether its type suits its code is left to chance.</summary>
    public int WellFormed(Span<byte> buffer)
    {
        int tokenLength = _random.Next(4) == 0 ? 0 : _random.Next(9);
        int code = _random.Next(12) == 0 ? _random.Next(256) : Codes[_random.Next(Codes.Length)];
        buffer[0] = (byte)(0x40 | _random.Next(4) << 4 | tokenLength);
        buffer[1] = (byte)code;
        BinaryPrimitives.WriteUInt16BigEndian(buffer[2..], (ushort)_random.Next(65536));
        if (code == 0 && _random.Next(8) != 0)
        {
            buffer[0] &= 0xf0;
            return 4;
        }

        _random.NextBytes(buffer.Slice(4, tokenLength));
        int position = 4 + tokenLength;
        int number = 0;
        for (int i = _random.Next(7); i > 0; i--)
        {
            position = WriteOption(buffer, position, ref number);
        }

        if (_random.Next(2) == 0)
        {
            buffer[position++] = 0xff;
            int payload = 1 + (_random.Next(10) == 0 ? _random.Next(1024) : _random.Next(20));
            _random.NextBytes(buffer.Slice(position, payload));
            position += payload;
        }

        return position;
    }

    private int WriteOption(Span<byte> buffer, int position, ref int number)
    {
        int next = _random.Next(8) switch
        {
            < 5 => Numbers[_random.Next(Numbers.Length)],
            5 => number + _random.Next(16),
            6 => number + 260 + _random.Next(20),
            _ => _random.Next(65536),
        };
        next = Math.Clamp(next, number, 65535);
        int length = _random.Next(10) switch
        {
            < 6 => _random.Next(5),
            < 8 => _random.Next(15),
            8 => 255 + _random.Next(20),
            _ => 12 + _random.Next(3),
        };
        int head = position++;
        int delta = Nibble(buffer, next - number, ref position);
        buffer[head] = (byte)(delta << 4 | Nibble(buffer, length, ref position));
        _random.NextBytes(buffer.Slice(position, length));
        number = next;
        return position + length;
    }

    private static int Nibble(Span<byte> buffer, int value, ref int position)
    {
        if (value < 13)
        {
            return value;
        }

        if (value < 269)
        {
            buffer[position++] = (byte)(value - 13);
            return 13;
        }

        BinaryPrimitives.WriteUInt16BigEndian(buffer[position..], (ushort)(value - 269));
        position += 2;
        return 14;
    }

    /// <summary>One to four changes: a bit, a byte, a nibble that promises an extension, a byte more or less.</summary>
    private int Mutate(Span<byte> buffer, int length)
    {
        for (int i = _random.Next(1, 5); i > 0 && length > 0; i--)
        {
            // Most faults lie near the head, where lengths are.
            int place = _random.Next(2) == 0 ? _random.Next(Math.Min(length, 16)) : _random.Next(length);
            switch (_random.Next(6))
            {
                case 0:
                    buffer[place] ^= (byte)(1 << _random.Next(8));
                    break;
                case 1:
                    buffer[place] = (byte)_random.Next(256);
                    break;
                case 2:
                    buffer[place] |= (byte)(_random.Next(2) == 0 ? 0xd0 : 0x0e);
                    break;
                case 3:
                    buffer[place] = 0xff;
                    break;
                case 4:
                    buffer[place..length].CopyTo(buffer[(place + 1)..]);
                    buffer[place] = (byte)_random.Next(256);
                    length++;
                    break;
                default:
                    buffer[(place + 1)..length].CopyTo(buffer[place..]);
                    length--;
                    break;
            }
        }

        return length;
    }

    private static ReadOnlySpan<byte> Codes => [0, 1, 2, 3, 4, 5, 6, 7, 65, 68, 69, 95, 128, 132, 136, 160];

    private static ReadOnlySpan<ushort> Numbers => [1, 3, 4, 5, 6, 7, 8, 9, 11, 11, 11, 12, 14, 15, 15, 16, 17, 19, 20, 23, 27, 28, 31, 35, 39, 60, 252, 258, 292, 2049, 65001];

    /// <summary>Six options of up to 279 bytes, a payload of 1024, and room for what is inserted.</summary>
    public const int MaxLength = 4096;
}

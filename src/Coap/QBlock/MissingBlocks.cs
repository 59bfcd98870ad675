using System;
using System.Buffers.Binary;

namespace Flint.Coap;

/// <summary>
/// The payload of 4.08 that names missing blocks: application/missing-blocks+cbor-seq, content format 272 (RFC 9177 section 5): unsigned integers of CBOR (RFC 8949 section 3), ascending, without a wrapper.
/// </summary>
internal static class MissingBlocks
{
    /// <summary>Writes numbers that ascend.</summary>
    /// <returns>How many bytes; at most five for each.</returns>
    public static int Write(ReadOnlySpan<int> numbers, Span<byte> destination)
    {
        int length = 0;
        foreach (int number in numbers)
        {
            Span<byte> rest = destination[length..];
            switch (number)
            {
                case <= MaxInline:
                    rest[0] = (byte)number;
                    length++;
                    break;
                case <= byte.MaxValue:
                    rest[0] = OneByte;
                    rest[1] = (byte)number;
                    length += 2;
                    break;
                case <= ushort.MaxValue:
                    rest[0] = OneByte + 1;
                    BinaryPrimitives.WriteUInt16BigEndian(rest[1..], (ushort)number);
                    length += 3;
                    break;
                default:
                    rest[0] = OneByte + 2;
                    BinaryPrimitives.WriteInt32BigEndian(rest[1..], number);
                    length += 5;
                    break;
            }
        }

        return length;
    }

    /// <summary>Reads the numbers.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="numbers">Takes as many as fit it; the others are asked for again by whoever lacks them.</param>
    /// <param name="count">How many.</param>
    /// <returns>False where it is empty, malformed, not ascending, or names no block: "the client SHOULD silently drop" it (section 5).</returns>
    public static bool TryRead(ReadOnlySpan<byte> payload, Span<int> numbers, out int count)
    {
        count = 0;
        long last = -1;
        int taken = 0;
        while (!payload.IsEmpty)
        {
            int more = payload[0] switch
            {
                <= MaxInline => 0,
                OneByte => 1,
                OneByte + 1 => 2,
                OneByte + 2 => 4,
                _ => -1,
            };
            if (more < 0 || payload.Length <= more)
            {
                return false;
            }

            long number = more switch
            {
                0 => payload[0],
                1 => payload[1],
                2 => BinaryPrimitives.ReadUInt16BigEndian(payload[1..]),
                _ => BinaryPrimitives.ReadUInt32BigEndian(payload[1..]),
            };
            if (number <= last || number > CoapBlock.MaxNumber)
            {
                return false;
            }

            last = number;
            if (taken < numbers.Length)
            {
                numbers[taken++] = (int)number;
            }

            payload = payload[(1 + more)..];
        }

        count = taken;
        return taken != 0;
    }

    // Specification: RFC 8949 section 3: major type 0; additional information 24 to 26.
    private const int MaxInline = 23;
    private const int OneByte = 24;
}

using System;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Flint.Ota;

/// <summary>CRC-32C by the processor's instruction; the same function as <see cref="OtaCrc32C"/>.</summary>
/// <remarks>
/// The instruction takes three cycles and one can start in each, so three lanes run side by side. The state after bytes is linear in the state
/// before them: lanes that start at zero are joined by carrying the state before over a lane's length of zero bytes, which is four lookups.
/// </remarks>
internal static class OtaFastCrc32C
{
    private const int LaneWords = 42;
    private const int BlockWords = 3 * LaneWords;

    private static readonly uint[] Carry = CreateCarry();

    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        uint value = ~crc;
        if (BitConverter.IsLittleEndian)
        {
            ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(data);
            data = data[(words.Length * sizeof(ulong))..];
            while (words.Length >= BlockWords)
            {
                value = AppendBlock(value, words);
                words = words[BlockWords..];
            }

            foreach (ulong word in words)
            {
                value = BitOperations.Crc32C(value, word);
            }
        }

        foreach (byte one in data)
        {
            value = BitOperations.Crc32C(value, one);
        }

        return ~value;
    }

    private static uint AppendBlock(uint value, ReadOnlySpan<ulong> words)
    {
        ReadOnlySpan<ulong> first = words[..LaneWords];
        ReadOnlySpan<ulong> second = words.Slice(LaneWords, LaneWords);
        ReadOnlySpan<ulong> third = words.Slice(2 * LaneWords, LaneWords);
        uint middle = 0;
        uint last = 0;
        for (int i = 0; i < first.Length && i < second.Length && i < third.Length; i++)
        {
            value = BitOperations.Crc32C(value, first[i]);
            middle = BitOperations.Crc32C(middle, second[i]);
            last = BitOperations.Crc32C(last, third[i]);
        }

        return CarryOver(CarryOver(value) ^ middle) ^ last;
    }

    private static uint CarryOver(uint value) =>
        Carry[value & 0xFF] ^ Carry[256 + ((value >> 8) & 0xFF)] ^ Carry[512 + ((value >> 16) & 0xFF)] ^ Carry[768 + (value >> 24)];

    // Carry[256 k + b]: the state b << 8 k after a lane of zero bytes; built from its 32 single bits.
    private static uint[] CreateCarry()
    {
        var carry = new uint[1024];
        for (int bit = 0; bit < 32; bit++)
        {
            uint state = 1u << bit;
            for (int i = 0; i < LaneWords; i++)
            {
                state = BitOperations.Crc32C(state, 0ul);
            }

            for (int value = 0; value < 256; value++)
            {
                carry[(bit / 8 * 256) + value] ^= ((value >> (bit % 8)) & 1) != 0 ? state : 0;
            }
        }

        return carry;
    }
}

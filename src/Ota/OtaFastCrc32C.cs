using System;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Flint.Ota;

/// <summary>CRC-32C by the processor's instructions; the same function as <see cref="OtaCrc32C"/>.</summary>
/// <remarks>
/// The state after bytes is linear in the state before them. So a block of bytes may be replaced by what it leaves behind after as many bytes
/// as follow: 64 bytes are multiplied, without carries, by powers of x and added to those 256 bytes on, until 16 bytes are left, which the
/// instruction for CRC-32C takes. Where there is no wide multiplication, three lanes run side by side, as that instruction takes three cycles
/// and one can start in each; a lane that starts at zero is joined by carrying the state before over its length of zero bytes, four lookups.
/// </remarks>
internal static class OtaFastCrc32C
{
    private const int LineLength = 64;
    private const int Lines = 4;
    private const int LaneWords = 42;
    private const int BlockWords = 3 * LaneWords;

    // To fold a piece into what stands n bits on: its low half times x^(n + 32), its high half times x^(n - 32).
    private static readonly (ulong Low, ulong High) FoldGroup = Fold(8 * Lines * LineLength);
    private static readonly (ulong Low, ulong High) FoldLine = Fold(8 * LineLength);
    private static readonly (ulong Low, ulong High) FoldPart = Fold(128);
    private static readonly uint[] Carry = CreateCarry();

    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        uint value = ~crc;
        if (Pclmulqdq.V512.IsSupported && data.Length >= Lines * LineLength)
        {
            int whole = data.Length - (data.Length % (Lines * LineLength));
            value = AppendLines(value, MemoryMarshal.Cast<byte, Vector512<ulong>>(data[..whole]));
            data = data[whole..];
        }

        return ~AppendWords(value, data);
    }

    /// <summary>As <see cref="Append"/>, from state to state, without wide multiplication.</summary>
    internal static uint AppendWords(uint value, ReadOnlySpan<byte> data)
    {
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

        return value;
    }

    // A multiple of four lines.
    private static uint AppendLines(uint value, ReadOnlySpan<Vector512<ulong>> lines)
    {
        Vector512<ulong> first = lines[0] ^ Vector512.CreateScalar((ulong)value);
        Vector512<ulong> second = lines[1];
        Vector512<ulong> third = lines[2];
        Vector512<ulong> fourth = lines[3];
        Vector512<ulong> by = Factors(FoldGroup);
        for (lines = lines[Lines..]; lines.Length >= Lines; lines = lines[Lines..])
        {
            first = Multiply(first, by) ^ lines[0];
            second = Multiply(second, by) ^ lines[1];
            third = Multiply(third, by) ^ lines[2];
            fourth = Multiply(fourth, by) ^ lines[3];
        }

        by = Factors(FoldLine);
        second ^= Multiply(first, by);
        third ^= Multiply(second, by);
        fourth ^= Multiply(third, by);

        Vector128<ulong> factors = Factors(FoldPart).GetLower().GetLower();
        Vector128<ulong> rest = fourth.GetLower().GetLower();
        rest = Multiply(rest, factors) ^ fourth.GetLower().GetUpper();
        rest = Multiply(rest, factors) ^ fourth.GetUpper().GetLower();
        rest = Multiply(rest, factors) ^ fourth.GetUpper().GetUpper();
        return BitOperations.Crc32C(BitOperations.Crc32C(0, rest.ToScalar()), rest.GetElement(1));
    }

    private static Vector512<ulong> Factors((ulong Low, ulong High) fold) =>
        Vector512.Create(Vector256.Create(Vector128.Create(fold.Low, fold.High)));

    private static Vector512<ulong> Multiply(Vector512<ulong> left, Vector512<ulong> right) =>
        Pclmulqdq.V512.CarrylessMultiply(left, right, 0x00) ^ Pclmulqdq.V512.CarrylessMultiply(left, right, 0x11);

    private static Vector128<ulong> Multiply(Vector128<ulong> left, Vector128<ulong> right) =>
        Pclmulqdq.CarrylessMultiply(left, right, 0x00) ^ Pclmulqdq.CarrylessMultiply(left, right, 0x11);

    private static (ulong Low, ulong High) Fold(int bits) => (Power(bits + 32), Power(bits - 32));

    // x^n modulo the polynomial, the bits in reverse order, one place up: a product of reversed factors is one place short.
    private static ulong Power(int n)
    {
        uint value = 0x80000000;
        for (int i = 0; i < n; i++)
        {
            value = (value >> 1) ^ ((value & 1) != 0 ? 0x82F63B78 : 0);
        }

        return (ulong)value << 1;
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

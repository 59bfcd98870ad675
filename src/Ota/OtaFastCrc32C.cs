using System;
using System.Buffers.Binary;
using System.Numerics;

namespace Flint.Ota;

/// <summary>CRC-32C by the processor's instruction, eight bytes at a time; the same function as <see cref="OtaCrc32C"/>.</summary>
internal static class OtaFastCrc32C
{
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        uint value = ~crc;
        while (data.Length >= sizeof(ulong))
        {
            value = BitOperations.Crc32C(value, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[sizeof(ulong)..];
        }

        foreach (byte one in data)
        {
            value = BitOperations.Crc32C(value, one);
        }

        return ~value;
    }
}

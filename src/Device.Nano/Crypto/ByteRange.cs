using System;

namespace Flint.Device.Nano;

/// <summary>Ranges of byte arrays: checked, compared, erased; and the numbers of 64 bits in them.</summary>
internal static class ByteRange
{
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie within the buffer.</exception>
    public static void Check(byte[] buffer, int offset, int count)
    {
        if (buffer == null || offset < 0 || count < 0 || count > buffer.Length - offset)
        {
            throw new ArgumentOutOfRangeException(nameof(count));
        }
    }

    /// <summary>Compares all bytes whatever they are, so that the time tells nothing about where two secrets differ.</summary>
    public static bool FixedTimeEquals(byte[] left, int leftOffset, byte[] right, int rightOffset, int count)
    {
        int difference = 0;
        for (int i = 0; i < count; i++)
        {
            difference |= left[leftOffset + i] ^ right[rightOffset + i];
        }

        return difference == 0;
    }

    public static ulong ReadUInt64(byte[] buffer, int offset) => ((ulong)BigEndian.ReadUInt32(buffer, offset) << 32) | BigEndian.ReadUInt32(buffer, offset + 4);

    public static void WriteUInt64(byte[] buffer, int offset, ulong value)
    {
        BigEndian.WriteUInt32(buffer, offset, (uint)(value >> 32));
        BigEndian.WriteUInt32(buffer, offset + 4, (uint)value);
    }

    /// <summary>Overwrites a secret with zeros.</summary>
    public static void Clear(byte[] buffer) => Array.Clear(buffer, 0, buffer.Length);
}

namespace Flint.Ota;

/// <summary>Big-endian integers and comparisons over byte arrays; the caller has checked the lengths.</summary>
internal static class OtaBytes
{
    public static int ReadUInt16(byte[] buffer, int offset)
    {
        return (buffer[offset] << 8) | buffer[offset + 1];
    }

    public static uint ReadUInt32(byte[] buffer, int offset)
    {
        return ((uint)buffer[offset] << 24) | ((uint)buffer[offset + 1] << 16) | ((uint)buffer[offset + 2] << 8) | buffer[offset + 3];
    }

    public static void WriteUInt16(byte[] buffer, int offset, int value)
    {
        buffer[offset] = unchecked((byte)(value >> 8));
        buffer[offset + 1] = unchecked((byte)value);
    }

    public static void WriteUInt32(byte[] buffer, int offset, uint value)
    {
        buffer[offset] = unchecked((byte)(value >> 24));
        buffer[offset + 1] = unchecked((byte)(value >> 16));
        buffer[offset + 2] = unchecked((byte)(value >> 8));
        buffer[offset + 3] = unchecked((byte)value);
    }

    public static bool Equal(byte[] left, int leftOffset, byte[] right, int rightOffset, int count)
    {
        int difference = 0;
        for (int i = 0; i < count; i++)
        {
            difference |= left[leftOffset + i] ^ right[rightOffset + i];
        }

        return difference == 0;
    }

    public static bool AllEqual(byte[] buffer, int offset, int count, byte value)
    {
        int difference = 0;
        for (int i = 0; i < count; i++)
        {
            difference |= buffer[offset + i] ^ value;
        }

        return difference == 0;
    }

    public static void Fill(byte[] buffer, int offset, int count, byte value)
    {
        for (int i = 0; i < count; i++)
        {
            buffer[offset + i] = value;
        }
    }

    public static int Min(int left, int right)
    {
        return left < right ? left : right;
    }

    public static int Max(int left, int right)
    {
        return left > right ? left : right;
    }

    /// <summary>The smallest multiple of <paramref name="unit"/> that is not below <paramref name="value"/>.</summary>
    public static int RoundUp(int value, int unit)
    {
        int over = value % unit;
        return over == 0 ? value : value + (unit - over);
    }
}

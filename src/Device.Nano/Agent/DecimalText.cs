namespace Flint.Device.Nano;

/// <summary>Decimal digits of numbers into a buffer; the platform's formatting gives a new string and asks for a culture.</summary>
internal static class DecimalText
{
    /// <summary>The longest that is written: -2147483648, or 4294967295.</summary>
    public const int MaxLength = 11;

    /// <returns>How many bytes were written from the start.</returns>
    public static int Write(long value, byte[] buffer)
    {
        // As a negative number, which has room for every int.
        long rest = value < 0 ? value : -value;
        int length = value < 0 ? 2 : 1;
        for (long i = rest; i <= -10; i /= 10)
        {
            length++;
        }

        for (int at = length - 1; at >= (value < 0 ? 1 : 0); at--)
        {
            buffer[at] = (byte)('0' - (rest % 10));
            rest /= 10;
        }

        if (value < 0)
        {
            buffer[0] = (byte)'-';
        }

        return length;
    }

    /// <summary>The same as text.</summary>
    public static string Text(long value)
    {
        byte[] digits = new byte[MaxLength];
        return Utf8Text.Read(digits, 0, Write(value, digits))!;
    }
}

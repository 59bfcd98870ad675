using System;

namespace Flint.Device.Nano;

/// <summary>UTF-8 (RFC 3629) into a buffer that is there already; the platform's encoder gives a new array for each text.</summary>
internal static class Utf8Text
{
    /// <summary>The length of <paramref name="text"/> as UTF-8 in bytes, or -1 where a surrogate stands alone.</summary>
    /// <exception cref="ArgumentNullException">The text is null.</exception>
    public static int Count(string text)
    {
        if (text == null)
        {
            throw new ArgumentNullException(nameof(text));
        }

        return Write(text, null, 0);
    }

    /// <summary>Writes what <see cref="Count"/> counted; the caller has made sure that it fits. Without a buffer it counts.</summary>
    public static int Write(string text, byte[]? buffer, int offset)
    {
        int at = offset;
        for (int i = 0; i < text.Length; i++)
        {
            int point = text[i];
            if (IsSurrogate(point))
            {
                int low = point < FirstLow && ++i < text.Length ? text[i] - FirstLow : -1;
                if (low < 0 || low > 0x3FF)
                {
                    return -1;
                }

                point = 0x10000 + ((point & 0x3FF) << 10) + low;
            }

            // The lead byte begins with a one for each byte of the sequence.
            int more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
            if (buffer != null)
            {
                buffer[at] = (byte)(more == 0 ? point : (0xFF00 >> (more + 1)) | (point >> (6 * more)));
                for (int next = 1; next <= more; next++)
                {
                    buffer[at + next] = (byte)(0x80 | ((point >> (6 * (more - next))) & 0x3F));
                }
            }

            at += 1 + more;
        }

        return at - offset;
    }

    /// <summary>Reads text. The platform's decoder would be another assembly to load, and replaces what it cannot read.</summary>
    /// <returns>Null where the bytes are not UTF-8: cut, overlong, a surrogate, or beyond U+10FFFF.</returns>
    public static string? Read(byte[] buffer, int offset, int count)
    {
        char[] text = new char[count];
        int length = 0;
        int end = offset + count;
        for (int at = offset; at < end;)
        {
            int point = buffer[at++];
            int more = 0;
            int least = 0;
            if (point >= 0x80)
            {
                more = point < 0xE0 ? 1 : point < 0xF0 ? 2 : 3;
                least = more == 1 ? 0x80 : more == 2 ? 0x800 : 0x10000;
                if (point < 0xC0 || point >= 0xF8 || more > end - at)
                {
                    return null;
                }

                point &= 0x3F >> more;
            }

            for (int i = 0; i < more; i++)
            {
                int next = buffer[at++] ^ 0x80;
                if (next > 0x3F)
                {
                    return null;
                }

                point = (point << 6) | next;
            }

            if (point < least || point > 0x10FFFF || IsSurrogate(point))
            {
                return null;
            }

            if (point >= 0x10000)
            {
                text[length++] = (char)(0xD7C0 + (point >> 10));
                point = 0xDC00 + (point & 0x3FF);
            }

            text[length++] = (char)point;
        }

        return new string(text, 0, length);
    }

    private static bool IsSurrogate(int point) => point >= 0xD800 && point <= 0xDFFF;

    private const int FirstLow = 0xDC00;
}

namespace Flint.Device.Nano;

/// <summary>UTF-8 (RFC 3629) into a buffer that is there already; the platform's encoder gives a new array for each text.</summary>
internal static class Utf8Text
{
    /// <summary>The length of <paramref name="text"/> as UTF-8 in bytes, or -1 where a surrogate stands alone.</summary>
    public static int Count(string text)
    {
        int count = 0;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (IsSurrogate(c))
            {
                if (!IsPair(text, i))
                {
                    return -1;
                }

                count += 4;
                i++;
            }
            else
            {
                count += c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
            }
        }

        return count;
    }

    /// <summary>Writes what <see cref="Count"/> counted; the caller has made sure that it fits.</summary>
    public static int Write(string text, byte[] buffer, int offset)
    {
        int at = offset;
        for (int i = 0; i < text.Length; i++)
        {
            int c = text[i];
            if (c < 0x80)
            {
                buffer[at++] = (byte)c;
            }
            else if (c < 0x800)
            {
                buffer[at++] = (byte)(0xC0 | (c >> 6));
                buffer[at++] = (byte)(0x80 | (c & 0x3F));
            }
            else if (!IsSurrogate((char)c))
            {
                buffer[at++] = (byte)(0xE0 | (c >> 12));
                buffer[at++] = (byte)(0x80 | ((c >> 6) & 0x3F));
                buffer[at++] = (byte)(0x80 | (c & 0x3F));
            }
            else
            {
                int point = 0x10000 + ((c & 0x3FF) << 10) + (text[++i] & 0x3FF);
                buffer[at++] = (byte)(0xF0 | (point >> 18));
                buffer[at++] = (byte)(0x80 | ((point >> 12) & 0x3F));
                buffer[at++] = (byte)(0x80 | ((point >> 6) & 0x3F));
                buffer[at++] = (byte)(0x80 | (point & 0x3F));
            }
        }

        return at - offset;
    }

    private static bool IsSurrogate(char c) => c >= 0xD800 && c <= 0xDFFF;

    private static bool IsPair(string text, int at) =>
        text[at] <= 0xDBFF && at + 1 < text.Length && text[at + 1] >= 0xDC00 && text[at + 1] <= 0xDFFF;
}

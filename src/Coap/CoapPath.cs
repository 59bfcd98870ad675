using System;
using System.Buffers;
using System.Globalization;
using System.Text;

namespace Flint.Coap;

/// <summary>Path and query of a URI, to options and back (RFC 7252 section 6.4 and section 6.5).</summary>
internal static class CoapPath
{
    /// <summary>Adds a Uri-Path for each segment and a Uri-Query for each argument.</summary>
    public static void AddTo(CoapOptionList options, string pathAndQuery)
    {
        ReadOnlySpan<char> path = pathAndQuery;
        int question = path.IndexOf('?');
        ReadOnlySpan<char> query = question < 0 ? default : path[(question + 1)..];
        path = (question < 0 ? path : path[..question]).TrimStart('/');

        // Section 6.4, step 8: a path that is empty or a single slash has no segments.
        if (!path.IsEmpty)
        {
            AddParts(options, CoapOptionNumber.UriPath, path, '/');
        }

        if (question >= 0)
        {
            AddParts(options, CoapOptionNumber.UriQuery, query, '&');
        }
    }

    /// <summary>"/" and the Uri-Path options, percent-encoded where a character is neither unreserved nor a sub-delimiter, ":" or "@".</summary>
    public static string Compose(CoapOptions options)
    {
        var text = new StringBuilder();
        foreach (CoapOption option in options)
        {
            if (option.Number == CoapOptionNumber.UriPath)
            {
                text.Append('/');
                AppendEncoded(text, option.Value);
            }
        }

        return text.Length == 0 ? "/" : text.ToString();
    }

    private static void AddParts(CoapOptionList options, CoapOptionNumber number, ReadOnlySpan<char> text, char separator)
    {
        foreach (Range part in text.Split(separator))
        {
            byte[] value = Decode(text[part]);
            if (value.Length > MaxPartLength)
            {
                throw new ArgumentException($"A segment of {value.Length} bytes: at most {MaxPartLength} are allowed.", nameof(text));
            }

            options.Add(number, value);
        }
    }

    private static byte[] Decode(ReadOnlySpan<char> part)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(part.ToArray());
        if (!part.Contains('%'))
        {
            return bytes;
        }

        int length = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            byte value = bytes[i];
            if (value == '%')
            {
                if (bytes.Length - i <= 2 || !byte.TryParse(bytes.AsSpan(i + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value))
                {
                    throw new FormatException($"A percent sign without two hexadecimal digits in \"{part}\".");
                }

                i += 2;
            }

            bytes[length++] = value;
        }

        return bytes[..length];
    }

    private static void AppendEncoded(StringBuilder text, ReadOnlySpan<byte> value)
    {
        foreach (byte b in value)
        {
            if (SegmentCharacters.Contains((char)b))
            {
                text.Append((char)b);
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
            }
        }
    }

    // Specification: RFC 3986 section 3.3 (pchar without percent-encoding), RFC 7252 section 5.10.
    private static readonly SearchValues<char> SegmentCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@");

    private const int MaxPartLength = 255;
}

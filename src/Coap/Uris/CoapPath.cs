using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Flint.Coap;

/// <summary>Path and query of a URI, to options and back (RFC 7252 section 6.4, steps 8 and 9, and section 6.5, steps 6 to 8).</summary>
internal static class CoapPath
{
    /// <summary>Adds a Uri-Path for each segment and a Uri-Query for each argument. Characters that a URI does not allow stand for themselves.</summary>
    /// <exception cref="ArgumentException">A segment of more than 255 bytes.</exception>
    /// <exception cref="FormatException">A fragment, or a percent sign without two hexadecimal digits.</exception>
    public static void AddTo(
        CoapOptionList options, string pathAndQuery, CoapOptionNumber pathNumber = CoapOptionNumber.UriPath, CoapOptionNumber queryNumber = CoapOptionNumber.UriQuery)
    {
        CoapUriStatus status = pathAndQuery.Contains('#', StringComparison.Ordinal)
            ? CoapUriStatus.Fragment
            : TryAddTo(options, pathAndQuery, strict: false, pathNumber, queryNumber);
        if (status == CoapUriStatus.SegmentTooLong)
        {
            throw new ArgumentException($"A segment of \"{pathAndQuery}\" is longer than {MaxPartLength} bytes.", nameof(pathAndQuery));
        }

        if (status != CoapUriStatus.Ok)
        {
            throw new FormatException($"\"{pathAndQuery}\" is no path with a query: {status}.");
        }
    }

    /// <summary>The same, telling what is wrong; then some options may have been added.</summary>
    /// <param name="options">Where they are added.</param>
    /// <param name="pathAndQuery">Path and query, without a fragment.</param>
    /// <param name="strict">Whether characters must be percent-encoded where RFC 3986 says so. Those beyond ASCII need not (RFC 3987).</param>
    /// <param name="pathNumber">Uri-Path or Location-Path.</param>
    /// <param name="queryNumber">Uri-Query or Location-Query.</param>
    public static CoapUriStatus TryAddTo(
        CoapOptionList options, ReadOnlySpan<char> pathAndQuery, bool strict, CoapOptionNumber pathNumber, CoapOptionNumber queryNumber)
    {
        int question = pathAndQuery.IndexOf('?');
        ReadOnlySpan<char> path = question < 0 ? pathAndQuery : pathAndQuery[..question];
        var parts = new List<byte[]>();
        CoapUriStatus status = TrySplitPath(path.StartsWith('/') ? path[1..] : path, strict, parts);
        AddAll(options, pathNumber, parts);
        if (status == CoapUriStatus.Ok && question >= 0)
        {
            parts.Clear();
            ReadOnlySpan<char> query = pathAndQuery[(question + 1)..];
            status = TrySplit(query, '&', strict ? QueryText : null, parts);
            AddAll(options, queryNumber, parts);
        }

        return status;
    }

    /// <summary>"/" and the Uri-Path options, percent-encoded where a character is neither unreserved nor a sub-delimiter, ":" or "@".</summary>
    public static string Compose(CoapOptions options, CoapOptionNumber pathNumber = CoapOptionNumber.UriPath)
    {
        var text = new StringBuilder();
        AppendPath(text, options, pathNumber);
        return text.ToString();
    }

    /// <summary>The path as above, and the Uri-Query options behind "?", where there are any.</summary>
    public static string ComposeWithQuery(
        CoapOptions options, CoapOptionNumber pathNumber = CoapOptionNumber.UriPath, CoapOptionNumber queryNumber = CoapOptionNumber.UriQuery)
    {
        var text = new StringBuilder();
        AppendPath(text, options, pathNumber);
        char separator = '?';
        foreach (CoapOption option in options)
        {
            if (option.Number == queryNumber)
            {
                text.Append(separator);
                AppendEncoded(text, option.Value, QueryCharacters);
                separator = '&';
            }
        }

        return text.ToString();
    }

    /// <summary>Turns percent-encodings into the bytes that they stand for, and all else into UTF-8.</summary>
    /// <param name="part">A segment, an argument or a name.</param>
    /// <param name="allowed">The ASCII characters that may stand for themselves; null for all.</param>
    /// <param name="bytes">The bytes; empty on failure.</param>
    public static CoapUriStatus TryDecode(ReadOnlySpan<char> part, SearchValues<char>? allowed, out byte[] bytes)
    {
        bytes = [];
        var decoded = new byte[part.Length * MaxBytesPerChar];
        int length = 0;
        while (!part.IsEmpty)
        {
            if (part[0] == '%')
            {
                if (part.Length < EncodedLength
                    || !byte.TryParse(part[1..EncodedLength], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out decoded[length++]))
                {
                    return CoapUriStatus.MalformedPercentEncoding;
                }

                part = part[EncodedLength..];
                continue;
            }

            if (Rune.DecodeFromUtf16(part, out Rune rune, out int consumed) != OperationStatus.Done
                || (rune.IsAscii && allowed is not null && !allowed.Contains((char)rune.Value)))
            {
                return CoapUriStatus.ForbiddenCharacter;
            }

            length += rune.EncodeToUtf8(decoded.AsSpan(length));
            part = part[consumed..];
        }

        bytes = decoded[..length];
        return CoapUriStatus.Ok;
    }

    /// <summary>Appends bytes, percent-encoding those that are not <paramref name="allowed"/>.</summary>
    public static void AppendEncoded(StringBuilder text, ReadOnlySpan<byte> value, SearchValues<char> allowed)
    {
        foreach (byte b in value)
        {
            if (allowed.Contains((char)b))
            {
                text.Append((char)b);
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
            }
        }
    }

    private static void AppendPath(StringBuilder text, CoapOptions options, CoapOptionNumber number)
    {
        foreach (CoapOption option in options)
        {
            if (option.Number == number)
            {
                text.Append('/');
                AppendEncoded(text, option.Value, SegmentCharacters);
            }
        }

        if (text.Length == 0)
        {
            text.Append('/');
        }
    }

    private static CoapUriStatus TrySplitPath(ReadOnlySpan<char> path, bool strict, List<byte[]> segments)
    {
        var parts = new List<byte[]>();
        CoapUriStatus status = TrySplit(path, '/', strict ? SegmentCharacters : null, parts);
        for (int i = 0; i < parts.Count; i++)
        {
            // RFC 3986 section 5.2.4. An encoded dot is a dot (section 6.2.2.2), and no option may say "." or ".." (RFC 7252 section 5.10.1).
            if (!IsDots(parts[i]))
            {
                segments.Add(parts[i]);
                continue;
            }

            if (parts[i].Length == 2 && segments.Count > 0)
            {
                segments.RemoveAt(segments.Count - 1);
            }

            if (i == parts.Count - 1)
            {
                segments.Add([]);
            }
        }

        // RFC 7252 section 6.4, step 8: a path that is empty or a single slash has no segments.
        if (segments is [{ Length: 0 }])
        {
            segments.Clear();
        }

        return status;
    }

    private static CoapUriStatus TrySplit(ReadOnlySpan<char> text, char separator, SearchValues<char>? allowed, List<byte[]> parts)
    {
        foreach (Range range in text.Split(separator))
        {
            CoapUriStatus status = TryDecode(text[range], allowed, out byte[] part);
            if (status != CoapUriStatus.Ok)
            {
                return status;
            }

            if (part.Length > MaxPartLength)
            {
                return CoapUriStatus.SegmentTooLong;
            }

            parts.Add(part);
        }

        return CoapUriStatus.Ok;
    }

    private static void AddAll(CoapOptionList options, CoapOptionNumber number, List<byte[]> parts)
    {
        foreach (byte[] part in parts)
        {
            options.Add(number, part);
        }
    }

    /// <summary>Whether a segment is "." or "..".</summary>
    public static bool IsDots(ReadOnlySpan<byte> segment) => segment.Length is 1 or 2 && !segment.ContainsAnyExcept((byte)'.');

    // Specification: RFC 3986 section 2.2, section 2.3 and section 3.3 (pchar without percent-encoding); RFC 7252 section 5.10.
    public const string NameText = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=";
    private static readonly SearchValues<char> SegmentCharacters = SearchValues.Create(NameText + ":@");

    // RFC 3986 section 3.4; what comes out of options has its "&" encoded (RFC 7252 section 6.5, step 8).
    private static readonly SearchValues<char> QueryText = SearchValues.Create(NameText + ":@/?");
    private static readonly SearchValues<char> QueryCharacters = SearchValues.Create(NameText.Replace("&", "", StringComparison.Ordinal) + ":@/?");

    public const int MaxPartLength = 255;
    private const int EncodedLength = 3;
    private const int MaxBytesPerChar = 3;
}

using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Unicode;

namespace Flint.Coap;

/// <summary>Lists of links: application/link-format (RFC 6690), strictly as its grammar has it, without white space between the parts.</summary>
/// <remarks>
/// RFC 6690 section 2.
/// <code>
/// list      = [ link *( "," link ) ]
/// link      = "&lt;" URI-reference "&gt;" *( ";" attribute )
/// attribute = name [ "=" ( 1*character / DQUOTE *( character / "\" any ) DQUOTE ) ]
/// </code>
/// </remarks>
public static class CoapLinkFormat
{
    /// <summary>Reads a list.</summary>
    /// <param name="payload">The text in UTF-8.</param>
    /// <param name="links">The links; empty unless the result is <see cref="CoapLinkFormatStatus.Ok"/>.</param>
    /// <param name="maxLinks">How many links there may be.</param>
    public static CoapLinkFormatStatus TryRead(ReadOnlySpan<byte> payload, out IReadOnlyList<CoapLink> links, int maxLinks = DefaultMaxLinks)
    {
        links = [];
        if (!Utf8.IsValid(payload))
        {
            return CoapLinkFormatStatus.NotUtf8;
        }

        ReadOnlySpan<char> rest = Encoding.UTF8.GetString(payload);
        var found = new List<CoapLink>();
        while (!rest.IsEmpty || found.Count > 0)
        {
            if (found.Count >= maxLinks)
            {
                return CoapLinkFormatStatus.TooManyLinks;
            }

            CoapLinkFormatStatus status = TryReadLink(ref rest, out CoapLink? link);
            if (status != CoapLinkFormatStatus.Ok)
            {
                return status;
            }

            found.Add(link!);
            if (rest.IsEmpty)
            {
                break;
            }

            if (rest[0] != ',')
            {
                return CoapLinkFormatStatus.UnexpectedCharacter;
            }

            rest = rest[1..];
        }

        links = found;
        return CoapLinkFormatStatus.Ok;
    }

    /// <summary>Writes a list. Numbers stand without quotes, everything else within.</summary>
    public static byte[] Write(IEnumerable<CoapLink> links)
    {
        ArgumentNullException.ThrowIfNull(links);
        return Encoding.UTF8.GetBytes(string.Join(',', links.Select(Format)));
    }

    internal static string Format(CoapLink link)
    {
        var text = new StringBuilder();
        text.Append('<').Append(link.Target).Append('>');
        foreach (CoapLinkParameter attribute in link.Attributes)
        {
            text.Append(';').Append(attribute.Name);
            if (attribute.Value is string value)
            {
                text.Append('=');
                AppendValue(text, value);
            }
        }

        return text.ToString();
    }

    /// <summary>Whether a target has only characters that one may have. Those beyond ASCII may stand for themselves (section 2).</summary>
    internal static bool IsTarget(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (c is <= ' ' or '<' or '>' or '"' or '\x7f')
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a name has only characters that one may have; an asterisk may be its last (RFC 5987 section 3.2.1).</summary>
    internal static bool IsName(ReadOnlySpan<char> text)
    {
        ReadOnlySpan<char> plain = text.EndsWith('*') ? text[..^1] : text;
        return !plain.IsEmpty && !plain.ContainsAnyExcept(NameCharacters);
    }

    /// <summary>Answers a request for links: each of its queries is a filter (RFC 6690 section 4.1).</summary>
    internal static CoapResponse Answer(CoapRequest request, IEnumerable<CoapLink> links)
    {
        foreach (CoapOption option in request.Options)
        {
            if (option.Number == CoapOptionNumber.UriQuery)
            {
                string filter = option.GetString();
                links = links.Where(link => link.Matches(filter));
            }
        }

        return CoapResponse.Content(Write(links), CoapContentFormat.LinkFormat);
    }

    private static CoapLinkFormatStatus TryReadLink(ref ReadOnlySpan<char> rest, out CoapLink? link)
    {
        link = null;
        if (!rest.StartsWith('<'))
        {
            return CoapLinkFormatStatus.MissingTarget;
        }

        int end = rest.IndexOf('>');
        if (end < 0)
        {
            return CoapLinkFormatStatus.UnterminatedTarget;
        }

        string target = rest[1..end].ToString();
        if (!IsTarget(target))
        {
            return CoapLinkFormatStatus.MalformedTarget;
        }

        rest = rest[(end + 1)..];
        var attributes = new List<CoapLinkParameter>();
        while (rest.StartsWith(';'))
        {
            if (attributes.Count == MaxAttributes)
            {
                return CoapLinkFormatStatus.TooManyAttributes;
            }

            rest = rest[1..];
            CoapLinkFormatStatus status = TryReadAttribute(ref rest, out CoapLinkParameter attribute);
            if (status != CoapLinkFormatStatus.Ok)
            {
                return status;
            }

            attributes.Add(attribute);
        }

        link = new CoapLink(target, attributes);
        return CoapLinkFormatStatus.Ok;
    }

    private static CoapLinkFormatStatus TryReadAttribute(ref ReadOnlySpan<char> rest, out CoapLinkParameter attribute)
    {
        attribute = default;
        int end = rest.IndexOfAny('=', ';', ',');
        ReadOnlySpan<char> name = end < 0 ? rest : rest[..end];
        if (!IsName(name))
        {
            return CoapLinkFormatStatus.MalformedName;
        }

        rest = rest[name.Length..];
        string? value = null;
        if (rest.StartsWith('='))
        {
            rest = rest[1..];
            CoapLinkFormatStatus status = rest.StartsWith('"') ? TryReadQuoted(ref rest, out value) : TryReadToken(ref rest, out value);
            if (status != CoapLinkFormatStatus.Ok)
            {
                return status;
            }
        }

        attribute = new CoapLinkParameter(name.ToString(), value);
        return CoapLinkFormatStatus.Ok;
    }

    private static CoapLinkFormatStatus TryReadToken(ref ReadOnlySpan<char> rest, out string? value)
    {
        int end = rest.IndexOfAny(';', ',');
        ReadOnlySpan<char> token = end < 0 ? rest : rest[..end];
        bool isFine = !token.IsEmpty && !token.ContainsAnyExcept(TokenCharacters);
        value = isFine ? token.ToString() : null;
        rest = rest[token.Length..];
        return isFine ? CoapLinkFormatStatus.Ok : CoapLinkFormatStatus.MalformedValue;
    }

    private static CoapLinkFormatStatus TryReadQuoted(ref ReadOnlySpan<char> rest, out string? value)
    {
        value = null;
        var text = new StringBuilder();
        for (int i = 1; i < rest.Length; i++)
        {
            if (rest[i] == '"')
            {
                value = text.ToString();
                rest = rest[(i + 1)..];
                return CoapLinkFormatStatus.Ok;
            }

            // A backslash makes the next character, whatever it is, one of the text.
            i += rest[i] == '\\' ? 1 : 0;
            if (i < rest.Length && (rest[i] is < ' ' and not '\t' or '\x7f'))
            {
                return CoapLinkFormatStatus.MalformedValue;
            }

            text.Append(i < rest.Length ? rest[i] : '\\');
        }

        return CoapLinkFormatStatus.UnterminatedValue;
    }

    private static void AppendValue(StringBuilder text, string value)
    {
        if (value.Length > 0 && value.All(char.IsAsciiDigit))
        {
            text.Append(value);
            return;
        }

        text.Append('"');
        foreach (char c in value)
        {
            if (c is '"' or '\\')
            {
                text.Append('\\');
            }

            text.Append(c);
        }

        text.Append('"');
    }

    // Specification: RFC 5987 section 3.2.1 (attr-char); RFC 6690 section 2 (ptokenchar).
    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create(Alphanumeric + "!#$&+-.^_`|~");
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(Alphanumeric + "!#$%&'()*+-./:<=>?@[]^_`{|}~");

    // Implementation.
    private const int DefaultMaxLinks = 4096;
    private const int MaxAttributes = 64;
}

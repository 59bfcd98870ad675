using System;
using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Unicode;

namespace Flint.Coap;

/// <summary>
/// A URI of CoAP in its normal form, to options and back. Two URIs are equal where they name the same resource (RFC 7252 section 6.3): scheme and host in lower case,
/// no default port, no dot segments, "/" for an empty path, percent-encodings only where they are needed, addresses in their usual form.
/// </summary>
/// <remarks>RFC 7252 section 6.1: <c>scheme "://" host [ ":" port ] path [ "?" query ]</c>; characters beyond ASCII may stand for themselves (RFC 3987).</remarks>
public sealed class CoapUri : IEquatable<CoapUri>
{
    private readonly CoapOptionList _pathAndQuery;
    private readonly string _text;

    private CoapUri(CoapScheme scheme, string host, IPAddress? address, int port, CoapOptionList pathAndQuery)
    {
        Scheme = scheme;
        Host = host;
        Address = address;
        Port = port;
        _pathAndQuery = pathAndQuery;
        Path = CoapPath.Compose(pathAndQuery.View);
        PathAndQuery = CoapPath.ComposeWithQuery(pathAndQuery.View);
        _text = Format();
    }

    /// <summary>The scheme.</summary>
    public CoapScheme Scheme { get; }

    /// <summary>The host in lower case: a name with its percent-encodings resolved, or an address without brackets.</summary>
    public string Host { get; }

    /// <summary>The host's address, where it is an address; null for a name.</summary>
    public IPAddress? Address { get; }

    /// <summary>The port, 1 to 65535.</summary>
    public int Port { get; }

    /// <summary>The path, percent-encoded; "/" where there is none.</summary>
    public string Path { get; }

    /// <summary>The path, and "?" with the query where there is one, both percent-encoded.</summary>
    public string PathAndQuery { get; }

    /// <summary>Whether the scheme stands for DTLS or TLS.</summary>
    public bool IsSecure => Scheme is CoapScheme.Coaps or CoapScheme.CoapsTcp;

    /// <summary>Reads a URI.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static CoapUri Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        CoapUriStatus status = TryParse(text, out CoapUri? uri);
        return status == CoapUriStatus.Ok ? uri! : throw new FormatException($"\"{text}\" is no CoAP URI: {status}.");
    }

    /// <summary>Reads a URI (RFC 7252 section 6.4, RFC 8323 section 8).</summary>
    /// <param name="text">The text.</param>
    /// <param name="uri">The URI; null unless the result is <see cref="CoapUriStatus.Ok"/>.</param>
    public static CoapUriStatus TryParse(ReadOnlySpan<char> text, out CoapUri? uri)
    {
        uri = null;
        int colon = text.IndexOf(':');
        if (colon <= 0 || !char.IsAsciiLetter(text[0]) || text[..colon].ContainsAnyExcept(SchemeCharacters))
        {
            return CoapUriStatus.NotAbsolute;
        }

        if (!TryFindScheme(text[..colon], out CoapScheme scheme))
        {
            return CoapUriStatus.UnknownScheme;
        }

        ReadOnlySpan<char> rest = text[(colon + 1)..];
        if (rest.Contains('#'))
        {
            return CoapUriStatus.Fragment;
        }

        if (!rest.StartsWith("//"))
        {
            return CoapUriStatus.MissingHost;
        }

        rest = rest[2..];
        int end = rest.IndexOfAny('/', '?');
        ReadOnlySpan<char> authority = end < 0 ? rest : rest[..end];
        CoapUriStatus status = TryReadAuthority(authority, DefaultPortOf(scheme), out string host, out IPAddress? address, out int port);
        if (status != CoapUriStatus.Ok)
        {
            return status;
        }

        var options = new CoapOptionList();
        status = CoapPath.TryAddTo(options, rest[authority.Length..], strict: true, CoapOptionNumber.UriPath, CoapOptionNumber.UriQuery);
        uri = status == CoapUriStatus.Ok ? new CoapUri(scheme, host, address, port, options) : null;
        return status;
    }

    /// <summary>Composes the URI of a request from its options (RFC 7252 section 6.5, RFC 8323 section 8).</summary>
    /// <param name="scheme">How the request came.</param>
    /// <param name="request">The request's options.</param>
    /// <param name="destination">Where it was sent to: the host and the port where the options name none.</param>
    /// <param name="uri">The URI; null unless the result is <see cref="CoapUriStatus.Ok"/>.</param>
    public static CoapUriStatus TryCompose(CoapScheme scheme, CoapOptions request, IPEndPoint destination, out CoapUri? uri)
    {
        ArgumentNullException.ThrowIfNull(destination);
        uri = null;
        IPAddress? address = Unmapped(destination.Address);
        string host = address.ToString();
        int port = destination.Port;
        var parts = new CoapOptionList();
        foreach (CoapOption option in request)
        {
            CoapUriStatus status = CoapUriStatus.Ok;
            switch (option.Number)
            {
                case CoapOptionNumber.UriHost:
                    status = TryReadHostOption(option.Value, out host, out address);
                    break;
                case CoapOptionNumber.UriPort:
                    status = option.TryGetUInt32(out uint value) && value is > 0 and <= ushort.MaxValue ? CoapUriStatus.Ok : CoapUriStatus.MalformedPort;
                    port = (int)Math.Min(value, ushort.MaxValue);
                    break;
                case CoapOptionNumber.UriPath or CoapOptionNumber.UriQuery:
                    status = option.Value.Length > CoapPath.MaxPartLength ? CoapUriStatus.SegmentTooLong
                        : option.Number == CoapOptionNumber.UriPath && CoapPath.IsDots(option.Value) ? CoapUriStatus.DotSegment
                        : CoapUriStatus.Ok;
                    parts.Add(option.Number, option.Value);
                    break;
                default:
                    break;
            }

            if (status != CoapUriStatus.Ok)
            {
                return status;
            }
        }

        uri = new CoapUri(scheme, host, address, port, WithoutLoneEmptySegment(parts));
        return CoapUriStatus.Ok;
    }

    /// <summary>Adds what makes a request ask for this resource: Uri-Host and Uri-Port only where they say something else than the destination does, Uri-Path, Uri-Query.</summary>
    /// <param name="options">The options of the request.</param>
    /// <param name="destination">Where the request will be sent.</param>
    public void AddTo(CoapOptionList options, IPEndPoint destination)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(destination);
        if (Address is null)
        {
            options.Add(CoapOptionNumber.UriHost, Host);
        }
        else if (!Unmapped(Address).GetAddressBytes().AsSpan().SequenceEqual(Unmapped(destination.Address).GetAddressBytes()))
        {
            options.Add(CoapOptionNumber.UriHost, FormatHost(Host, new IPAddress(Address.GetAddressBytes())));
        }

        if (Port != destination.Port)
        {
            options.Add(CoapOptionNumber.UriPort, (uint)Port);
        }

        foreach (CoapOption option in _pathAndQuery)
        {
            options.Add(option.Number, option.Value);
        }
    }

    /// <summary>The normal form.</summary>
    public override string ToString() => _text;

    /// <summary>Whether both name the same resource.</summary>
    public bool Equals(CoapUri? other) => other is not null && string.Equals(_text, other._text, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as CoapUri);

    /// <inheritdoc/>
    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary>The port where a URI names none (RFC 7252 section 6.1 and section 6.2, RFC 8323 section 8.1 and section 8.2).</summary>
    internal static int DefaultPortOf(CoapScheme scheme) => scheme is CoapScheme.Coap or CoapScheme.CoapTcp ? DefaultPort : DefaultSecurePort;

    private string Format()
    {
        string port = Port == DefaultPortOf(Scheme) ? "" : ":" + Port.ToString(CultureInfo.InvariantCulture);
        return $"{Schemes[(int)Scheme]}://{FormatHost(Host, Address)}{port}{PathAndQuery}";
    }

    private static string FormatHost(string host, IPAddress? address)
    {
        if (address is not null)
        {
            return address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{address.ToString().Replace("%", ZoneSeparator, StringComparison.Ordinal)}]" : address.ToString();
        }

        var text = new StringBuilder();
        CoapPath.AppendEncoded(text, Encoding.UTF8.GetBytes(host), NameCharacters);
        return text.ToString();
    }

    private static bool TryFindScheme(ReadOnlySpan<char> text, out CoapScheme scheme)
    {
        for (int i = 0; i < Schemes.Length; i++)
        {
            if (text.Equals(Schemes[i], StringComparison.OrdinalIgnoreCase))
            {
                scheme = (CoapScheme)i;
                return true;
            }
        }

        scheme = default;
        return false;
    }

    private static CoapUriStatus TryReadAuthority(ReadOnlySpan<char> authority, int defaultPort, out string host, out IPAddress? address, out int port)
    {
        host = "";
        address = null;
        port = defaultPort;
        if (authority.Contains('@'))
        {
            return CoapUriStatus.UserInformation;
        }

        int hostEnd = authority.StartsWith('[') ? authority.IndexOf(']') + 1 : authority.IndexOf(':');
        hostEnd = hostEnd < 0 ? authority.Length : hostEnd;
        ReadOnlySpan<char> name = authority[..hostEnd];
        ReadOnlySpan<char> portText = authority[hostEnd..];
        CoapUriStatus status = authority.StartsWith('[') ? TryReadIPv6(name, out host, out address) : TryReadName(name, out host, out address);
        if (status != CoapUriStatus.Ok)
        {
            return status;
        }

        if (portText.IsEmpty || portText is ":")
        {
            return CoapUriStatus.Ok;
        }

        return portText[0] == ':' && int.TryParse(portText[1..], NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= ushort.MaxValue
            ? CoapUriStatus.Ok
            : CoapUriStatus.MalformedPort;
    }

    private static CoapUriStatus TryReadName(ReadOnlySpan<char> text, out string host, out IPAddress? address)
    {
        host = "";
        address = null;
        if (text.IsEmpty)
        {
            return CoapUriStatus.MissingHost;
        }

        CoapUriStatus status = CoapPath.TryDecode(text, NameCharacters, out byte[] bytes);
        return status == CoapUriStatus.MalformedPercentEncoding ? status : TryReadNameBytes(bytes, out host, out address);
    }

    /// <summary>A name whose percent-encodings are resolved. What a name may hold but for them, and it must be UTF-8 (RFC 3986 section 3.2.2).</summary>
    private static CoapUriStatus TryReadNameBytes(ReadOnlySpan<byte> bytes, out string host, out IPAddress? address)
    {
        host = "";
        address = null;
        foreach (byte b in bytes)
        {
            if (b < FirstBeyondAscii && !NameCharacters.Contains((char)b))
            {
                return CoapUriStatus.MalformedHost;
            }
        }

        if (bytes.IsEmpty || bytes.Length > CoapPath.MaxPartLength || !Utf8.IsValid(bytes))
        {
            return CoapUriStatus.MalformedHost;
        }

        host = ToAsciiLower(Encoding.UTF8.GetString(bytes));
        address = TryReadIPv4(host);
        return CoapUriStatus.Ok;
    }

    private static CoapUriStatus TryReadHostOption(ReadOnlySpan<byte> value, out string host, out IPAddress? address) => value is [(byte)'[', ..]
        ? TryReadIPv6(Encoding.UTF8.GetString(value), out host, out address)
        : TryReadNameBytes(value, out host, out address);

    /// <summary>An IPv6 address in brackets, with a zone where it has one (RFC 6874).</summary>
    private static CoapUriStatus TryReadIPv6(ReadOnlySpan<char> text, out string host, out IPAddress? address)
    {
        host = "";
        address = null;
        if (text is not ['[', .. ReadOnlySpan<char> inner, ']'])
        {
            return CoapUriStatus.MalformedHost;
        }

        int percent = inner.IndexOf('%');
        ReadOnlySpan<char> zone = percent < 0 ? default : inner[percent..];
        if ((percent < 0 ? inner : inner[..percent]).ContainsAnyExcept(IPv6Characters) || (percent >= 0 && !zone.StartsWith(ZoneSeparator)))
        {
            return CoapUriStatus.MalformedHost;
        }

        string whole = percent < 0 ? inner.ToString() : $"{inner[..percent]}%{zone[ZoneSeparator.Length..]}";
        if (!IPAddress.TryParse(whole, out address) || address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            address = null;
            return CoapUriStatus.MalformedHost;
        }

        host = address.ToString();
        return CoapUriStatus.Ok;
    }

    /// <summary>RFC 3986 section 3.2.2: four decimal numbers without leading zeros. Anything else is a name, such as "1.2.3" or "0x7f.1".</summary>
    private static IPAddress? TryReadIPv4(string host)
    {
        string[] parts = host.Split('.');
        Span<byte> bytes = stackalloc byte[4];
        if (parts.Length != bytes.Length)
        {
            return null;
        }

        for (int i = 0; i < bytes.Length; i++)
        {
            if (!byte.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out bytes[i]) || (parts[i].Length > 1 && parts[i][0] == '0'))
            {
                return null;
            }
        }

        return new IPAddress(bytes);
    }

    /// <summary>One empty Uri-Path and none at all are the same path, "/".</summary>
    private static CoapOptionList WithoutLoneEmptySegment(CoapOptionList parts)
    {
        int segments = 0;
        bool isEmpty = true;
        foreach (CoapOption option in parts)
        {
            if (option.Number == CoapOptionNumber.UriPath)
            {
                segments++;
                isEmpty &= option.Value.IsEmpty;
            }
        }

        if (segments == 1 && isEmpty)
        {
            parts.Remove(CoapOptionNumber.UriPath);
        }

        return parts;
    }

    private static string ToAsciiLower(string text) => string.Create(text.Length, text, static (lower, from) =>
    {
        for (int i = 0; i < lower.Length; i++)
        {
            lower[i] = char.IsAsciiLetterUpper(from[i]) ? (char)(from[i] | 0x20) : from[i];
        }
    });

    private static IPAddress Unmapped(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    // Specification: RFC 3986 section 3.1 and section 3.2.2, RFC 6874 section 2.
    private static readonly string[] Schemes = ["coap", "coaps", "coap+tcp", "coaps+tcp"];
    private static readonly SearchValues<char> SchemeCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.");
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create(CoapPath.NameText);
    private static readonly SearchValues<char> IPv6Characters = SearchValues.Create("0123456789ABCDEFabcdef:.");
    private const string ZoneSeparator = "%25";
    private const byte FirstBeyondAscii = 0x80;

    // Specification: RFC 7252 section 6.1 and section 6.2.
    internal const int DefaultPort = 5683;
    private const int DefaultSecurePort = 5684;
}

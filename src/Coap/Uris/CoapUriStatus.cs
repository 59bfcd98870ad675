namespace Flint.Coap;

/// <summary>Why a text is no CoAP URI, or why the options of a request make none: one value for each reason, with the section that it breaks.</summary>
public enum CoapUriStatus
{
    /// <summary>A URI.</summary>
    Ok = 0,

    /// <summary>There is no scheme (RFC 7252 section 6.4, step 1).</summary>
    NotAbsolute,

    /// <summary>The scheme is none of <see cref="CoapScheme"/> (RFC 7252 section 6.4, step 3).</summary>
    UnknownScheme,

    /// <summary>There is a fragment (RFC 7252 section 6.4, step 4).</summary>
    Fragment,

    /// <summary>There is something before an "@": CoAP's URIs have no user information (RFC 7252 section 6.1).</summary>
    UserInformation,

    /// <summary>There is no host, or an empty one (RFC 7252 section 6.1).</summary>
    MissingHost,

    /// <summary>The host is neither a name nor an address, or has more than 255 bytes (RFC 3986 section 3.2.2, RFC 7252 section 5.10.1 and section 6.5, step 2).</summary>
    MalformedHost,

    /// <summary>The port is no number from 1 to 65535 (RFC 3986 section 3.2.3).</summary>
    MalformedPort,

    /// <summary>A percent sign without two hexadecimal digits (RFC 3986 section 2.1).</summary>
    MalformedPercentEncoding,

    /// <summary>A character that must be percent-encoded, or half of a surrogate pair (RFC 3986 section 3.3 and section 3.4).</summary>
    ForbiddenCharacter,

    /// <summary>A segment of the path or an argument of the query has more than 255 bytes (RFC 7252 section 5.10).</summary>
    SegmentTooLong,

    /// <summary>An option Uri-Path of "." or ".." (RFC 7252 section 5.10.1). In a text such segments are resolved.</summary>
    DotSegment,
}

namespace Flint.Coap;

/// <summary>
/// The "CoAP Option Numbers" registry (RFC 7252 section 12.2). Values without a name here are valid; what a number says by itself
/// is in <see cref="CoapOptionNumberExtensions"/>. Signalling messages have numbers of their own: <see cref="CoapSignallingOption"/>.
/// </summary>
public enum CoapOptionNumber : ushort
{
    /// <summary>0 is reserved (RFC 7252 section 12.2).</summary>
    Reserved = 0,

    /// <summary>RFC 7252 section 5.10.8.1.</summary>
    IfMatch = 1,

    /// <summary>RFC 7252 section 5.10.1.</summary>
    UriHost = 3,

    /// <summary>RFC 7252 section 5.10.6.</summary>
    ETag = 4,

    /// <summary>RFC 7252 section 5.10.8.2.</summary>
    IfNoneMatch = 5,

    /// <summary>RFC 7641 section 2.</summary>
    Observe = 6,

    /// <summary>RFC 7252 section 5.10.1.</summary>
    UriPort = 7,

    /// <summary>RFC 7252 section 5.10.7.</summary>
    LocationPath = 8,

    /// <summary>RFC 8613 section 2.</summary>
    Oscore = 9,

    /// <summary>RFC 7252 section 5.10.1.</summary>
    UriPath = 11,

    /// <summary>RFC 7252 section 5.10.3.</summary>
    ContentFormat = 12,

    /// <summary>RFC 7252 section 5.10.5: seconds, 60 where absent.</summary>
    MaxAge = 14,

    /// <summary>RFC 7252 section 5.10.1.</summary>
    UriQuery = 15,

    /// <summary>RFC 8768 section 3.</summary>
    HopLimit = 16,

    /// <summary>RFC 7252 section 5.10.4.</summary>
    Accept = 17,

    /// <summary>RFC 9177 section 4.</summary>
    QBlock1 = 19,

    /// <summary>RFC 7252 section 5.10.7.</summary>
    LocationQuery = 20,

    /// <summary>RFC 9668 section 3.</summary>
    Edhoc = 21,

    /// <summary>RFC 7959 section 2.1.</summary>
    Block2 = 23,

    /// <summary>RFC 7959 section 2.1.</summary>
    Block1 = 27,

    /// <summary>RFC 7959 section 4.</summary>
    Size2 = 28,

    /// <summary>RFC 9177 section 4.</summary>
    QBlock2 = 31,

    /// <summary>RFC 7252 section 5.10.2.</summary>
    ProxyUri = 35,

    /// <summary>RFC 7252 section 5.10.2.</summary>
    ProxyScheme = 39,

    /// <summary>RFC 7252 section 5.10.9.</summary>
    Size1 = 60,

    /// <summary>RFC 9175 section 2.2.</summary>
    Echo = 252,

    /// <summary>RFC 7967 section 2.</summary>
    NoResponse = 258,

    /// <summary>RFC 9175 section 3.2.</summary>
    RequestTag = 292,

    /// <summary>OCF Core Specification: which version of a content format is accepted.</summary>
    OcfAcceptContentFormatVersion = 2049,

    /// <summary>OCF Core Specification: the version of the content format.</summary>
    OcfContentFormatVersion = 2053,
}

namespace Flint.Coap;

/// <summary>The formats of option values (RFC 7252 section 3.2).</summary>
public enum CoapOptionKind
{
    /// <summary>Bytes without a meaning of their own.</summary>
    Opaque,

    /// <summary>No bytes.</summary>
    Empty,

    /// <summary>An unsigned integer in network order; leading zeros carry nothing.</summary>
    UInt,

    /// <summary>UTF-8 in Net-Unicode form (RFC 5198); the RFCs say "string".</summary>
    Text,
}

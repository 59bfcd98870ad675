namespace Flint.Coap;

/// <summary>What an option number says by itself (RFC 7252 section 5.4.6), and what the registry says about the numbers it names.</summary>
public static class CoapOptionNumberExtensions
{
    /// <summary>Odd numbers are critical: who does not understand one must not process the message (RFC 7252 section 5.4.1).</summary>
    public static bool IsCritical(this CoapOptionNumber number) => ((ushort)number & 1) != 0;

    /// <summary>A proxy that does not understand an unsafe option must not forward the message (RFC 7252 section 5.4.2).</summary>
    public static bool IsUnsafe(this CoapOptionNumber number) => ((ushort)number & 2) != 0;

    /// <summary>A safe option that is no part of the cache key (RFC 7252 section 5.4.6).</summary>
    public static bool IsNoCacheKey(this CoapOptionNumber number) => ((ushort)number & 0x1e) == 0x1c;

    /// <summary>Whether the registry's definition allows the option more than once in a message (RFC 7252 section 5.4.5); false for a number without a name.</summary>
    public static bool IsRepeatable(this CoapOptionNumber number) => number
        is CoapOptionNumber.IfMatch or CoapOptionNumber.ETag or CoapOptionNumber.LocationPath or CoapOptionNumber.UriPath
        or CoapOptionNumber.UriQuery or CoapOptionNumber.LocationQuery or CoapOptionNumber.QBlock2 or CoapOptionNumber.RequestTag;

    /// <summary>
    /// Whether a value of <paramref name="length"/> bytes lies within the option's definition. A value outside makes the option
    /// count as unrecognised (RFC 7252 section 5.4.3). True for any length of a number without a name.
    /// </summary>
    public static bool AllowsLength(this CoapOptionNumber number, int length) => number switch
    {
        CoapOptionNumber.IfMatch or CoapOptionNumber.RequestTag => length <= 8,
        CoapOptionNumber.ETag => length is >= 1 and <= 8,
        CoapOptionNumber.IfNoneMatch or CoapOptionNumber.Edhoc => length == 0,
        CoapOptionNumber.UriHost or CoapOptionNumber.ProxyScheme => length is >= 1 and <= 255,
        CoapOptionNumber.UriPath or CoapOptionNumber.UriQuery or CoapOptionNumber.LocationPath
            or CoapOptionNumber.LocationQuery or CoapOptionNumber.Oscore => length <= 255,
        CoapOptionNumber.UriPort or CoapOptionNumber.ContentFormat or CoapOptionNumber.Accept
            or CoapOptionNumber.OcfAcceptContentFormatVersion or CoapOptionNumber.OcfContentFormatVersion => length <= 2,
        CoapOptionNumber.Observe or CoapOptionNumber.Block1 or CoapOptionNumber.Block2
            or CoapOptionNumber.QBlock1 or CoapOptionNumber.QBlock2 => length <= 3,
        CoapOptionNumber.MaxAge or CoapOptionNumber.Size1 or CoapOptionNumber.Size2 => length <= 4,
        CoapOptionNumber.HopLimit => length == 1,
        CoapOptionNumber.NoResponse => length <= 1,
        CoapOptionNumber.Echo => length is >= 1 and <= 40,
        CoapOptionNumber.ProxyUri => length is >= 1 and <= 1034,
        _ => true,
    };

    /// <summary>What a value of the option is, by its definition; opaque for a number without a name (RFC 7252 section 3.2).</summary>
    public static CoapOptionKind Kind(this CoapOptionNumber number) => number switch
    {
        CoapOptionNumber.IfNoneMatch or CoapOptionNumber.Edhoc => CoapOptionKind.Empty,
        CoapOptionNumber.UriHost or CoapOptionNumber.LocationPath or CoapOptionNumber.UriPath or CoapOptionNumber.UriQuery
            or CoapOptionNumber.LocationQuery or CoapOptionNumber.ProxyUri or CoapOptionNumber.ProxyScheme => CoapOptionKind.Text,
        CoapOptionNumber.Observe or CoapOptionNumber.UriPort or CoapOptionNumber.ContentFormat or CoapOptionNumber.MaxAge or CoapOptionNumber.HopLimit
            or CoapOptionNumber.Accept or CoapOptionNumber.QBlock1 or CoapOptionNumber.QBlock2 or CoapOptionNumber.Block1 or CoapOptionNumber.Block2
            or CoapOptionNumber.Size1 or CoapOptionNumber.Size2 or CoapOptionNumber.NoResponse
            or CoapOptionNumber.OcfAcceptContentFormatVersion or CoapOptionNumber.OcfContentFormatVersion => CoapOptionKind.UInt,
        _ => CoapOptionKind.Opaque,
    };
}

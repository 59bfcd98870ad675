namespace Flint.Device.Nano;

/// <summary>The codes that a device uses, as bytes: class in the upper three bits, detail in the lower five (RFC 7252 section 12.1).</summary>
public static class CoapCode
{
    /// <summary>0.00: an empty message.</summary>
    public const byte Empty = 0x00;

    /// <summary>0.01.</summary>
    public const byte Get = 0x01;

    /// <summary>0.02.</summary>
    public const byte Post = 0x02;

    /// <summary>0.03.</summary>
    public const byte Put = 0x03;

    /// <summary>0.04.</summary>
    public const byte Delete = 0x04;

    /// <summary>2.01 Created.</summary>
    public const byte Created = 0x41;

    /// <summary>2.03 Valid.</summary>
    public const byte Valid = 0x43;

    /// <summary>2.04 Changed.</summary>
    public const byte Changed = 0x44;

    /// <summary>2.05 Content.</summary>
    public const byte Content = 0x45;

    /// <summary>2.31 Continue (RFC 7959).</summary>
    public const byte Continue = 0x5F;

    /// <summary>4.00 Bad Request.</summary>
    public const byte BadRequest = 0x80;

    /// <summary>4.02 Bad Option: a critical option that is not known.</summary>
    public const byte BadOption = 0x82;

    /// <summary>4.03 Forbidden.</summary>
    public const byte Forbidden = 0x83;

    /// <summary>4.04 Not Found.</summary>
    public const byte NotFound = 0x84;

    /// <summary>4.05 Method Not Allowed.</summary>
    public const byte MethodNotAllowed = 0x85;

    /// <summary>4.06 Not Acceptable.</summary>
    public const byte NotAcceptable = 0x86;

    /// <summary>4.08 Request Entity Incomplete (RFC 7959).</summary>
    public const byte RequestEntityIncomplete = 0x88;

    /// <summary>4.13 Request Entity Too Large.</summary>
    public const byte RequestEntityTooLarge = 0x8D;

    /// <summary>5.00 Internal Server Error.</summary>
    public const byte InternalServerError = 0xA0;

    /// <summary>5.03 Service Unavailable.</summary>
    public const byte ServiceUnavailable = 0xA3;

    /// <summary>7.01 CSM: capabilities and settings, the first message of each side on a stream (RFC 8323 section 5.3).</summary>
    public const byte Csm = 0xE1;

    /// <summary>7.02 Ping (RFC 8323 section 5.4).</summary>
    public const byte Ping = 0xE2;

    /// <summary>7.03 Pong (RFC 8323 section 5.4).</summary>
    public const byte Pong = 0xE3;

    /// <summary>7.04 Release (RFC 8323 section 5.5).</summary>
    public const byte Release = 0xE4;

    /// <summary>7.05 Abort (RFC 8323 section 5.6).</summary>
    public const byte Abort = 0xE5;

    /// <summary>Whether the code is a request method, class 0 without 0.00.</summary>
    public static bool IsRequest(byte code) => code != Empty && code < 0x20;

    /// <summary>Whether the code is a response: classes 2 to 5.</summary>
    public static bool IsResponse(byte code) => code >= 0x40 && code < 0xC0;

    /// <summary>Whether the class is one that RFC 7252 section 12.1 reserves, and RFC 8323 does not use: 1 or 6.</summary>
    internal static bool IsReserved(byte code) => code >> 5 == 1 || code >> 5 == 6;
}

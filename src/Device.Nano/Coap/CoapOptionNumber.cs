namespace Flint.Device.Nano;

/// <summary>The option numbers that a device uses (RFC 7252 section 12.2; RFC 7641, 7959 and 7967 for the later ones).</summary>
public static class CoapOptionNumber
{
    /// <summary>If-Match: opaque, 0 to 8 bytes.</summary>
    public const int IfMatch = 1;

    /// <summary>Uri-Host: text.</summary>
    public const int UriHost = 3;

    /// <summary>ETag: opaque, 1 to 8 bytes.</summary>
    public const int ETag = 4;

    /// <summary>Observe: unsigned, up to 3 bytes (RFC 7641).</summary>
    public const int Observe = 6;

    /// <summary>Uri-Port: unsigned, up to 2 bytes.</summary>
    public const int UriPort = 7;

    /// <summary>Uri-Path: one segment as text.</summary>
    public const int UriPath = 11;

    /// <summary>Content-Format: unsigned, up to 2 bytes.</summary>
    public const int ContentFormat = 12;

    /// <summary>Max-Age: unsigned seconds, up to 4 bytes.</summary>
    public const int MaxAge = 14;

    /// <summary>Uri-Query: one argument as text.</summary>
    public const int UriQuery = 15;

    /// <summary>Accept: unsigned, up to 2 bytes.</summary>
    public const int Accept = 17;

    /// <summary>Block2: the block of a response's body (RFC 7959).</summary>
    public const int Block2 = 23;

    /// <summary>Block1: the block of a request's body (RFC 7959).</summary>
    public const int Block1 = 27;

    /// <summary>Size2: the size of a response's body (RFC 7959).</summary>
    public const int Size2 = 28;

    /// <summary>Size1: the size of a request's body (RFC 7959).</summary>
    public const int Size1 = 60;

    /// <summary>No-Response: which responses the client does not want (RFC 7967).</summary>
    public const int NoResponse = 258;

    /// <summary>Max-Message-Size in a CSM: unsigned, up to 4 bytes (RFC 8323 section 5.3.1).</summary>
    public const int CsmMaxMessageSize = 2;

    /// <summary>Block-Wise-Transfer in a CSM: empty (RFC 8323 section 5.3.2).</summary>
    public const int CsmBlockWiseTransfer = 4;

    /// <summary>Whether a receiver that does not know the option must refuse the message (RFC 7252 section 5.4.6).</summary>
    public static bool IsCritical(int number) => (number & 1) != 0;
}

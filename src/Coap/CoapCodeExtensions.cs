using System.Globalization;

namespace Flint.Coap;

/// <summary>What a <see cref="CoapCode"/> says about its message (RFC 7252 section 3 and section 12.1).</summary>
public static class CoapCodeExtensions
{
    /// <summary>The class, 0 to 7.</summary>
    public static int Class(this CoapCode code) => (byte)code >> 5;

    /// <summary>The detail, 0 to 31.</summary>
    public static int Detail(this CoapCode code) => (byte)code & 31;

    /// <summary>0.01 to 0.31: a request, known method or not.</summary>
    public static bool IsRequest(this CoapCode code) => (byte)code is >= 1 and <= 31;

    /// <summary>2.00 to 5.31: a response, known code or not.</summary>
    public static bool IsResponse(this CoapCode code) => code.Class() is >= 2 and <= 5;

    /// <summary>7.00 to 7.31: a signalling message, on streams only (RFC 8323 section 5).</summary>
    public static bool IsSignalling(this CoapCode code) => code.Class() == 7;

    /// <summary>2.xx: the request was received, understood and accepted (RFC 7252 section 5.9.1).</summary>
    public static bool IsSuccess(this CoapCode code) => code.Class() == 2;

    /// <summary>4.xx or 5.xx (RFC 7252 sections 5.9.2 and 5.9.3).</summary>
    public static bool IsError(this CoapCode code) => code.Class() is 4 or 5;

    /// <summary>GET and FETCH: no action other than retrieval (RFC 7252 section 5.1, RFC 8132 section 2).</summary>
    public static bool IsSafe(this CoapCode code) => code is CoapCode.Get or CoapCode.Fetch;

    /// <summary>Methods that may be repeated with the same effect (RFC 7252 section 5.1, RFC 8132).</summary>
    public static bool IsIdempotent(this CoapCode code) =>
        code is CoapCode.Get or CoapCode.Put or CoapCode.Delete or CoapCode.Fetch or CoapCode.IPatch;

    /// <summary>The notation of the RFCs, for example "2.05".</summary>
    public static string ToDotted(this CoapCode code) =>
        string.Create(CultureInfo.InvariantCulture, $"{code.Class()}.{code.Detail():00}");
}

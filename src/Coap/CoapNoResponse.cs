namespace Flint.Coap;

/// <summary>The option No-Response (RFC 7967).</summary>
internal static class CoapNoResponse
{
    /// <summary>Section 2.1: each bit suppresses a class of responses; an empty value suppresses none.</summary>
    public static bool IsUnwanted(CoapRequest request, CoapCode response) =>
        request.Options.TryGetUInt32(CoapOptionNumber.NoResponse, out uint unwanted) && (unwanted >> (response.Class() - 1) & 1) != 0;

    /// <summary>Makes a request say that no response is wanted, whatever its class.</summary>
    public static void SuppressAll(CoapRequest request) => request.NoResponse = CoapResponseClasses.All;
}

namespace Flint.Coap;

/// <summary>The option Hop-Limit (RFC 8768). Only proxies count it down; everybody refuses a value that it cannot have.</summary>
internal static class CoapHopLimit
{
    /// <summary>Section 3: requests "received with a Hop-Limit Option set to '0' or greater than '255' MUST be rejected by a CoAP server/proxy using 4.00".</summary>
    public static bool IsMalformed(CoapOptions options) =>
        options.TryFind(CoapOptionNumber.HopLimit, out CoapOption option) && (option.Value.Length != 1 || option.Value[0] == 0);
}

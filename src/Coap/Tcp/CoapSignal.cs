namespace Flint.Coap;

/// <summary>A signalling message that is to be sent: options and a diagnostic payload (RFC 8323 section 5.1).</summary>
internal sealed class CoapSignal : CoapMessage;

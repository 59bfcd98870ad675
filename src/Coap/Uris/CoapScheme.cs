namespace Flint.Coap;

/// <summary>The schemes of CoAP's URIs, in the order of their definition.</summary>
public enum CoapScheme
{
    /// <summary><c>coap</c>: UDP, port 5683 (RFC 7252 section 6.1).</summary>
    Coap,

    /// <summary><c>coaps</c>: DTLS, port 5684 (RFC 7252 section 6.2).</summary>
    Coaps,

    /// <summary><c>coap+tcp</c>: TCP, port 5683 (RFC 8323 section 8.1).</summary>
    CoapTcp,

    /// <summary><c>coaps+tcp</c>: TLS over TCP, port 5684 (RFC 8323 section 8.2).</summary>
    CoapsTcp,
}

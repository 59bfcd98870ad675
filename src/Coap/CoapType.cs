namespace Flint.Coap;

/// <summary>The type of a message in a datagram (RFC 7252 section 3). Streams have no types (RFC 8323 section 3.2).</summary>
public enum CoapType : byte
{
    /// <summary>CON: asks for an acknowledgement (section 4.2).</summary>
    Confirmable = 0,

    /// <summary>NON: asks for none (section 4.3).</summary>
    NonConfirmable = 1,

    /// <summary>ACK: acknowledges one confirmable message, and may carry the response (section 4.2).</summary>
    Acknowledgement = 2,

    /// <summary>RST: one message arrived, but cannot be processed (section 4.2).</summary>
    Reset = 3,
}

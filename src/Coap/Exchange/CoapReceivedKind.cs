namespace Flint.Coap;

/// <summary>What a datagram means to the layer above.</summary>
public enum CoapReceivedKind : byte
{
    /// <summary>Nothing: an acknowledgement, a duplicate, a malformed or unexpected message. The layer has done what there is to do.</summary>
    None = 0,

    /// <summary>A new request: answer its <see cref="CoapReceived.Exchange"/>.</summary>
    Request,

    /// <summary>The response to the request <see cref="CoapReceived.Sent"/>, which is thereby over.</summary>
    Response,

    /// <summary>A response to the request <see cref="CoapReceived.Sent"/>, which stays open for more (RFC 7641).</summary>
    Notification,

    /// <summary>
    /// A reset whose message id belongs to no message under way: perhaps to a non-confirmable notification (RFC 7641 section 3.6).
    /// </summary>
    Reset,
}

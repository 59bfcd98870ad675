namespace Flint.Coap;

/// <summary>One of the responses to a request that was sent to a group.</summary>
/// <param name="Peer">Who has answered; nothing shows that it is what it says.</param>
/// <param name="Response">What.</param>
public sealed record CoapMulticastResponse(CoapUdpPeer Peer, CoapResponse Response);

namespace Flint.Coap;

/// <summary>What a large response is to.</summary>
/// <param name="Peer">Who has asked.</param>
/// <param name="Asked">What the request's method and options say, hashed.</param>
/// <param name="Payload">The same with the payload of a FETCH; 0 where there is none.</param>
internal readonly record struct CoapServedKey(CoapPeerHandle Peer, ulong Asked, ulong Payload);

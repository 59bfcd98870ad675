namespace Flint.Coap;

/// <summary>A message under way that ended without a response, as <see cref="CoapMessageLayer.TryTakeEnded"/> tells it.</summary>
/// <param name="Message">The handle that was given for it; no longer valid.</param>
/// <param name="Peer">To whom it went.</param>
/// <param name="State">The caller's own object.</param>
/// <param name="Reason">Why it ended.</param>
public readonly record struct CoapEnded(CoapSendHandle Message, CoapPeerHandle Peer, object? State, CoapEndReason Reason);

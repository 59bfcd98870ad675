namespace Flint.SecureTunnel;

/// <summary>How a tunnel ended: what this side knows, and the one word that the peer learned.</summary>
internal readonly record struct HandshakeFailure(SecureTunnelReason Reason, SecureTunnelAlert Alert, bool FromPeer);

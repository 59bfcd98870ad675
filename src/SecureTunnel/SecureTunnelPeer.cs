using System;

namespace Flint.SecureTunnel;

/// <summary>Who is at the other end, as the handshake has proven it.</summary>
public sealed class SecureTunnelPeer
{
    private readonly byte[] _serverKeyHash;

    internal SecureTunnelPeer(SecureTunnelDeviceId deviceId, ReadOnlySpan<byte> serverKeyHash)
    {
        DeviceId = deviceId;
        _serverKeyHash = serverKeyHash.ToArray();
    }

    /// <summary>At a server: the device. At a device: empty, for its peer is the server.</summary>
    public SecureTunnelDeviceId DeviceId { get; }

    /// <summary>At a device: the hash of the pinned key that the server has proven to hold. At a server: empty.</summary>
    public ReadOnlySpan<byte> ServerKeyHash => _serverKeyHash;

    /// <summary>The device's identity, or <c>server</c> and the first bytes of its key hash.</summary>
    public override string ToString() =>
        DeviceId.IsEmpty ? "server " + Convert.ToHexStringLower(_serverKeyHash.AsSpan(0, Math.Min(8, _serverKeyHash.Length))) : DeviceId.ToString();
}

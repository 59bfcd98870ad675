using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.SecureTunnel;

/// <summary>A device store for tests, samples and small fleets. Safe for concurrent use.</summary>
public sealed class InMemoryDeviceStore : IDeviceStore
{
    private readonly ConcurrentDictionary<SecureTunnelDeviceId, SecureTunnelDevice> _devices = new();

    /// <summary>Enrols or replaces a device. The one that was there is not disposed, since a handshake may be using it: its secret stays in memory until its owner does that.</summary>
    public void Set(SecureTunnelDeviceId deviceId, SecureTunnelDevice device) => _devices[deviceId] = device;

    /// <summary>Forgets a device, and like <see cref="Set"/> leaves it to its owner.</summary>
    /// <returns>True where it was known.</returns>
    public bool Remove(SecureTunnelDeviceId deviceId) => _devices.TryRemove(deviceId, out _);

    /// <inheritdoc/>
    public ValueTask<SecureTunnelDevice?> FindAsync(SecureTunnelDeviceId deviceId, CancellationToken cancellationToken) =>
        new(_devices.GetValueOrDefault(deviceId));
}

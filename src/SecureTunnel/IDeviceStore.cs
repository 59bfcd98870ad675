using System.Threading;
using System.Threading.Tasks;

namespace Flint.SecureTunnel;

/// <summary>The server's list of devices. Asked once in every handshake, resumption included, so that revocation takes effect at once.</summary>
public interface IDeviceStore
{
    /// <summary>
    /// Finds a device, or null where it is unknown. The identity is only claimed at this point: do nothing but look it up.
    /// The peer cannot tell an unknown device from a wrong key, unless this method's own time tells.
    /// </summary>
    /// <param name="deviceId">The claimed identity.</param>
    /// <param name="cancellationToken">Signalled at the handshake's deadline.</param>
    ValueTask<SecureTunnelDevice?> FindAsync(SecureTunnelDeviceId deviceId, CancellationToken cancellationToken);
}

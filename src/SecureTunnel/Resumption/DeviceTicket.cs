using System;

namespace Flint.SecureTunnel;

/// <summary>A ticket as a device holds it: opaque bytes, the secret that goes with them, and the key of the server that gave it.</summary>
internal sealed class DeviceTicket(SecureTunnelSuite suite, byte[] ticket, ReadOnlySpan<byte> secret, byte[] serverKeyHash) : IDisposable
{
    private readonly Secret _secret = new(secret);

    public SecureTunnelSuite Suite => suite;

    public byte[] Ticket => ticket;

    public ReadOnlySpan<byte> Secret => _secret.Span;

    /// <exception cref="ObjectDisposedException">The ticket is spent.</exception>
    public void CopySecret(Span<byte> destination) => _secret.CopyTo(destination);

    public byte[] ServerKeyHash => serverKeyHash;

    public void Dispose() => _secret.Dispose();
}

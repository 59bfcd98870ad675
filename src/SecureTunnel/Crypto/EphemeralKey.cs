using System;

namespace Flint.SecureTunnel;

/// <summary>One side's P-256 key of one handshake; the private part is erased on <see cref="Dispose"/> [ST-403].</summary>
internal abstract class EphemeralKey : IDisposable
{
    /// <summary>Writes the share: 0x04 ‖ X[32] ‖ Y[32].</summary>
    public abstract void WriteShare(Span<byte> destination);

    /// <summary>Agrees with the peer's share of 65 bytes on the X coordinate of the common point.</summary>
    /// <returns>False where the share is not a point of the curve, or X is zero [ST-405].</returns>
    public abstract bool TryAgree(ReadOnlySpan<byte> peerShare, Span<byte> secret);

    /// <inheritdoc/>
    public abstract void Dispose();
}

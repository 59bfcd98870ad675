using System;

namespace Flint.SecureTunnel;

/// <summary>How a device proves who it is: a pre-shared key of 32 random bytes, its own for each device (section 4).</summary>
public sealed class SecureTunnelCredential : IDisposable
{
    private readonly Secret _pskMix;

    private SecureTunnelCredential(Secret pskMix) => _pskMix = pskMix;

    internal ReadOnlySpan<byte> PskMix => _pskMix.Span;

    /// <summary>Takes the device's pre-shared key: exactly 32 uniformly random bytes, never a password. The caller may erase it afterwards.</summary>
    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public static SecureTunnelCredential FromPsk(ReadOnlySpan<byte> psk) => new(PreSharedKey.Mix(psk));

    /// <summary>Erases the secret.</summary>
    public void Dispose() => _pskMix.Dispose();
}

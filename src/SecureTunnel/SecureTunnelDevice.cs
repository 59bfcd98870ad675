using System;

namespace Flint.SecureTunnel;

/// <summary>What a server knows of one device: whether it may connect, and what proves that it is the one (section 4).</summary>
public sealed class SecureTunnelDevice : IDisposable
{
    private readonly Secret _pskMix;

    private SecureTunnelDevice(Secret pskMix, bool isAllowed)
    {
        _pskMix = pskMix;
        IsAllowed = isAllowed;
    }

    /// <summary>False for a revoked device: full handshakes and resumptions are refused alike, from the next one on.</summary>
    public bool IsAllowed { get; }

    internal ReadOnlySpan<byte> PskMix => _pskMix.Span;

    /// <summary>A device enrolled with a pre-shared key of 32 random bytes. The caller may erase it afterwards.</summary>
    /// <param name="psk">The key.</param>
    /// <param name="isAllowed">False revokes the device.</param>
    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public static SecureTunnelDevice FromPsk(ReadOnlySpan<byte> psk, bool isAllowed = true) => new(PreSharedKey.Mix(psk), isAllowed);

    /// <summary>Erases the secret.</summary>
    public void Dispose() => _pskMix.Dispose();
}

using System;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>How a device proves who it is: a pre-shared key of 32 random bytes, its own for each device, or an RSA key (section 4).</summary>
public sealed class SecureTunnelCredential : IDisposable
{
    private readonly Secret? _pskMix;

    private SecureTunnelCredential(Secret? pskMix, RSA? privateKey)
    {
        _pskMix = pskMix;
        PrivateKey = privateKey;
    }

    internal AuthMethod Method => PrivateKey is null ? AuthMethod.Psk : AuthMethod.DeviceRsa;

    /// <summary>psk_mix of the key schedule: Z where the device proves itself by a signature.</summary>
    internal ReadOnlySpan<byte> PskMix => _pskMix is null ? KeySchedule.Zero : _pskMix.Span;

    internal RSA? PrivateKey { get; }

    /// <summary>Takes the device's pre-shared key: exactly 32 uniformly random bytes, never a password. The caller may erase it afterwards.</summary>
    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public static SecureTunnelCredential FromPsk(ReadOnlySpan<byte> psk) => new(PreSharedKey.Mix(psk), privateKey: null);

    /// <summary>Takes ownership of the device's RSA private key, which signs and does nothing else.</summary>
    /// <exception cref="CryptographicException">Modulus outside 2048 to 4096 bits, or exponent other than 65537.</exception>
    public static SecureTunnelCredential FromRsa(RSA privateKey)
    {
        ArgumentNullException.ThrowIfNull(privateKey);
        RsaKeys.Check(privateKey);
        return new SecureTunnelCredential(pskMix: null, privateKey);
    }

    /// <summary>Erases the secret.</summary>
    public void Dispose()
    {
        _pskMix?.Dispose();
        PrivateKey?.Dispose();
    }
}

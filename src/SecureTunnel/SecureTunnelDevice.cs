using System;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>What a server knows of one device: whether it may connect, and what proves that it is the one (section 4).</summary>
public sealed class SecureTunnelDevice : IDisposable
{
    private readonly Secret? _pskMix;

    private SecureTunnelDevice(Secret? pskMix, RSA? publicKey, bool isAllowed, DateTimeOffset since)
    {
        Since = since;
        _pskMix = pskMix;
        PublicKey = publicKey;
        IsAllowed = isAllowed;
    }

    /// <summary>False for a revoked device: full handshakes and resumptions are refused alike, from the next one on.</summary>
    public bool IsAllowed { get; }

    /// <summary>When the device got its credential: a session that began before does not resume.</summary>
    public DateTimeOffset Since { get; }

    /// <summary>How the device is enrolled.</summary>
    internal AuthMethod Method => PublicKey is null ? AuthMethod.Psk : AuthMethod.DeviceRsa;

    internal RSA? PublicKey { get; }

    /// <summary>A device enrolled with a pre-shared key of 32 random bytes. The caller may erase it afterwards.</summary>
    /// <param name="psk">The key.</param>
    /// <param name="isAllowed">False revokes the device.</param>
    /// <param name="since">When a device that was enrolled before got this credential in place of another: tickets from before then do not resume.</param>
    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public static SecureTunnelDevice FromPsk(ReadOnlySpan<byte> psk, bool isAllowed = true, DateTimeOffset since = default) =>
        new(PreSharedKey.Mix(psk), publicKey: null, isAllowed, since);

    /// <summary>A device enrolled with the DER SubjectPublicKeyInfo of its RSA key.</summary>
    /// <param name="spki">The key.</param>
    /// <param name="isAllowed">False revokes the device.</param>
    /// <param name="since">When a device that was enrolled before got this credential in place of another: tickets from before then do not resume.</param>
    /// <exception cref="CryptographicException">Not a SubjectPublicKeyInfo, not RSA, modulus outside 2048 to 4096 bits, or exponent other than 65537.</exception>
    public static SecureTunnelDevice FromSpki(ReadOnlySpan<byte> spki, bool isAllowed = true, DateTimeOffset since = default) =>
        new(pskMix: null, RsaKeys.Import(spki), isAllowed, since);

    /// <summary>Erases the secret: a store that still gives this device out fails the handshake as a fault of its own.</summary>
    public void Dispose()
    {
        _pskMix?.Dispose();
        PublicKey?.Dispose();
    }

    /// <summary>Copies psk_mix of a device that is enrolled with a PSK.</summary>
    /// <exception cref="ObjectDisposedException">The device is disposed: nobody must get in with the zeros that are left of its key.</exception>
    internal void CopyPskMix(Span<byte> destination) => _pskMix!.CopyTo(destination); // [ST-403]
}

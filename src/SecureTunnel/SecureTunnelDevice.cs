using System;
using System.Security.Cryptography;
using System.Threading;

namespace Flint.SecureTunnel;

/// <summary>What a server knows of one device: whether it may connect, and what proves that it is the one (section 4).</summary>
public sealed class SecureTunnelDevice : IDisposable
{
    private readonly Secret? _pskMix;
    private readonly byte[] _credentialTag;
    private bool _disposed;

    private SecureTunnelDevice(Secret? pskMix, RSA? publicKey, ReadOnlySpan<byte> credentialTag, bool isAllowed)
    {
        _credentialTag = credentialTag.ToArray();
        _pskMix = pskMix;
        PublicKey = publicKey;
        IsAllowed = isAllowed;
    }

    /// <summary>False for a revoked device: full handshakes and resumptions are refused alike, from the next one on.</summary>
    public bool IsAllowed { get; }

    /// <summary>How the device is enrolled.</summary>
    internal AuthMethod Method => PublicKey is null ? AuthMethod.Psk : AuthMethod.DeviceRsa;

    internal RSA? PublicKey { get; }

    /// <summary>What a ticket remembers of the credential, so that it resumes for this one only (section 12).</summary>
    /// <exception cref="ObjectDisposedException">The device is disposed: it does not resume either.</exception>
    internal ReadOnlySpan<byte> CredentialTag
    {
        get
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
            return _credentialTag;
        }
    }

    /// <summary>A device enrolled with a pre-shared key of 32 random bytes. The caller may erase it afterwards.</summary>
    /// <param name="psk">The key.</param>
    /// <param name="isAllowed">False revokes the device.</param>
    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public static SecureTunnelDevice FromPsk(ReadOnlySpan<byte> psk, bool isAllowed = true)
    {
        Span<byte> tag = stackalloc byte[TicketState.CredentialTagSize];
        Secret mix = PreSharedKey.Mix(psk);
        Hkdf.Label(SystemCrypto.Instance, mix.Span, "credential"u8, default, tag);
        return new SecureTunnelDevice(mix, publicKey: null, tag, isAllowed);
    }

    /// <summary>A device enrolled with the DER SubjectPublicKeyInfo of its RSA key.</summary>
    /// <param name="spki">The key.</param>
    /// <param name="isAllowed">False revokes the device.</param>
    /// <exception cref="CryptographicException">Not a SubjectPublicKeyInfo, not RSA, modulus outside 2048 to 4096 bits, or exponent other than 65537.</exception>
    public static SecureTunnelDevice FromSpki(ReadOnlySpan<byte> spki, bool isAllowed = true)
    {
        RSA key = RsaKeys.Import(spki, out byte[] keyHash);
        return new SecureTunnelDevice(pskMix: null, key, keyHash.AsSpan(0, TicketState.CredentialTagSize), isAllowed);
    }

    /// <summary>Erases the secret: a store that still gives this device out fails the handshake as a fault of its own.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _disposed, true);
        _pskMix?.Dispose();
        PublicKey?.Dispose();
    }

    /// <summary>Copies psk_mix of a device that is enrolled with a PSK.</summary>
    /// <exception cref="ObjectDisposedException">The device is disposed: nobody must get in with the zeros that are left of its key.</exception>
    internal void CopyPskMix(Span<byte> destination) => _pskMix!.CopyTo(destination); // [ST-403]
}

using System;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>
/// An RSA private key of the server. The <see cref="RSA"/> instance may stand for a key that never leaves an HSM or a key service:
/// it is asked to decrypt (OAEP SHA-256) or to sign (PSS SHA-256), never to export its private part.
/// </summary>
public sealed class SecureTunnelServerKey : IDisposable
{
    private readonly byte[] _keyHash;
    private readonly byte[] _spki;

    /// <summary>
    /// Takes ownership of <paramref name="privateKey"/>. It must allow private operations from several threads at once, as the
    /// platform's keys do.
    /// </summary>
    /// <exception cref="CryptographicException">Modulus outside 2048 to 4096 bits, or exponent other than 65537.</exception>
    public SecureTunnelServerKey(RSA privateKey, SecureTunnelKeyUsage usage)
    {
        ArgumentNullException.ThrowIfNull(privateKey);
        _spki = privateKey.ExportSubjectPublicKeyInfo();
        PrivateKey = privateKey;
        PublicKey = RsaKeys.Import(_spki, out _keyHash);
        Usage = usage;
    }

    /// <summary>What the key is for.</summary>
    public SecureTunnelKeyUsage Usage { get; }

    /// <summary>SHA-256 of the DER SubjectPublicKeyInfo: 32 bytes.</summary>
    public ReadOnlySpan<byte> KeyHash => _keyHash;

    /// <summary>The first 8 bytes of <see cref="KeyHash"/>: what a ClientHello names.</summary>
    public ReadOnlySpan<byte> KeyId => _keyHash.AsSpan(0, 8);

    internal RSA PrivateKey { get; }

    /// <summary>The public part by itself: what a signature of nobody is verified with, which the private key may not be able to.</summary>
    internal RSA PublicKey { get; }

    internal int ModulusLength => PrivateKey.KeySize / 8;

    /// <summary>Reads a PEM private key (PKCS#8 or PKCS#1).</summary>
    /// <exception cref="CryptographicException">As the constructor.</exception>
    /// <exception cref="ArgumentException">No PEM key, or more than one.</exception>
    public static SecureTunnelServerKey FromPem(ReadOnlySpan<char> pem, SecureTunnelKeyUsage usage)
    {
        RSA? key = RSA.Create();
        try
        {
            key.ImportFromPem(pem);
            var result = new SecureTunnelServerKey(key, usage);
            key = null;
            return result;
        }
        finally
        {
            key?.Dispose();
        }
    }

    /// <summary>The pin to provision on devices.</summary>
    public SecureTunnelPin ToPin() => SecureTunnelPin.FromSpki(_spki, Usage);

    /// <summary>The DER SubjectPublicKeyInfo, to provision on devices.</summary>
    public byte[] ExportSpki() => (byte[])_spki.Clone();

    /// <summary>Disposes the private key.</summary>
    public void Dispose()
    {
        PrivateKey.Dispose();
        PublicKey.Dispose();
    }
}

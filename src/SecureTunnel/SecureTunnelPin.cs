using System;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>A server key that a device trusts: its public part and its usage (section 4). Holds no secret; lives as long as the program.</summary>
public sealed class SecureTunnelPin
{
    private readonly byte[] _keyHash;

    private SecureTunnelPin(ReadOnlySpan<byte> spki, SecureTunnelKeyUsage usage)
    {
        PublicKey = RsaKeys.Import(spki, out _keyHash);
        Usage = usage;
    }

    /// <summary>What the server uses the key for.</summary>
    public SecureTunnelKeyUsage Usage { get; }

    /// <summary>SHA-256 of the DER SubjectPublicKeyInfo: 32 bytes.</summary>
    public ReadOnlySpan<byte> KeyHash => _keyHash;

    internal RSA PublicKey { get; }

    /// <summary>Reads a DER SubjectPublicKeyInfo.</summary>
    /// <exception cref="CryptographicException">Not a SubjectPublicKeyInfo, not RSA, modulus outside 2048 to 4096 bits, or exponent other than 65537.</exception>
    public static SecureTunnelPin FromSpki(ReadOnlySpan<byte> spki, SecureTunnelKeyUsage usage) => new(spki, usage);

    /// <summary>Reads a PEM public key (<c>BEGIN PUBLIC KEY</c>).</summary>
    /// <exception cref="CryptographicException">As <see cref="FromSpki"/>.</exception>
    /// <exception cref="ArgumentException">No PEM key, or more than one.</exception>
    public static SecureTunnelPin FromPem(ReadOnlySpan<char> pem, SecureTunnelKeyUsage usage)
    {
        using RSA key = RSA.Create();
        key.ImportFromPem(pem);
        return FromSpki(key.ExportSubjectPublicKeyInfo(), usage);
    }

    /// <summary>
    /// The key blob of section 4.1, to provision on a device that has no big integers and no ASN.1: 40 bytes and twice the modulus (552 for RSA-2048). No secret.
    /// </summary>
    /// <exception cref="CryptographicException">A modulus that such a device does not take: not 2048, 3072 or 4096 bits.</exception>
    public byte[] ExportKeyBlob() => KeyBlob.Write(PublicKey, Usage, _keyHash);
}

using System;
using System.Collections.Generic;
using System.Security.Cryptography;

namespace Flint.Ota;

/// <summary>The trust of a .NET device: SHA-256 and CRC-32C of the platform, and RSA keys that are known by their identifier.</summary>
/// <remarks>Not for several threads at once. The keys given are copied; this object owns its copies.</remarks>
public sealed class OtaTrustStore : OtaTrust, IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<(byte[] KeyId, RSA Key)> _keys = [];
    private bool _isOpen;

    /// <summary>Trusts a public key of 2048 or 3072 bits (section 5.3).</summary>
    /// <exception cref="ArgumentException">The key has another length.</exception>
    public void Add(RSA publicKey)
    {
        ArgumentNullException.ThrowIfNull(publicKey);
        if (publicKey.KeySize is not (2048 or 3072))
        {
            throw new ArgumentException("A signing key has 2048 or 3072 bits.", nameof(publicKey));
        }

        RSA key = RSA.Create();
        key.ImportParameters(publicKey.ExportParameters(includePrivateParameters: false));
        _keys.Add((OtaSigner.KeyId(key), key));
    }

    /// <inheritdoc/>
    public override void HashStart()
    {
        if (_isOpen)
        {
            // What was appended and never finished is thrown away.
            Span<byte> nowhere = stackalloc byte[DigestLength];
            _hash.GetHashAndReset(nowhere);
        }

        _isOpen = true;
    }

    /// <inheritdoc/>
    public override void HashAppend(byte[] buffer, int offset, int count) => _hash.AppendData(buffer, offset, count);

    /// <inheritdoc/>
    public override void HashFinish(byte[] digest, int offset)
    {
        _hash.GetHashAndReset(digest.AsSpan(offset, DigestLength));
        _isOpen = false;
    }

    /// <inheritdoc/>
    public override bool VerifySignature(
        int algorithm, byte[] digest, byte[] buffer, int keyIdOffset, int keyIdCount, int signatureOffset, int signatureCount)
    {
        if (algorithm != OtaManifest.AlgorithmPs256)
        {
            return false;
        }

        ReadOnlySpan<byte> keyId = buffer.AsSpan(keyIdOffset, keyIdCount);
        ReadOnlySpan<byte> signature = buffer.AsSpan(signatureOffset, signatureCount);
        foreach ((byte[] id, RSA key) in _keys)
        {
            if (keyId.SequenceEqual(id) && signature.Length == key.KeySize / 8)
            {
                return key.VerifyHash(digest.AsSpan(0, DigestLength), signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
            }
        }

        return false;
    }

    /// <inheritdoc/>
    public override uint Crc32C(uint crc, byte[] buffer, int offset, int count) =>
        OtaFastCrc32C.Append(crc, buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public void Dispose()
    {
        _hash.Dispose();
        foreach ((_, RSA key) in _keys)
        {
            key.Dispose();
        }
    }
}

using System.Security.Cryptography;

namespace Flint.SecureTunnel.Tests.Support;

/// <summary>A private key behind a service: it decrypts and signs, verifies nothing, and fails with the exceptions of its transport.</summary>
internal sealed class ServiceKey(RSA inner) : RSA
{
    /// <summary>Thrown in place of any answer.</summary>
    public Exception? Outage { get; set; }

    public override int KeySize => inner.KeySize;

    public override RSAParameters ExportParameters(bool includePrivateParameters) =>
        includePrivateParameters ? throw new NotSupportedException() : inner.ExportParameters(false);

    public override void ImportParameters(RSAParameters parameters) => throw new NotSupportedException();

    public override byte[] Decrypt(byte[] data, RSAEncryptionPadding padding)
    {
        if (Outage is not null)
        {
            throw Outage;
        }

        try
        {
            return inner.Decrypt(data, padding);
        }
        catch (CryptographicException e)
        {
            throw new HttpRequestException("400: the ciphertext does not decrypt", e);
        }
    }

    public override byte[] SignHash(byte[] hash, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding) =>
        Outage is null ? inner.SignHash(hash, hashAlgorithm, padding) : throw Outage;
}

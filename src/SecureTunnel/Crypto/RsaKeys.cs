using System;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>What every RSA key of the protocol must be, checked when it is loaded.</summary>
internal static class RsaKeys
{
    /// <returns>SHA-256 of the DER SubjectPublicKeyInfo.</returns>
    /// <exception cref="CryptographicException">Modulus outside 2048 to 4096 bits or not whole bytes, or exponent other than 65537.</exception>
    public static byte[] Check(RSA key)
    {
        RSAParameters parameters = key.ExportParameters(includePrivateParameters: false);
        bool exponent = parameters.Exponent is [0x01, 0x00, 0x01];
        if (key.KeySize is < MinBits or > MaxBits || key.KeySize % 8 != 0 || !exponent || (parameters.Modulus![^1] & 1) == 0) // [ST-102]
        {
            throw new CryptographicException("An RSA key of the tunnel has 2048 to 4096 bits and the exponent 65537.");
        }

        return SHA256.HashData(key.ExportSubjectPublicKeyInfo());
    }

    /// <summary>Reads a DER SubjectPublicKeyInfo and checks it.</summary>
    /// <param name="spki">The bytes.</param>
    /// <param name="keyHash">Their SHA-256.</param>
    /// <exception cref="CryptographicException">As <see cref="Check"/>; or the bytes are no RSA key, or more than one.</exception>
    public static RSA Import(ReadOnlySpan<byte> spki, out byte[] keyHash)
    {
        RSA? key = RSA.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(spki, out int read);
            keyHash = Check(key);
            RSA result = read == spki.Length ? key : throw new CryptographicException("Bytes follow the public key.");
            key = null;
            return result;
        }
        finally
        {
            key?.Dispose();
        }
    }

    private const int MinBits = 2048;
    private const int MaxBits = 4096;
}

using System;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>The platform's cryptography.</summary>
internal sealed class SystemCrypto : CryptoProvider
{
    private SystemCrypto()
    {
    }

    public static SystemCrypto Instance { get; } = new();

    /// <inheritdoc/>
    public override void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination) =>
        HMACSHA256.HashData(key, data, destination);

    /// <inheritdoc/>
    public override Aead CreateAead(SecureTunnelSuite suite, ReadOnlySpan<byte> key) => new GcmAead(key);

    /// <inheritdoc/>
    public override void OaepEncrypt(RSA publicKey, ReadOnlySpan<byte> seed, Span<byte> ciphertext)
    {
        if (!publicKey.TryEncrypt(seed, ciphertext, RSAEncryptionPadding.OaepSHA256, out int written) || written != ciphertext.Length)
        {
            throw new CryptographicException("The ciphertext does not have the length of the modulus.");
        }
    }

    /// <inheritdoc/>
    public override bool TryOaepDecrypt(RSA privateKey, ReadOnlySpan<byte> ciphertext, Span<byte> destination, out int written)
    {
        try
        {
            return privateKey.TryDecrypt(ciphertext, destination, RSAEncryptionPadding.OaepSHA256, out written);
        }
        catch (CryptographicException)
        {
            written = 0;
            return false;
        }
    }
}

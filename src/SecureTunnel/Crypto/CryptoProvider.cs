using System;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>
/// The one seam to cryptography. Everything with a secret key passes here; the tests put recorded values or another library behind it.
/// </summary>
internal abstract class CryptoProvider
{
    /// <summary>HMAC-SHA-256; <paramref name="destination"/> has 32 bytes.</summary>
    public abstract void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination);

    /// <summary>The AEAD of <paramref name="suite"/> under a key of 16 bytes.</summary>
    public abstract Aead CreateAead(SecureTunnelSuite suite, ReadOnlySpan<byte> key);

    /// <summary>RSAES-OAEP with SHA-256, MGF1-SHA-256 and an empty label; writes as many bytes as the modulus has.</summary>
    public abstract void OaepEncrypt(RSA publicKey, ReadOnlySpan<byte> seed, Span<byte> ciphertext);

    /// <summary>
    /// The inverse. Never throws for a bad ciphertext: false, and <paramref name="written"/> is 0 (section 10).
    /// </summary>
    /// <param name="privateKey">The key.</param>
    /// <param name="ciphertext">As many bytes as the modulus has.</param>
    /// <param name="destination">As many bytes as the modulus has.</param>
    /// <param name="written">The length of the plaintext.</param>
    public abstract bool TryOaepDecrypt(RSA privateKey, ReadOnlySpan<byte> ciphertext, Span<byte> destination, out int written);

    /// <summary>RSASSA-PSS with SHA-256 and a salt of 32 bytes; writes as many bytes as the modulus has.</summary>
    public abstract void PssSign(RSA privateKey, ReadOnlySpan<byte> data, Span<byte> signature);

    /// <returns>True where <paramref name="signature"/> is one of <paramref name="data"/>; never throws for a bad one.</returns>
    public abstract bool PssVerify(RSA publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature);

    /// <summary>A fresh P-256 key.</summary>
    public abstract EphemeralKey GenerateEphemeral();
}

using System;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>The platform's cryptography.</summary>
internal sealed class SystemCrypto : CryptoProvider
{
    private SystemCrypto()
    {
    }

    public static SystemCrypto Instance { get; } = new();

    /// <summary>
    /// HMAC-SHA-256 of RFC 2104 from two hashes: H(K ^ opad ‖ H(K ^ ipad ‖ data)). The platform's own call costs up to a quarter more for the short inputs of a key schedule.
    /// </summary>
    public override void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination)
    {
        if (key.Length > HashBlock || data.Length > MaxShortInput)
        {
            HMACSHA256.HashData(key, data, destination);
            return;
        }

        Span<byte> text = stackalloc byte[HashBlock + MaxShortInput];
        text[key.Length..HashBlock].Clear();
        key.CopyTo(text);
        Mask(text[..HashBlock], InnerPad);
        data.CopyTo(text[HashBlock..]);
        SHA256.HashData(text[..(HashBlock + data.Length)], destination);
        Mask(text[..HashBlock], InnerPad ^ OuterPad);
        destination[..ProtocolLimits.HashSize].CopyTo(text[HashBlock..]);
        SHA256.HashData(text[..(HashBlock + ProtocolLimits.HashSize)], destination);
        CryptographicOperations.ZeroMemory(text); // [ST-403]
    }

    /// <inheritdoc/>
    public override Aead CreateAead(SecureTunnelSuite suite, ReadOnlySpan<byte> key) =>
        suite.IsCcm() ? new CcmAead(key) : new GcmAead(key);

    /// <inheritdoc/>
    public override void OaepEncrypt(RSA publicKey, ReadOnlySpan<byte> seed, Span<byte> ciphertext)
    {
        if (!publicKey.TryEncrypt(seed, ciphertext, RSAEncryptionPadding.OaepSHA256, out int written) || written != ciphertext.Length)
        {
            throw new CryptographicException("The ciphertext does not have the length of the modulus.");
        }
    }

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "A key service says no with exceptions of its own; whichever it is, the peer must not see it [ST-604] [ST-606].")]
    public override bool TryOaepDecrypt(RSA privateKey, ReadOnlySpan<byte> ciphertext, Span<byte> destination, out int written)
    {
        try
        {
            return privateKey.TryDecrypt(ciphertext, destination, RSAEncryptionPadding.OaepSHA256, out written);
        }
        catch (Exception)
        {
            written = 0;
            return false;
        }
    }

    /// <inheritdoc/>
    public override void PssSign(RSA privateKey, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        if (!privateKey.TrySignData(data, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pss, out int written) || written != signature.Length)
        {
            throw new CryptographicException("The signature does not have the length of the modulus.");
        }
    }

    /// <inheritdoc/>
    public override bool PssVerify(RSA publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        publicKey.VerifyData(data, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);

    /// <inheritdoc/>
    [SuppressMessage("Reliability", "CA2000", Justification = "The ephemeral key owns it.")]
    public override EphemeralKey GenerateEphemeral() => new PlatformEphemeralKey(ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256));

    private static void Mask(Span<byte> block, byte pad)
    {
        for (int i = 0; i < block.Length; i++)
        {
            block[i] ^= pad;
        }
    }

    private const int HashBlock = 64;
    private const int MaxShortInput = 192;
    private const byte InnerPad = 0x36;
    private const byte OuterPad = 0x5C;
}

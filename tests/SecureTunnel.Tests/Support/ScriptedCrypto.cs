using System.Security.Cryptography;

namespace Flint.SecureTunnel.Tests.Support;

/// <summary>The platform's cryptography, but for what draws its own randomness: OAEP, PSS and P-256 keys take recorded values where there are some.</summary>
internal sealed class ScriptedCrypto : CryptoProvider
{
    public byte[]? OaepCiphertext { get; init; }

    /// <summary>Private keys, taken one after the other.</summary>
    public Queue<byte[]> Scalars { get; } = [];

    /// <summary>Signatures, taken one after the other; when there are none left, real ones.</summary>
    public Queue<byte[]> Signatures { get; } = [];

    /// <summary>The signatures given so far.</summary>
    public List<byte[]> Signed { get; } = [];

    public override void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination) =>
        SystemCrypto.Instance.Hmac(key, data, destination);

    public override Aead CreateAead(SecureTunnelSuite suite, ReadOnlySpan<byte> key) => SystemCrypto.Instance.CreateAead(suite, key);

    public override void OaepEncrypt(RSA publicKey, ReadOnlySpan<byte> seed, Span<byte> ciphertext)
    {
        if (OaepCiphertext is null)
        {
            SystemCrypto.Instance.OaepEncrypt(publicKey, seed, ciphertext);
        }
        else
        {
            OaepCiphertext.CopyTo(ciphertext);
        }
    }

    public override bool TryOaepDecrypt(RSA privateKey, ReadOnlySpan<byte> ciphertext, Span<byte> destination, out int written) =>
        SystemCrypto.Instance.TryOaepDecrypt(privateKey, ciphertext, destination, out written);

    public override void PssSign(RSA privateKey, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        if (Signatures.TryDequeue(out byte[]? recorded))
        {
            recorded.CopyTo(signature);
        }
        else
        {
            SystemCrypto.Instance.PssSign(privateKey, data, signature);
        }

        Signed.Add(signature.ToArray());
    }

    public override bool PssVerify(RSA publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) =>
        SystemCrypto.Instance.PssVerify(publicKey, data, signature);

    public override EphemeralKey GenerateEphemeral() => Scalars.TryDequeue(out byte[]? scalar)
        ? new PlatformEphemeralKey(ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = scalar }))
        : SystemCrypto.Instance.GenerateEphemeral();
}

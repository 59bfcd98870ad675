using System.Security.Cryptography;

namespace Flint.SecureTunnel.Tests.Support;

/// <summary>The platform's cryptography, but for the ciphertext that OAEP would randomise.</summary>
internal sealed class ScriptedCrypto : CryptoProvider
{
    public byte[]? OaepCiphertext { get; init; }

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
}

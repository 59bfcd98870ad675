using System.Security.Cryptography;

namespace Flint.SecureTunnel.Tests.Support;

/// <summary>The platform's cryptography, for a test to override one operation of.</summary>
internal abstract class ForwardingCrypto : CryptoProvider
{
    public override void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination) => SystemCrypto.Instance.Hmac(key, data, destination);

    public override Aead CreateAead(SecureTunnelSuite suite, ReadOnlySpan<byte> key) => SystemCrypto.Instance.CreateAead(suite, key);

    public override void OaepEncrypt(RSA publicKey, ReadOnlySpan<byte> seed, Span<byte> ciphertext) => SystemCrypto.Instance.OaepEncrypt(publicKey, seed, ciphertext);

    public override bool TryOaepDecrypt(RSA privateKey, ReadOnlySpan<byte> ciphertext, Span<byte> destination, out int written) =>
        SystemCrypto.Instance.TryOaepDecrypt(privateKey, ciphertext, destination, out written);

    public override void PssSign(RSA privateKey, ReadOnlySpan<byte> data, Span<byte> signature) => SystemCrypto.Instance.PssSign(privateKey, data, signature);

    public override bool PssVerify(RSA publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) => SystemCrypto.Instance.PssVerify(publicKey, data, signature);

    public override EphemeralKey GenerateEphemeral() => SystemCrypto.Instance.GenerateEphemeral();
}

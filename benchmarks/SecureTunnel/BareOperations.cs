using System.Security.Cryptography;

namespace Flint.Benchmarks.SecureTunnel;

/// <summary>The public-key operations that a handshake cannot do without.</summary>
internal sealed class BareOperations(TunnelFixture fixture)
{
    private readonly byte[] _output = new byte[256];
    private readonly ECParameters _peer = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256).ExportParameters(false);

    public void Decrypt() => fixture.Key.PrivateKey.TryDecrypt(fixture.Ciphertext, _output, RSAEncryptionPadding.OaepSHA256, out _);

    public void SignAndAgree()
    {
        using ECDiffieHellman own = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using ECDiffieHellman peer = ECDiffieHellman.Create(_peer);
        using ECDiffieHellmanPublicKey peerPublic = peer.PublicKey;
        own.ExportParameters(false);
        own.DeriveRawSecretAgreement(peerPublic);
        fixture.Key.PrivateKey.TrySignData(_output.AsSpan(0, 60), _output, HashAlgorithmName.SHA256, RSASignaturePadding.Pss, out _);
    }
}

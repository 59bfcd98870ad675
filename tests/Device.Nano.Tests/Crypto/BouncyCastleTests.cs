using System.Security.Cryptography;
using Flint.Device.Nano.Tests.Support;
using Flint.Testing;
using FsCheck;
using FsCheck.Fluent;
using Org.BouncyCastle.Asn1.Nist;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Agreement;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Encodings;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Macs;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;

namespace Flint.Device.Nano.Tests.Crypto;

/// <summary>The device's primitives beside BouncyCastle's, which shares nothing with them or with the platform.</summary>
public sealed class BouncyCastleTests
{
    private static readonly Arbitrary<byte[]> Bytes =
        Gen.Choose(0, 700).SelectMany(length => Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf(length)).ToArbitrary();

    [Fact]
    public void HashAndHmac_OfAnything_AreBouncyCastles() => PropertyRunner.Check(Bytes, data =>
    {
        var digest = new Sha256Digest();
        digest.BlockUpdate(data, 0, data.Length);
        byte[] expected = new byte[32];
        digest.DoFinal(expected, 0);
        var hash = new Sha256();
        hash.Append(data, 0, data.Length / 3);
        hash.Append(data, data.Length / 3, data.Length - (data.Length / 3));
        byte[] actual = new byte[32];
        hash.Finish(actual, 0);
        Assert.Equal(expected, actual);

        byte[] key = [.. data.Take(data.Length % 100)];
        var mac = new HMac(new Sha256Digest());
        mac.Init(new KeyParameter(key));
        mac.BlockUpdate(data, 0, data.Length);
        mac.DoFinal(expected, 0);
        TunnelFixture.Crypto.HmacSha256(key, data, 0, data.Length, actual, 0);
        Assert.Equal(expected, actual);
    }, 300);

    [Fact]
    public void Hkdf_OfAnything_IsBouncyCastles() => PropertyRunner.Check(Bytes, info =>
    {
        byte[] secret = SHA256.HashData(info);
        byte[] expected = new byte[1 + (info.Length % 80)];
        var generator = new HkdfBytesGenerator(new Sha256Digest());
        generator.Init(HkdfParameters.SkipExtractParameters(secret, info));
        generator.GenerateBytes(expected, 0, expected.Length);
        byte[] actual = new byte[expected.Length];
        Hkdf.Expand(TunnelFixture.Crypto, secret, info, actual);
        Assert.Equal(expected, actual);
    }, 200);

    [Fact]
    public void Ccm_OfAnything_IsBouncyCastlesAndOpensIts() => PropertyRunner.Check(Bytes, data =>
    {
        byte[] key = SHA256.HashData(data)[..16];
        byte[] iv = SHA256.HashData(key)[..12];
        byte[] frame = [(byte)((data.Length + 16) >> 8), (byte)((data.Length + 16) & 0xFF), .. data, .. new byte[16]];
        var ccm = new CcmBlockCipher(new AesEngine());
        ccm.Init(true, new AeadParameters(new KeyParameter(key), 128, iv, frame[..2]));
        byte[] expected = new byte[data.Length + 16];
        ccm.DoFinal(expected, ccm.ProcessBytes(data, 0, data.Length, expected, 0));

        var device = new Aes128Ccm(TunnelFixture.Crypto.CreateAes(key, 0));
        byte[] sealedFrame = [.. frame];
        device.Seal(iv, sealedFrame, 2, data.Length, 2);
        Assert.Equal(expected, sealedFrame[2..]);
        Assert.True(device.Open(iv, sealedFrame, 2, expected.Length, 2));
        Assert.Equal(data, sealedFrame[2..(2 + data.Length)]);
    }, 300);

    [Fact]
    public void Rsa_BothWays_IsBouncyCastles()
    {
        using RSA encryption = TunnelFixture.Key("encryption");
        using RSA signing = TunnelFixture.Key("signing");
        AsymmetricCipherKeyPair decryption = DotNetUtilities.GetRsaKeyPair(encryption);
        AsymmetricCipherKeyPair signer = DotNetUtilities.GetRsaKeyPair(signing);
        RsaPublicKey pin = DeviceKeys.Read(encryption, RsaPublicKey.UsageEncryption);
        RsaPublicKey trusted = DeviceKeys.Read(signing, RsaPublicKey.UsageSignature);
        for (int i = 0; i < 20; i++)
        {
            byte[] message = SHA256.HashData([(byte)i]);
            byte[] cipher = pin.Encrypt(new Sha256(), message, SHA256.HashData(message));
            var oaep = new OaepEncoding(new RsaEngine(), new Sha256Digest());
            oaep.Init(false, decryption.Private);
            Assert.Equal(message, oaep.ProcessBlock(cipher, 0, cipher.Length));

            var pss = new PssSigner(new RsaEngine(), new Sha256Digest(), 32);
            pss.Init(true, signer.Private);
            pss.BlockUpdate(message, 0, message.Length);
            byte[] signature = pss.GenerateSignature();
            Assert.True(trusted.Verify(new Sha256(), SHA256.HashData(message), signature, 0, signature.Length));
            signature[i] ^= 1;
            Assert.False(trusted.Verify(new Sha256(), SHA256.HashData(message), signature, 0, signature.Length));
        }
    }

    [Fact]
    public void Agreement_OnP256_IsBouncyCastles()
    {
        X9ECParameters curve = NistNamedCurves.GetByName("P-256");
        var domain = new ECDomainParameters(curve.Curve, curve.G, curve.N, curve.H);
        var device = new P256();
        for (int i = 1; i <= 12; i++)
        {
            byte[] scalar = SHA256.HashData([(byte)i]);
            byte[] theirs = SHA256.HashData([(byte)i, 1]);
            byte[] share = device.PublicShare(scalar);
            var agreement = new ECDHBasicAgreement();
            agreement.Init(new ECPrivateKeyParameters(new BigInteger(1, theirs), domain));
            byte[] expected = agreement.CalculateAgreement(new ECPublicKeyParameters(curve.Curve.DecodePoint(share), domain)).ToByteArrayUnsigned();
            byte[] peer = curve.G.Multiply(new BigInteger(1, theirs)).Normalize().GetEncoded(compressed: false);
            byte[] secret = new byte[32];
            Assert.True(device.TryAgree(scalar, peer, 0, secret));
            Assert.Equal(new BigInteger(1, expected), new BigInteger(1, secret));
        }
    }
}

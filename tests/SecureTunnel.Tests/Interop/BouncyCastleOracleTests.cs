using System.Security.Cryptography;
using Flint.SecureTunnel.Tests.Support;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Encodings;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Modes;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace Flint.SecureTunnel.Tests.Interop;

/// <summary>BouncyCastle as a second opinion on every primitive behind the seam.</summary>
public sealed class BouncyCastleOracleTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(300)]
    public void Label_OfAnyLength_IsHkdfExpand(int length) // [ST-402]
    {
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        byte[] context = RandomNumberGenerator.GetBytes(32);
        byte[] ours = new byte[length];
        Hkdf.Label(SystemCrypto.Instance, secret, "c hs"u8, context, ours);

        byte[] info = [(byte)(length >> 8), (byte)(length & 255), 8, .. "st1 c hs"u8, 32, .. context];
        var generator = new HkdfBytesGenerator(new Sha256Digest());
        generator.Init(HkdfParameters.SkipExtractParameters(secret, info));
        byte[] theirs = new byte[length];
        generator.GenerateBytes(theirs, 0, length);
        Assert.Equal(theirs, ours);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(17)]
    [InlineData(1000)]
    public void GcmRecord_OpensInBouncyCastle(int length) // [ST-206] [ST-501]
    {
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        byte[] content = RandomNumberGenerator.GetBytes(length);
        using var sealer = new RecordSealer(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, secret);
        byte[] frame = new byte[length + RecordSealer.Overhead];
        byte[] block = new byte[28];
        Hkdf.Label(SystemCrypto.Instance, secret, "key"u8, default, block);
        for (int sequence = 0; sequence < 3; sequence++)
        {
            sealer.Seal(MessageType.Data, content, frame);
            byte[] nonce = block[16..];
            nonce[11] ^= (byte)sequence;
            var cipher = new GcmBlockCipher(new AesEngine());
            cipher.Init(false, new AeadParameters(new KeyParameter(block[..16]), 128, nonce, frame[..2]));
            byte[] inner = new byte[cipher.GetOutputSize(frame.Length - 2)];
            int written = cipher.ProcessBytes(frame, 2, frame.Length - 2, inner, 0);
            cipher.DoFinal(inner, written);
            Assert.Equal([(byte)MessageType.Data, .. content], inner);
        }
    }

    [Fact]
    public void OaepSeed_MadeByBouncyCastle_IsOpenedByTheServersKey()
    {
        RSAParameters parameters = TestKeys.Encryption.PrivateKey.ExportParameters(false);
        var oaep = new OaepEncoding(new RsaEngine(), new Sha256Digest(), new Sha256Digest(), null);
        var key = new RsaKeyParameters(false, new Org.BouncyCastle.Math.BigInteger(1, parameters.Modulus), new Org.BouncyCastle.Math.BigInteger(1, parameters.Exponent));
        oaep.Init(true, new ParametersWithRandom(key, new SecureRandom()));
        byte[] seed = RandomNumberGenerator.GetBytes(32);
        byte[] ciphertext = oaep.ProcessBlock(seed, 0, seed.Length);
        byte[] opened = new byte[256];
        Assert.True(SystemCrypto.Instance.TryOaepDecrypt(TestKeys.Encryption.PrivateKey, ciphertext, opened, out int written));
        Assert.Equal(seed, opened[..written]);
    }

    [Fact]
    public void OaepSeed_MadeByUs_IsOpenedByBouncyCastle()
    {
        byte[] seed = RandomNumberGenerator.GetBytes(32);
        byte[] ciphertext = new byte[256];
        SystemCrypto.Instance.OaepEncrypt(TestKeys.Encryption.ToPin().PublicKey, seed, ciphertext);
        var oaep = new OaepEncoding(new RsaEngine(), new Sha256Digest(), new Sha256Digest(), null);
        oaep.Init(false, DotNetUtilities.GetRsaKeyPair(TestKeys.Encryption.PrivateKey).Private);
        Assert.Equal(seed, oaep.ProcessBlock(ciphertext, 0, ciphertext.Length));
    }
}

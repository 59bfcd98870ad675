using System.Numerics;
using System.Security.Cryptography;
using Flint.Device.Nano.Tests.Support;
using Flint.Testing;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;

namespace Flint.Device.Nano.Tests.Crypto;

/// <summary>The public operation, OAEP and PSS against the platform's and Wycheproof; and what a key blob must be.</summary>
public sealed class RsaTests
{
    private static readonly RSA Key2048 = RSA.Create(2048);
    private readonly Sha256 _hash = new();

    [Theory]
    [InlineData(2048)]
    [InlineData(3072)]
    [InlineData(4096)]
    public void Operation_RandomNumbers_AreThePlatformsPower(int bits)
    {
        // Montgomery's method needs an odd modulus, not a key pair, which would take seconds to find.
        byte[] modulus = RandomNumberGenerator.GetBytes(bits / 8);
        modulus[0] |= 0x80;
        modulus[^1] |= 1;
        using var rsa = RSA.Create(new RSAParameters { Modulus = modulus, Exponent = [1, 0, 1] });
        RsaPublicKey key = DeviceKeys.Read(rsa, 1);
        BigInteger n = Number(modulus);
        byte[][] samples = [new byte[bits / 8], [.. new byte[(bits / 8) - 1], 1], Bytes(n - 1, bits / 8), .. Enumerable.Range(0, 20).Select(_ => Bytes(Number(RandomNumberGenerator.GetBytes(bits / 8)) % n, bits / 8))];
        foreach (byte[] sample in samples)
        {
            BigInteger expected = BigInteger.ModPow(Number(sample), 65537, n);
            Assert.True(key.TryApply(sample, 0));
            Assert.Equal(expected, Number(sample));
        }
    }

    [Fact]
    public void Operation_NumberNotBelowTheModulus_IsRefusedAndKept()
    {
        RsaPublicKey key = DeviceKeys.Read(Key2048, 1);
        byte[] modulus = Key2048.ExportParameters(false).Modulus!;
        foreach (byte[] sample in new[] { modulus, [.. Enumerable.Repeat((byte)0xFF, 256)] })
        {
            byte[] x = (byte[])sample.Clone();
            Assert.False(key.TryApply(x, 0));
            Assert.Equal(sample, x);
        }
    }

    [Fact]
    public void Operation_Cost_Is18MultiplicationsAndAsManyYields()
    {
        RsaPublicKey key = DeviceKeys.Read(Key2048, 1);
        int yields = 0;
        key.Yield = () => yields++;
        key.TryApply(new byte[256], 0);

        Assert.Equal((18, 18), (key.Field.Multiplications, yields));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(32)]
    [InlineData(190)]
    public void Oaep_Ciphertext_IsOpenedByThePlatform(int length)
    {
        byte[] message = RandomNumberGenerator.GetBytes(length);
        byte[] ciphertext = DeviceKeys.Read(Key2048, 1).Encrypt(_hash, message, RandomNumberGenerator.GetBytes(32));

        Assert.Equal(message, Key2048.Decrypt(ciphertext, RSAEncryptionPadding.OaepSHA256));
    }

    [Fact]
    public void Oaep_WrongKeyOrLength_IsTheCallersBug()
    {
        Assert.Throws<ArgumentException>(() => DeviceKeys.Read(Key2048, 2).Encrypt(_hash, new byte[32], new byte[32]));
        Assert.Throws<ArgumentException>(() => DeviceKeys.Read(Key2048, 1).Encrypt(_hash, new byte[191], new byte[32]));
        Assert.Throws<ArgumentException>(() => DeviceKeys.Read(Key2048, 1).Encrypt(_hash, new byte[32], new byte[31]));
    }

    [Fact]
    public void Pss_SignatureOfThePlatform_IsGoodAndNothingElseIs()
    {
        byte[] message = RandomNumberGenerator.GetBytes(100);
        byte[] digest = SHA256.HashData(message);
        byte[] signature = Key2048.SignData(message, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
        RsaPublicKey key = DeviceKeys.Read(Key2048, 2);

        Assert.True(key.Verify(_hash, digest, [1, .. signature, 2], 1, 256));
        Assert.False(key.Verify(_hash, SHA256.HashData(digest), signature, 0, 256));
        Assert.False(DeviceKeys.Read(Key2048, 1).Verify(_hash, digest, signature, 0, 256));
        Assert.False(key.Verify(_hash, digest, signature, 0, 255));
        Assert.False(key.Verify(_hash, digest, [.. Enumerable.Repeat((byte)0xFF, 256)], 0, 256));
        using var other = RSA.Create(2048);
        Assert.False(DeviceKeys.Read(other, 2).Verify(_hash, digest, signature, 0, 256));
        for (int i = 0; i < 256; i += 5)
        {
            byte[] changed = (byte[])signature.Clone();
            changed[i] ^= 1;
            Assert.False(key.Verify(_hash, digest, changed, 0, 256));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(31)]
    [InlineData(33)]
    [InlineData(222)]
    public void Pss_SaltOfAnotherLength_IsRefused(int saltLength)
    {
        byte[] message = RandomNumberGenerator.GetBytes(100);
        byte[] Sign(int length)
        {
            var signer = new PssSigner(new RsaBlindedEngine(), new Sha256Digest(), length);
            signer.Init(true, DotNetUtilities.GetRsaKeyPair(Key2048).Private);
            signer.BlockUpdate(message, 0, message.Length);
            return signer.GenerateSignature();
        }

        RsaPublicKey key = DeviceKeys.Read(Key2048, 2);
        Assert.True(key.Verify(_hash, SHA256.HashData(message), Sign(32), 0, 256));
        Assert.False(key.Verify(_hash, SHA256.HashData(message), Sign(saltLength), 0, 256));
    }

    [Theory]
    [InlineData("rsa_pss_2048_sha256_mgf1_32_test.json")]
    [InlineData("rsa_pss_3072_sha256_mgf1_32_test.json")]
    public void Pss_Wycheproof_Agrees(string file) => Assert.True(Wycheproof.ForEach(file, (group, test) =>
    {
        using var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(group.Hex("publicKeyDer"), out _);
        byte[] signature = test.Hex("sig");

        Assert.True(test.IsValid() == DeviceKeys.Read(rsa, 2).Verify(_hash, SHA256.HashData(test.Hex("msg")), signature, 0, signature.Length), test.Id());
    }) > 50);

    [Theory]
    [InlineData("rsa_oaep_2048_sha256_mgf1sha256_test.json")]
    [InlineData("rsa_oaep_3072_sha256_mgf1sha256_test.json")]
    public void Oaep_WycheproofMessages_AreOpenedByThePlatform(string file) => Wycheproof.ForEach(file, (group, test) =>
    {
        using var rsa = RSA.Create();
        rsa.ImportPkcs8PrivateKey(group.Hex("privateKeyPkcs8"), out _);
        byte[] message = test.Hex("msg");
        if (message.Length <= (rsa.KeySize / 8) - 66)
        {
            byte[] ciphertext = DeviceKeys.Read(rsa, 1).Encrypt(_hash, message, RandomNumberGenerator.GetBytes(32));
            Assert.Equal(message, rsa.Decrypt(ciphertext, RSAEncryptionPadding.OaepSHA256));
        }
    });

    [Theory]
    [InlineData(0, 2)]
    [InlineData(1, 0)]
    [InlineData(1, 3)]
    [InlineData(2, 2)]
    [InlineData(3, 8)]
    [InlineData(36, 0xEE)]
    [InlineData(40, 0x7F)]
    [InlineData(295, 0x10)]
    public void Blob_WrongField_IsNoKey(int at, byte value)
    {
        byte[] blob = DeviceKeys.Blob(Key2048, 1);
        blob[at] = blob[at] == value ? (byte)(value + 1) : value;

        Assert.Null(RsaPublicKey.Read(blob, 0, blob.Length));
    }

    [Fact]
    public void Blob_WrongLengthOrResidue_IsNoKey()
    {
        byte[] blob = DeviceKeys.Blob(Key2048, 1);
        for (int count = 0; count < blob.Length; count++)
        {
            Assert.Null(RsaPublicKey.Read(blob, 0, count));
        }

        Assert.Null(RsaPublicKey.Read([.. blob, 0], 0, blob.Length + 1));
        Array.Fill(blob, (byte)0xFF, 40 + 256, 256);
        Assert.Null(RsaPublicKey.Read(blob, 0, blob.Length));
    }

    [Fact]
    public void Blob_KeyHash_IsThatOfTheSubjectPublicKeyInfo()
    {
        RsaPublicKey key = DeviceKeys.Read(Key2048, 2);

        Assert.Equal(SHA256.HashData(Key2048.ExportSubjectPublicKeyInfo()), key.KeyHash);
        Assert.Equal((2, 256), (key.Usage, key.Length));
    }

    private static BigInteger Number(byte[] bytes) => new(bytes, isUnsigned: true, isBigEndian: true);

    private static byte[] Bytes(BigInteger number, int length)
    {
        byte[] bytes = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. new byte[length - bytes.Length], .. bytes];
    }
}

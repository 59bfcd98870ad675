using System.Security.Cryptography;
using Flint.Device.Nano.Tests.Support;
using Flint.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Flint.Device.Nano.Tests.Crypto;

/// <summary>SHA-256, HMAC and HKDF against the platform's and Wycheproof.</summary>
public sealed class HashTests
{
    private readonly ManagedCrypto _crypto = new(new SeededEntropy());

    [Fact]
    public void Sha256_AnyChunking_IsThePlatforms() => PropertyRunner.Check(ArbMap.Default.ArbFor<(byte[], int[])>().Filter(x => x.Item1 is not null && x.Item2 is not null), sample =>
    {
        byte[] message = [.. Enumerable.Repeat(sample.Item1, 5).SelectMany(x => x)];
        var hash = new Sha256();
        int at = 0;
        foreach (int part in sample.Item2)
        {
            int count = Math.Min(unchecked((int)((uint)part % 130)), message.Length - at);
            hash.Append(message, at, count);
            at += count;
        }

        hash.Append(message, at, message.Length - at);
        Assert.Equal(SHA256.HashData(message), Finish(hash));
    });

    [Fact]
    public void Sha256_EveryLengthUpToThreeBlocks_IsThePlatforms()
    {
        byte[] message = new byte[200];
        new SeededEntropy().Fill(message, 0, message.Length);
        var hash = new Sha256();
        for (int length = 0; length <= message.Length; length++)
        {
            hash.Start();
            hash.Append(message, 0, length);
            Assert.Equal(SHA256.HashData(message.AsSpan(0, length)), Finish(hash));
        }
    }

    [Fact]
    public void Sha256_DigestInTheMiddle_LeavesTheComputationAsItWas()
    {
        byte[] message = new byte[150];
        new SeededEntropy().Fill(message, 0, message.Length);
        var hash = new Sha256();
        var middle = new Sha256();
        hash.Append(message, 0, 70);
        middle.CopyFrom(hash);

        Assert.Equal(SHA256.HashData(message.AsSpan(0, 70)), Finish(middle));
        hash.Append(message, 70, 80);
        Assert.Equal(SHA256.HashData(message), Finish(hash));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(55, 1)]
    [InlineData(56, 2)]
    [InlineData(119, 2)]
    [InlineData(1024, 17)]
    public void Sha256_Cost_IsItsBlocks(int length, int blocks)
    {
        var hash = new Sha256();
        hash.Append(new byte[length], 0, length);
        Finish(hash);

        Assert.Equal(blocks, hash.Blocks);
    }

    [Fact]
    public void Sha256_AndHmac_AllocateNothing()
    {
        var hash = new Sha256();
        byte[] message = new byte[300];
        byte[] digest = new byte[32];
        Run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Run()
        {
            hash.Start();
            hash.Append(message, 0, message.Length);
            hash.Finish(digest, 0);
            _crypto.HmacSha256(digest, message, 0, message.Length, digest, 0);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(200)]
    public void Hmac_KeyOfAnyLength_IsThePlatforms(int keyLength)
    {
        byte[] key = RandomNumberGenerator.GetBytes(keyLength);
        byte[] message = RandomNumberGenerator.GetBytes(77);
        byte[] output = new byte[40];

        _crypto.HmacSha256(key, message, 7, 70, output, 8);

        Assert.Equal(HMACSHA256.HashData(key, message.AsSpan(7)), output[8..]);
    }

    [Theory]
    [InlineData(5, 0)]
    [InlineData(0, 1)]
    public void Hmac_RangeThatIsNone_IsRefusedAndLeavesNothing(int offset, int outputOffset)
    {
        byte[] key = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];
        byte[] output = new byte[32];
        Assert.Throws<ArgumentOutOfRangeException>(() => _crypto.HmacSha256(key, new byte[36], offset, 32, output, outputOffset));

        _crypto.HmacSha256([7], [1, 2, 3], 0, 3, output, 0);
        Assert.Equal(System.Security.Cryptography.HMACSHA256.HashData(new byte[] { 7 }, new byte[] { 1, 2, 3 }), output);
    }

    [Fact]
    public void Hmac_Wycheproof_Agrees() => Assert.True(Wycheproof.ForEach("hmac_sha256_test.json", (group, test) =>
    {
        byte[] message = test.Hex("msg");
        byte[] tag = test.Hex("tag");
        byte[] output = new byte[32];
        _crypto.HmacSha256(test.Hex("key"), message, 0, message.Length, output, 0);

        Assert.True(test.IsValid() == output.AsSpan(0, tag.Length).SequenceEqual(tag), test.Id());
    }) > 100);

    [Fact]
    public void Hkdf_Wycheproof_Agrees() => Assert.True(Wycheproof.ForEach("hkdf_sha256_test.json", (group, test) =>
    {
        byte[] salt = test.Hex("salt");
        byte[] key = new byte[32];
        byte[] output = new byte[test.GetProperty("size").GetInt32()];
        Hkdf.Extract(_crypto, salt.Length == 0 ? new byte[32] : salt, test.Hex("ikm"), key);
        if (test.IsValid())
        {
            Hkdf.Expand(_crypto, key, test.Hex("info"), output);
            Assert.True(output.AsSpan().SequenceEqual(test.Hex("okm")), test.Id());
        }
        else
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => Hkdf.Expand(_crypto, key, test.Hex("info"), output));
        }
    }) > 50);

    [Fact]
    public void Hkdf_AnyInput_IsThePlatforms()
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        byte[] info = RandomNumberGenerator.GetBytes(20);
        for (int length = 0; length < 100; length++)
        {
            byte[] output = new byte[length];
            Hkdf.Expand(_crypto, key, info, output);
            Assert.Equal(length == 0 ? [] : HKDF.Expand(HashAlgorithmName.SHA256, key, length, info), output);
        }
    }

    [Fact]
    public void HedgedRandom_Output_IsTheFormula()
    {
        byte[] secret = RandomNumberGenerator.GetBytes(32);
        var random = new HedgedRandom(new ManagedCrypto(new SeededEntropy(7)), secret, 0x0102030405060708);
        byte[] output = new byte[40];
        random.Fill(output, 0, 40);
        var raw = new SeededEntropy(7);
        byte[] input = new byte[48];
        Convert.FromHexString("0102030405060708").CopyTo(input, 0);
        raw.Fill(input, 16, 32);
        byte[] first = HMACSHA256.HashData(secret, input);
        input[15] = 1;
        raw.Fill(input, 16, 32);
        byte[] second = HMACSHA256.HashData(secret, input);

        Assert.Equal([.. first, .. second[..8]], output);
    }

    [Fact]
    public void HedgedRandom_DeadGenerator_NeverRepeats()
    {
        var seen = new HashSet<string>();
        byte[] output = new byte[32];
        for (int boot = 0; boot < 10; boot++)
        {
            var random = new HedgedRandom(new ManagedCrypto(new Dead()), new byte[32], boot);
            for (int call = 0; call < 10; call++)
            {
                random.Fill(output, 0, 32);
                Assert.True(seen.Add(Convert.ToHexString(output)));
            }
        }
    }

    [Fact]
    public void HedgedRandom_SecretOfAnotherLength_IsTheCallersBug() =>
        Assert.Throws<ArgumentException>(() => new HedgedRandom(_crypto, new byte[31], 0));

    private static byte[] Finish(Sha256 hash)
    {
        byte[] digest = new byte[32];
        hash.Finish(digest, 0);
        return digest;
    }

    private sealed class Dead : IEntropySource
    {
        public void Fill(byte[] buffer, int offset, int count) => Array.Clear(buffer, offset, count);
    }
}

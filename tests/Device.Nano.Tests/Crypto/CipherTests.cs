using System.Security.Cryptography;
using Flint.Device.Nano.Tests.Support;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Crypto;

/// <summary>AES and CCM against FIPS 197, the platform's and Wycheproof.</summary>
public sealed class CipherTests
{
    private readonly SeededEntropy _entropy = new();

    [Fact]
    public void Ccm_AnyChangedBit_IsRefusedAndLeavesNothing()
    {
        byte[] key = Random(16);
        byte[] nonce = Random(12);
        byte[] sealedText = [0, 36, .. new byte[20 + 16]];
        new Aes128Ccm(new ManagedAes128(key, 0)).Seal(nonce, sealedText, 2, 20, 2);
        for (int bit = 0; bit < sealedText.Length * 8; bit++)
        {
            byte[] changed = (byte[])sealedText.Clone();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(new Aes128Ccm(new ManagedAes128(key, 0)).Open(nonce, changed, 2, 36, 2));
            Assert.All(changed[2..], b => Assert.Equal(0, b));
        }

        Assert.True(new Aes128Ccm(new ManagedAes128(key, 0)).Open(nonce, sealedText, 2, 36, 2));
    }

    [Fact]
    public void Ccm_ShorterThanATag_IsRefused() =>
        Assert.All(Enumerable.Range(0, 16), count => Assert.False(
            new Aes128Ccm(new ManagedAes128(new byte[16], 0)).Open(new byte[12], new byte[16], 0, count, 0)));

    [Fact]
    public void Ccm_EveryLength_IsThePlatforms()
    {
        byte[] key = Random(16);
        using var platform = new AesCcm(key);
        var ccm = new Aes128Ccm(new ManagedAes128(key, 0));
        for (int length = 0; length < 100; length++)
        {
            byte[] nonce = Random(12);
            byte[] associated = Random(length % 7 == 0 ? 0 : length);
            byte[] message = Random(length);
            byte[] expected = new byte[length];
            byte[] tag = new byte[16];
            platform.Encrypt(nonce, message, expected, tag, associated);
            byte[] buffer = [9, .. associated, .. message, .. new byte[16], 9];
            int start = 1 + associated.Length;

            ccm.Seal(nonce, buffer, start, length, associated.Length);
            Assert.Equal([9, .. associated, .. expected, .. tag, 9], buffer);

            Assert.True(ccm.Open(nonce, buffer, start, length + 16, associated.Length));
            Assert.Equal([9, .. associated, .. message], buffer[..(start + length)]);
        }
    }

    [Fact]
    public void Ccm_Wycheproof_Agrees()
    {
        int used = 0;
        Wycheproof.ForEach("aes_ccm_test.json", (group, test) =>
        {
            if (group.GetProperty("keySize").GetInt32() != 128 || group.GetProperty("ivSize").GetInt32() != 96 || group.GetProperty("tagSize").GetInt32() != 128)
            {
                return;
            }

            byte[] associated = test.Hex("aad");
            byte[] buffer = [.. associated, .. test.Hex("ct"), .. test.Hex("tag")];
            int count = buffer.Length - associated.Length;
            bool opened = new Aes128Ccm(new ManagedAes128(test.Hex("key"), 0)).Open(test.Hex("iv"), buffer, associated.Length, count, associated.Length);
            Assert.True(test.IsValid() == opened, test.Id());
            Assert.True(!opened || buffer.AsSpan(associated.Length, count - 16).SequenceEqual(test.Hex("msg")), test.Id());
            used++;
        });
        Assert.True(used > 30, $"{used} tests fit the suite");
    }

    [Fact]
    public void Ccm_OneMessage_TakesOneCbcAndOneEcbCall()
    {
        var aes = new CountingAes(new ManagedAes128(new byte[16], 0));
        new Aes128Ccm(aes).Seal(new byte[12], new byte[530], 2, 512, 2);

        Assert.Equal((1, 1, 34, 33), (aes.CbcCalls, aes.EcbCalls, aes.CbcBlocks, aes.EcbBlocks));
    }

    [Fact]
    public void Ccm_MessagesOfOneLength_AllocateNothing()
    {
        var ccm = new Aes128Ccm(new ManagedAes128(new byte[16], 0));
        byte[] nonce = new byte[12];
        byte[] buffer = new byte[530];
        ccm.Seal(nonce, buffer, 2, 512, 2);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ccm.Seal(nonce, buffer, 2, 512, 2);
        ccm.Open(nonce, buffer, 2, 528, 2);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Aes_Fips197AppendixC_Agrees()
    {
        byte[] block = Convert.FromHexString("00112233445566778899aabbccddeeff");
        new ManagedAes128(Convert.FromHexString("000102030405060708090a0b0c0d0e0f"), 0).EncryptEcb(block);

        Assert.Equal("69C4E0D86A7B0430D8CDB78070B4C55A", Convert.ToHexString(block));
    }

    [Fact]
    public void Aes_ManyBlocks_AreThePlatforms()
    {
        for (int i = 0; i < 50; i++)
        {
            byte[] key = Random(16);
            byte[] data = Random(16 * (i + 1));
            using var platform = Aes.Create();
            platform.Key = key;

            Assert.Equal(platform.EncryptEcb(data, PaddingMode.None), new ManagedAes128(key, 0).EncryptEcb((byte[])data.Clone()));
            Assert.Equal(platform.EncryptCbc(data, new byte[16], PaddingMode.None), new ManagedAes128(key, 0).EncryptCbc((byte[])data.Clone()));
        }
    }

    private byte[] Random(int count)
    {
        byte[] bytes = new byte[count];
        _entropy.Fill(bytes, 0, count);
        return bytes;
    }
}

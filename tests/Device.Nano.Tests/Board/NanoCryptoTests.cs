using System.Security.Cryptography;
using Flint.Device.Nano.Tests.Support;

namespace Flint.Device.Nano.Tests.Board;

/// <summary>The adapters over the platform's cryptography give what the managed fallback and .NET give.</summary>
public sealed class NanoCryptoTests
{
    private static readonly NanoCrypto Native = new();
    private static readonly ManagedCrypto Managed = new(new SeededEntropy());

    [Theory]
    [InlineData(16)]
    [InlineData(64)]
    [InlineData(544)]
    public void Aes_EitherMode_IsTheManagedOne(int length)
    {
        byte[] key = RandomNumberGenerator.GetBytes(20);
        byte[] data = RandomNumberGenerator.GetBytes(length);
        IAes128 native = Native.CreateAes(key, 4);
        IAes128 managed = Managed.CreateAes(key, 4);

        // Twice, and mixed: the initialisation vector does not move.
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(managed.EncryptCbc((byte[])data.Clone()), native.EncryptCbc((byte[])data.Clone()));
            Assert.Equal(managed.EncryptEcb((byte[])data.Clone()), native.EncryptEcb((byte[])data.Clone()));
        }
    }

    [Fact]
    public void Aes_Cleared_HasNoKey()
    {
        byte[] key = RandomNumberGenerator.GetBytes(16);
        IAes128 aes = Native.CreateAes(key, 0);
        aes.Clear();

        Assert.Equal(Managed.CreateAes(new byte[16], 0).EncryptEcb(new byte[16]), aes.EncryptEcb(new byte[16]));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0, 32, 32)]
    [InlineData(3, 40, 64)]
    public void Hmac_OfARange_IsTheManagedOne(int offset, int count, int length)
    {
        byte[] key = RandomNumberGenerator.GetBytes(32);
        byte[] data = RandomNumberGenerator.GetBytes(length);
        byte[] native = new byte[40];
        byte[] managed = new byte[40];
        Native.HmacSha256(key, data, offset, count, native, 5);
        Managed.HmacSha256(key, data, offset, count, managed, 5);

        Assert.Equal(managed, native);
        Assert.Equal(HMACSHA256.HashData(key, data.AsSpan(offset, count)), native[5..37]);
    }

    [Fact]
    public void Entropy_FillsTheRangeAndNothingElse()
    {
        byte[] buffer = new byte[80];
        Native.GetEntropy(buffer, 8, 64);

        Assert.True(buffer.AsSpan(8, 64).ToArray().Distinct().Count() > 16);
        Assert.All(buffer[..8].Concat(buffer[72..]), value => Assert.Equal(0, value));
    }
}

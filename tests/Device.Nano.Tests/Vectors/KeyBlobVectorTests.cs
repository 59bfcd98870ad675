using System.Security.Cryptography;
using System.Text.Json;
using Flint.Device.Nano.Tests.Support;
using Flint.SecureTunnel;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Vectors;

/// <summary>docs/spec/vectors/tunnel/key-blobs.json: what the server writes is what the device computes with, and every bad blob is refused.</summary>
public sealed class KeyBlobVectorTests
{
    public static TheoryData<string> Vectors()
    {
        using JsonDocument document = VectorFile.Open("tunnel/key-blobs.json");
        return [.. document.RootElement.GetProperty("vectors").EnumerateArray().Select(vector => vector.GetProperty("id").GetString()!)];
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void Blob_Vector_IsReadOrRefused(string id)
    {
        using JsonDocument document = VectorFile.Open("tunnel/key-blobs.json");
        JsonElement vector = document.RootElement.GetProperty("vectors").EnumerateArray().Single(one => one.GetProperty("id").GetString() == id);
        JsonElement input = vector.GetProperty("input");
        if (!input.TryGetProperty("spki", out _))
        {
            byte[] bad = input.Hex("blob");
            Assert.Null(RsaPublicKey.Read(bad, 0, bad.Length));
            return;
        }

        byte[] blob = vector.GetProperty("result").Hex("blob");
        byte[] around = [0xEE, .. blob, 0xEE];
        RsaPublicKey key = RsaPublicKey.Read(around, 1, blob.Length)!;
        byte[] spki = input.Hex("spki");
        using var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(spki, out _);

        Assert.Equal(input.GetProperty("usage").GetByte(), key.Usage);
        Assert.Equal(rsa.KeySize / 8, key.Length);
        Assert.Equal(SHA256.HashData(spki), key.KeyHash);

        // One operation shows n0 and R² to be right: 2^65537 mod n.
        byte[] number = new byte[key.Length];
        number[^1] = 2;
        Assert.True(key.TryApply(number, 0));
        var n = new System.Numerics.BigInteger(rsa.ExportParameters(false).Modulus!, isUnsigned: true, isBigEndian: true);
        Assert.Equal(System.Numerics.BigInteger.ModPow(2, 65537, n), new System.Numerics.BigInteger(number, isUnsigned: true, isBigEndian: true));
    }

    [Theory]
    [InlineData(2048, SecureTunnelKeyUsage.Encryption, RsaPublicKey.UsageEncryption)]
    [InlineData(3072, SecureTunnelKeyUsage.Signing, RsaPublicKey.UsageSignature)]
    public void Blob_OfTheServersWriter_IsTakenByTheDevice(int bits, SecureTunnelKeyUsage usage, byte expected)
    {
        using var rsa = RSA.Create(bits);
        byte[] blob = SecureTunnelPin.FromPem(rsa.ExportSubjectPublicKeyInfoPem(), usage).ExportKeyBlob();

        Assert.Equal(DeviceKeys.Blob(rsa, expected), blob);
        Assert.NotNull(RsaPublicKey.Read(blob, 0, blob.Length));
    }
}

using System.Security.Cryptography;
using System.Text.Json;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Vectors;

/// <summary>Section 4.1: the key blobs that devices take in place of a SubjectPublicKeyInfo.</summary>
public sealed class KeyBlobVectorTests
{
    [Theory]
    [InlineData("encryption-2048")]
    [InlineData("signing-2048")]
    [InlineData("encryption-3072")]
    [InlineData("signing-4096")]
    public void Blob_OfAKey_IsTheCommittedOne(string id) // [ST-110] [ST-111] [ST-112]
    {
        using JsonDocument document = VectorFile.Open("tunnel/key-blobs.json");
        JsonElement vector = document.RootElement.GetProperty("vectors").EnumerateArray().Single(v => v.GetProperty("id").GetString() == id);
        var usage = vector.GetProperty("input").GetProperty("usage").GetInt32() == 1 ? SecureTunnelKeyUsage.Encryption : SecureTunnelKeyUsage.Signing;
        SecureTunnelPin pin = SecureTunnelPin.FromSpki(vector.GetProperty("input").Hex("spki"), usage);
        Assert.Equal(Convert.ToHexStringLower(vector.GetProperty("result").Hex("blob")), Convert.ToHexStringLower(pin.ExportKeyBlob()));
    }

    [Fact]
    public void Blob_OfAServersKey_IsThatOfItsPin() =>
        Assert.Equal(552, TestKeys.Encryption.ToPin().ExportKeyBlob().Length);

    [Fact]
    public void Blob_OfASizeThatNoDeviceTakes_IsRefused() // [ST-110]
    {
        using RSA key = RSA.Create(2056);
        SecureTunnelPin pin = SecureTunnelPin.FromSpki(key.ExportSubjectPublicKeyInfo(), SecureTunnelKeyUsage.Encryption);
        Assert.Throws<CryptographicException>(pin.ExportKeyBlob);
    }

    /// <summary>R² mod n may have leading zeros, and n0 any value: the numbers of other keys, recomputed by their definition.</summary>
    [Fact]
    public void Blob_OfAnyKey_FollowsItsDefinition() // [ST-112]
    {
        for (int i = 0; i < 4; i++)
        {
            using RSA key = RSA.Create(2048);
            byte[] blob = SecureTunnelPin.FromSpki(key.ExportSubjectPublicKeyInfo(), SecureTunnelKeyUsage.Signing).ExportKeyBlob();
            var n = new System.Numerics.BigInteger(blob.AsSpan(40, 256), isUnsigned: true, isBigEndian: true);
            var n0 = new System.Numerics.BigInteger(blob.AsSpan(36, 4), isUnsigned: true, isBigEndian: true);
            var rSquared = new System.Numerics.BigInteger(blob.AsSpan(296), isUnsigned: true, isBigEndian: true);
            System.Numerics.BigInteger word = System.Numerics.BigInteger.One << 32;
            Assert.Equal(word - 1, n0 * n % word);
            Assert.Equal((System.Numerics.BigInteger.One << 4096) % n, rSquared);
        }
    }
}

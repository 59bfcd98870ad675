using System.Security.Cryptography;
using System.Text.Json;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Interop;

/// <summary>
/// Project Wycheproof's vectors for every primitive, through the seam that the protocol uses. The folder is named by FLINT_WYCHEPROOF, or stands beside the repository; where there is
/// none the tests skip.
/// </summary>
public sealed class WycheproofTests
{
    private const string SpkiPrefix = "3059301306072a8648ce3d020106082a8648ce3d030107034200";

    [Fact]
    public void AesGcm_AgreesWithEveryVector() => Aead("aes_gcm_test.json", SecureTunnelSuite.RsaOaepAes128Gcm);

    [Fact]
    public void AesCcm_AgreesWithEveryVector() => Aead("aes_ccm_test.json", SecureTunnelSuite.RsaOaepAes128Ccm);

    [Fact]
    public void Hmac_AgreesWithEveryVector() => Run("hmac_sha256_test.json", 80, (group, test) =>
    {
        byte[] mac = new byte[32];
        SystemCrypto.Instance.Hmac(test.Hex("key"), test.Hex("msg"), mac);
        int length = group.GetProperty("tagSize").GetInt32() / 8;
        return CryptographicOperations.FixedTimeEquals(mac.AsSpan(0, length), test.Hex("tag"));
    });

    [Fact]
    public void Hkdf_AgreesWithEveryVector() => Run("hkdf_sha256_test.json", 60, (_, test) =>
    {
        int size = test.GetProperty("size").GetInt32();
        byte[] prk = new byte[32];
        byte[] okm = new byte[size];
        Hkdf.Extract(SystemCrypto.Instance, test.Hex("salt"), test.Hex("ikm"), prk);
        try
        {
            Hkdf.Expand(SystemCrypto.Instance, prk, test.Hex("info"), okm);
        }
        catch (OverflowException)
        {
            return false; // more than 255 blocks
        }

        return okm.AsSpan().SequenceEqual(test.Hex("okm"));
    });

    [Fact]
    public void P256_AgreesWithEveryVector() => Run("ecdh_secp256r1_test.json", 200, (_, test) => // [ST-405]
    {
        string share = test.GetProperty("public").GetString()!;
        if (share.Length != 182 || !share.StartsWith(SpkiPrefix, StringComparison.Ordinal))
        {
            return null; // the protocol carries points, not ASN.1
        }

        byte[] scalar = test.Hex("private");
        scalar = scalar.Length > 32 ? scalar[^32..] : [.. new byte[32 - scalar.Length], .. scalar];
        using var key = new PlatformEphemeralKey(ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = scalar }));
        byte[] secret = new byte[32];
        bool agreed = key.TryAgree(Convert.FromHexString(share[52..]), secret) && secret.AsSpan().SequenceEqual(test.Hex("shared"));
        bool isZero = test.GetProperty("shared").GetString()!.All(digit => digit == '0') && test.GetProperty("result").GetString() == "valid";
        return agreed != isZero; // the protocol refuses a zero X, which is valid ECDH
    });

    [Theory]
    [InlineData("rsa_oaep_2048_sha256_mgf1sha256_test.json")]
    [InlineData("rsa_oaep_3072_sha256_mgf1sha256_test.json")]
    public void Oaep_AgreesWithEveryVector(string file) => Run(file, 20, (group, test) =>
    {
        byte[] ciphertext = test.Hex("ct");
        using RSA key = RSA.Create();
        key.ImportPkcs8PrivateKey(group.Hex("privateKeyPkcs8"), out _);
        if (test.Hex("label").Length > 0 || ciphertext.Length != key.KeySize / 8)
        {
            return null; // the protocol has no label, and refuses another length before
        }

        byte[] opened = new byte[key.KeySize / 8];
        return SystemCrypto.Instance.TryOaepDecrypt(key, ciphertext, opened, out int written) && opened.AsSpan(0, written).SequenceEqual(test.Hex("msg"));
    });

    [Theory]
    [InlineData("rsa_pss_2048_sha256_mgf1_32_test.json")]
    [InlineData("rsa_pss_3072_sha256_mgf1_32_test.json")]
    public void Pss_AgreesWithEveryVector(string file) => Run(file, 80, (group, test) => // [ST-312]
    {
        using RSA key = RSA.Create();
        key.ImportSubjectPublicKeyInfo(group.Hex("publicKeyDer"), out _);
        return SystemCrypto.Instance.PssVerify(key, test.Hex("msg"), test.Hex("sig"));
    });

    private static void Aead(string file, SecureTunnelSuite suite) => Run(file, 50, (group, test) =>
    {
        if (group.GetProperty("ivSize").GetInt32() != 96 || group.GetProperty("keySize").GetInt32() != 128 || group.GetProperty("tagSize").GetInt32() != 128)
        {
            return null; // not a shape that the protocol has
        }

        using Aead aead = SystemCrypto.Instance.CreateAead(suite, test.Hex("key"));
        byte[] text = test.Hex("msg");
        byte[] opened = new byte[text.Length];
        bool valid = aead.TryOpen(test.Hex("iv"), test.Hex("aad"), test.Hex("ct"), test.Hex("tag"), opened) && opened.AsSpan().SequenceEqual(text);
        if (valid)
        {
            byte[] ciphertext = new byte[text.Length];
            byte[] tag = new byte[16];
            aead.Seal(test.Hex("iv"), test.Hex("aad"), text, ciphertext, tag);
            Assert.Equal(test.Hex("ct"), ciphertext);
            Assert.Equal(test.Hex("tag"), tag);
        }

        return valid;
    });

    /// <param name="file">The file of vectors.</param>
    /// <param name="atLeast">The fewest vectors that must have the protocol's shape.</param>
    /// <param name="check">True where ours accepts; null where the vector does not have the protocol's shape.</param>
    private static void Run(string file, int atLeast, Func<JsonElement, JsonElement, bool?> check)
    {
        string folder = Environment.GetEnvironmentVariable("FLINT_WYCHEPROOF") ?? Path.Combine(VectorFile.RepositoryRoot, "..", "shared", "vectors", "wycheproof");
        string path = Path.Combine(folder, file);
        if (!File.Exists(path))
        {
            Assert.Skip($"{file} is not at hand; name its folder in FLINT_WYCHEPROOF.");
        }

        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        int count = 0;
        foreach (JsonElement group in document.RootElement.GetProperty("testGroups").EnumerateArray())
        {
            foreach (JsonElement test in group.GetProperty("tests").EnumerateArray())
            {
                string expected = test.GetProperty("result").GetString()!;
                if (check(group, test) is not bool accepted)
                {
                    continue;
                }

                count++;
                if (expected != "acceptable")
                {
                    Assert.True(accepted == (expected == "valid"), $"{file} {test.GetProperty("tcId").GetInt32()}: {test.GetProperty("comment").GetString()}");
                }
            }
        }

        Assert.True(count >= atLeast, $"Only {count} vectors of {file} have the protocol's shape.");
    }
}

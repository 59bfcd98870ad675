using System.Reflection;
using System.Security.Cryptography;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Section 4: what keys, identities and credentials take, what they refuse and in which words, and what they leave behind.</summary>
public sealed class Section04_KeyTests
{
    [Fact]
    public void ServerKey_FromPem_IsTheKeyAndGoesWithIt()
    {
        string pem = TestKeys.Encryption.PrivateKey.ExportPkcs8PrivateKeyPem();
        SecureTunnelServerKey key = SecureTunnelServerKey.FromPem(pem, SecureTunnelKeyUsage.Encryption);
        Assert.Equal(TestKeys.Encryption.KeyHash, key.KeyHash);
        Assert.Equal(TestKeys.Encryption.KeyHash[..8], key.KeyId);
        Assert.Equal(256, key.ModulusLength);
        Assert.Equal(SecureTunnelKeyUsage.Encryption, key.Usage);
        byte[] spki = key.ExportSpki();
        Assert.NotSame(spki, key.ExportSpki()); // the caller's own
        Assert.Equal(SHA256.HashData(spki), key.KeyHash);
        byte[] ciphertext = key.PublicKey.Encrypt([1, 2, 3], RSAEncryptionPadding.OaepSHA256);
        Assert.Equal([1, 2, 3], key.PrivateKey.Decrypt(ciphertext, RSAEncryptionPadding.OaepSHA256));
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.PrivateKey.Decrypt(ciphertext, RSAEncryptionPadding.OaepSHA256));
        Assert.Throws<ObjectDisposedException>(() => key.PublicKey.Encrypt([1], RSAEncryptionPadding.OaepSHA256));
    }

    [Fact]
    public void ServerKey_OfNothing_IsRefused()
    {
        Assert.Equal("privateKey", Assert.Throws<ArgumentNullException>(() => new SecureTunnelServerKey(null!, SecureTunnelKeyUsage.Signing)).ParamName);
        Assert.Throws<ArgumentException>(() => SecureTunnelServerKey.FromPem("no key", SecureTunnelKeyUsage.Signing));
        Assert.Equal("privateKey", Assert.Throws<ArgumentNullException>(() => SecureTunnelCredential.FromRsa(null!)).ParamName);
    }

    [Fact]
    public void RsaKey_ThatIsUnsuitable_IsRefusedInOnePlace() // [ST-102]
    {
        const string Rule = "An RSA key of the tunnel has 2048 to 4096 bits and the exponent 65537.";
        Assert.Equal(Rule, Assert.Throws<CryptographicException>(() => RsaKeys.Check(new Numbers(2048, [1, 0, 1], isOdd: false))).Message);
        Assert.Equal(Rule, Assert.Throws<CryptographicException>(() => RsaKeys.Check(new Numbers(2040, [1, 0, 1]))).Message);
        Assert.Equal(Rule, Assert.Throws<CryptographicException>(() => RsaKeys.Check(new Numbers(2049, [1, 0, 1]))).Message);
        Assert.Equal(Rule, Assert.Throws<CryptographicException>(() => RsaKeys.Check(new Numbers(4104, [1, 0, 1]))).Message);
        Assert.Equal(Rule, Assert.Throws<CryptographicException>(() => RsaKeys.Check(new Numbers(2048, [3]))).Message);
        Assert.Equal(32, RsaKeys.Check(new Numbers(2048, [1, 0, 1])).Length);
        Assert.Equal(32, RsaKeys.Check(new Numbers(4096, [1, 0, 1])).Length);
        byte[] longer = [.. TestKeys.Encryption.ExportSpki(), 0];
        Assert.Equal("Bytes follow the public key.", Assert.Throws<CryptographicException>(() => RsaKeys.Import(longer, out _)).Message);
    }

    [Fact]
    public void Texts_OfWhatIsRefused_NameTheRule() // [ST-104] [ST-105] [ST-106] [ST-110] [ST-802]
    {
        SecureTunnelPin pin = TestKeys.Encryption.ToPin();
        byte[] key = new byte[32];
        Says("A pre-shared key has exactly 32 random bytes. (Parameter 'psk')", () => SecureTunnelCredential.FromPsk(new byte[31]));
        Says("A device identity has 1 to 64 bytes. (Parameter 'bytes')", () => new SecureTunnelDeviceId(new byte[65]));
        Says("A device holds 1 to 4 pins. (Parameter 'pins')", () => new SecureTunnelPinSet());
        Says("The pins of a device have one usage, and each stands once. (Parameter 'pins')", () => new SecureTunnelPinSet(pin, pin));
        Says("A ticket key has exactly 32 random bytes. (Parameter 'key')", () => new SecureTunnelTicketRing(new byte[31]));
        Says("The next key is another than the current one. (Parameter 'nextKey')", () => new SecureTunnelTicketRing(key, key));
        using var ring = new SecureTunnelTicketRing(key);
        Says("The ring holds this key already. (Parameter 'nextKey')", () => ring.Rotate(key, DateTimeOffset.UnixEpoch));
        Assert.Equal("pins", Assert.Throws<ArgumentNullException>(() => new SecureTunnelPinSet(pin, null!)).ParamName);
        Assert.Throws<CryptographicException>(() => KeyBlob.Write(new Numbers(2056, [1, 0, 1]), SecureTunnelKeyUsage.Signing, key));
        Assert.Equal(
            "A device takes RSA keys of 2048, 3072 or 4096 bits.",
            Assert.Throws<CryptographicException>(() => KeyBlob.Write(new Numbers(2056, [1, 0, 1]), SecureTunnelKeyUsage.Signing, key)).Message);
    }

    [Fact]
    public void Arguments_OfTheEdge_AreCheckedByName() // [ST-702] [ST-703]
    {
        Assert.Equal("services", Assert.Throws<ArgumentNullException>(() => SecureTunnelServiceCollectionExtensions.AddSecureTunnel(null!, _ => TestKeys.ServerOptions())).ParamName);
        Assert.Equal("create", Assert.Throws<ArgumentNullException>(() => new ServiceCollection().AddSecureTunnel(null!)).ParamName);
        Assert.Equal("options", Assert.Throws<ArgumentNullException>(() => new SecureTunnelAcceptor(null!)).ParamName);
        Assert.Equal("concurrency", Assert.Throws<ArgumentOutOfRangeException>(() => new SecureTunnelKeyGate(0, 1)).ParamName);
        Assert.Equal("burst", Assert.Throws<ArgumentOutOfRangeException>(() => new SecureTunnelSourceLimiter(1, 0, 1)).ParamName);
        Assert.Equal("perListener", Assert.Throws<ArgumentOutOfRangeException>(() => new SecureTunnelSourceLimiter(1, 1, 0)).ParamName);
        Assert.Equal("source", Assert.Throws<ArgumentNullException>(() => new SecureTunnelSourceLimiter(1, 1, 1).TryAdmit(null!)).ParamName);
    }

    [Fact]
    public async Task Gate_ByDefault_LetsHalfTheProcessorsWork() // [ST-702]
    {
        using var gate = new SecureTunnelKeyGate();
        int half = Math.Max(1, Environment.ProcessorCount / 2);
        for (int i = 0; i < half; i++)
        {
            Assert.True(await gate.TryEnterAsync(default).AsTask().WaitAsync(Eventually.Limit));
        }

        Task<bool>[] queue = [.. Enumerable.Range(0, 256).Select(_ => gate.TryEnterAsync(default).AsTask())];
        Assert.All(queue, waiting => Assert.False(waiting.IsCompleted));
        Assert.False(await gate.TryEnterAsync(default));
        Assert.True(new SecureTunnelClientOptions().ResumeWithEphemeral);
        foreach (Task<bool> waiting in queue)
        {
            gate.Leave();
            Assert.True(await waiting);
        }
    }

    [Fact]
    public void Secret_LivesWhereTheCollectorDoesNotMoveIt() // [ST-403]
    {
        using var secret = new Secret(32);
        byte[] bytes = (byte[])typeof(Secret).GetField("_bytes", BindingFlags.NonPublic | BindingFlags.Instance)!.GetValue(secret)!;
        Assert.Equal(GC.MaxGeneration, GC.GetGeneration(bytes)); // the pinned heap: an ordinary new array is of generation 0
    }

    [Theory]
    [InlineData(SecureTunnelSuite.RsaOaepAes128Gcm)]
    [InlineData(SecureTunnelSuite.RsaOaepAes128Ccm)]
    public void Aead_GivenAWrongTag_LeavesNothingOfTheMessage(SecureTunnelSuite suite) // [ST-502]
    {
        using Aead aead = SystemCrypto.Instance.CreateAead(suite, new byte[16]);
        byte[] ciphertext = new byte[100];
        byte[] tag = new byte[16];
        aead.Seal(new byte[12], default, new byte[100], ciphertext, tag);
        tag[15] ^= 1;
        byte[] plaintext = [.. Enumerable.Repeat((byte)0xEE, 100)];
        Assert.False(aead.TryOpen(new byte[12], default, ciphertext, tag, plaintext));
        Assert.Equal(new byte[100], plaintext);
    }

    [Fact]
    public void Rsa_OfTheSeam_GivesExactlyTheModulusAndNeverSaysWhy() // [ST-601] [ST-604]
    {
        SystemCrypto crypto = SystemCrypto.Instance;
        RSA key = TestKeys.Encryption.PrivateKey;
        foreach (int length in new[] { 255, 257 })
        {
            Assert.Equal("The ciphertext does not have the length of the modulus.", Assert.Throws<CryptographicException>(() => crypto.OaepEncrypt(key, new byte[32], new byte[length])).Message);
            Assert.Equal("The signature does not have the length of the modulus.", Assert.Throws<CryptographicException>(() => crypto.PssSign(key, new byte[32], new byte[length])).Message);
        }

        byte[] destination = new byte[256];
        Assert.False(crypto.TryOaepDecrypt(key, new byte[256], destination, out int written));
        Assert.Equal(0, written);
        crypto.OaepEncrypt(key, [1, 2], destination);
        Assert.True(crypto.TryOaepDecrypt(key, (byte[])destination.Clone(), destination, out written));
        Assert.Equal([1, 2], destination[..written]);
    }

    [Fact]
    public void Share_IsWrittenWithoutAskingForThePrivatePart()
    {
        using var key = new PlatformEphemeralKey(new Guarded());
        byte[] share = new byte[65];
        key.WriteShare(share);
        Assert.Equal(4, share[0]);
    }

    private static void Says(string text, Func<object> action) => Says(text, () => { action(); });

    private static void Says(string text, Action action) => Assert.Equal(text, Assert.Throws<ArgumentException>(action).Message);

    /// <summary>A public key of any numbers, as no platform would give it.</summary>
    private sealed class Numbers(int bits, byte[] exponent, bool isOdd = true) : RSA
    {
        public override int KeySize => bits;

        public override RSAParameters ExportParameters(bool includePrivateParameters)
        {
            byte[] modulus = new byte[(bits + 7) / 8];
            modulus[0] = (byte)(1 << ((bits + 7) % 8));
            modulus[^1] = (byte)(isOdd ? 1 : 2);
            return includePrivateParameters ? throw new CryptographicException() : new RSAParameters { Modulus = modulus, Exponent = exponent };
        }

        public override void ImportParameters(RSAParameters parameters) => throw new CryptographicException();
    }

    /// <summary>A key agreement whose private part nobody may have.</summary>
    private sealed class Guarded : ECDiffieHellman
    {
        private readonly ECDiffieHellman _inner = Create(ECCurve.NamedCurves.nistP256);

        public override ECDiffieHellmanPublicKey PublicKey => _inner.PublicKey;

        public override ECParameters ExportParameters(bool includePrivateParameters) =>
            includePrivateParameters ? throw new CryptographicException("The private part stays here.") : _inner.ExportParameters(false);

        protected override void Dispose(bool disposing)
        {
            _inner.Dispose();
            base.Dispose(disposing);
        }
    }
}

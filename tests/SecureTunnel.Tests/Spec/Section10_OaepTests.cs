using System.Buffers;
using System.Security.Cryptography;
using Flint.SecureTunnel.Tests.Support;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Section 10: a ciphertext that does not open looks like one that does.</summary>
public sealed class Section10_OaepTests
{
    [Theory]
    [InlineData("random bytes")]
    [InlineData("PKCS#1 v1.5")]
    [InlineData("OAEP with SHA-1")]
    [InlineData("a seed of 31 bytes")]
    [InlineData("a seed of 33 bytes")]
    [InlineData("an empty seed")]
    [InlineData("a ciphertext of another key")]
    [InlineData("a number beyond the modulus")]
    public void Server_GivenABadCiphertext_AnswersAsIfItWereGood(string kind) // [ST-602] [ST-603] [ST-604]
    {
        using var good = new Machines();
        byte[] hello = good.Begin();
        Ciphertext(kind).CopyTo(hello, 2 + 50);

        using var server = new Machines();
        byte[][] answer = server.ToServer(hello);
        Assert.Equal(ServerState.WaitClientAuth, server.Server.State);
        Assert.Equal([42, 54], answer.Select(frame => frame.Length));

        // Nobody can go on from here: the device cannot open ServerAuth, and its alert does not open at the server.
        good.ToClient(answer[0]);
        byte[] alert = Assert.Single(good.ToClient(answer[1]));
        Assert.Equal(SecureTunnelReason.ServerNotAuthenticated, good.Client.Failure.Reason);
        Assert.Equal(20, alert.Length);
        byte[] reply = Assert.Single(server.ToServer(alert));
        Assert.Equal(20, reply.Length);
        Assert.Equal(new HandshakeFailure(SecureTunnelReason.ClientAuthNotOpened, SecureTunnelAlert.HandshakeFailed, FromPeer: false), server.Server.Failure);
    }

    [Theory]
    [InlineData(257)]
    [InlineData(384)]
    [InlineData(512)]
    public void Server_GivenACiphertextOfAnotherLength_RefusesItBeforeRsa(int length) // [ST-601]
    {
        byte[] frame = new byte[1026];
        new ClientHello
        {
            Suite = SecureTunnelSuite.RsaOaepAes128Gcm,
            MaxRecord = 1024,
            Random = new byte[32],
            KeyId = TestKeys.Encryption.KeyId,
            Kem = new byte[length],
        }.TryWrite(frame.AsSpan(2), out int written);
        Frame.WriteHeader(frame, written);
        var output = new ArrayBufferWriter<byte>();
        using var server = new ServerHandshake(TestKeys.ServerOptions(), new NoRsa(), SystemEntropy.Instance, default);
        Assert.Equal(HandshakeStep.Failed, server.OnFrame(frame.AsSpan(0, written + 2), default, output));
        Assert.Equal(SecureTunnelAlert.Malformed, server.Failure.Alert);
    }

    [Theory]
    [InlineData(SecureTunnelSuite.RsaOaepAes128Gcm)]
    [InlineData(SecureTunnelSuite.P256RsaPssAes128Gcm)]
    public void Server_AskedForItsKeyOfTheOtherUsage_HoldsNoSuchKey(SecureTunnelSuite suite) // [ST-103] [ST-107] [ST-605]
    {
        SecureTunnelServerKey other = suite.IsEphemeral() ? TestKeys.Encryption : TestKeys.Signing;
        byte[] frame = new byte[1026];
        new ClientHello { Suite = suite, MaxRecord = 1024, Random = new byte[32], KeyId = other.KeyId, Kem = new byte[suite.IsEphemeral() ? 65 : 256] }.TryWrite(frame.AsSpan(2), out int written);
        Frame.WriteHeader(frame, written);
        var output = new ArrayBufferWriter<byte>();
        using var server = new ServerHandshake(TestKeys.ServerOptions(), new NoRsa(), SystemEntropy.Instance, default);
        Assert.Equal(HandshakeStep.Failed, server.OnFrame(frame.AsSpan(0, written + 2), default, output));
        Assert.Equal([0, 2, 0x0F, (byte)SecureTunnelAlert.UnknownKey], output.WrittenSpan.ToArray());
    }

    [Fact]
    public void Server_DrawsTheFallbackBeforeItDecrypts() // [ST-602]
    {
        var order = new List<string>();
        using var machines = new Machines(crypto: new Watched(order), entropy: new WatchedEntropy(order));
        machines.ToServer(machines.Begin());
        Assert.True(order.IndexOf("fallback") >= 0);
        Assert.True(order.IndexOf("fallback") < order.IndexOf("decrypt"));
    }

    private static byte[] Ciphertext(string kind)
    {
        using RSA key = RSA.Create(TestKeys.Encryption.PrivateKey.ExportParameters(false));
        byte[] beyond = new byte[256];
        beyond.AsSpan().Fill(0xFF);
        return kind switch
        {
            "PKCS#1 v1.5" => key.Encrypt(new byte[32], RSAEncryptionPadding.Pkcs1),
            "OAEP with SHA-1" => key.Encrypt(new byte[32], RSAEncryptionPadding.OaepSHA1),
            "a seed of 31 bytes" => key.Encrypt(new byte[31], RSAEncryptionPadding.OaepSHA256),
            "a seed of 33 bytes" => key.Encrypt(new byte[33], RSAEncryptionPadding.OaepSHA256),
            "an empty seed" => key.Encrypt([], RSAEncryptionPadding.OaepSHA256),
            "a ciphertext of another key" => TestKeys.Foreign.PrivateKey.Encrypt(new byte[32], RSAEncryptionPadding.OaepSHA256),
            "a number beyond the modulus" => beyond,
            _ => RandomNumberGenerator.GetBytes(256),
        };
    }

    private sealed class NoRsa : ForwardingCrypto
    {
        public override bool TryOaepDecrypt(RSA privateKey, ReadOnlySpan<byte> ciphertext, Span<byte> destination, out int written) =>
            throw new InvalidOperationException("RSA must not be reached.");
    }

    private sealed class Watched(List<string> order) : ForwardingCrypto
    {
        public override bool TryOaepDecrypt(RSA privateKey, ReadOnlySpan<byte> ciphertext, Span<byte> destination, out int written)
        {
            order.Add("decrypt");
            return base.TryOaepDecrypt(privateKey, ciphertext, destination, out written);
        }
    }

    private sealed class WatchedEntropy(List<string> order) : Entropy
    {
        public override void Fill(Span<byte> destination, EntropyUse use)
        {
            if (use == EntropyUse.FallbackSeed)
            {
                order.Add("fallback");
            }

            RandomNumberGenerator.Fill(destination);
        }
    }
}

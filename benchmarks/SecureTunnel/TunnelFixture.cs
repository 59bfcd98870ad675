using System.Buffers;
using System.Security.Cryptography;
using Flint.SecureTunnel;

namespace Flint.Benchmarks.SecureTunnel;

/// <summary>
/// A server that goes through the same handshake again and again, without pipes: what the benchmarks of the tunnel share. The device's frames are recorded
/// once; so that they fit, the server's random values are recorded too. Its key and signature are made anew each time and then replaced: the
/// figure has their full cost.
/// </summary>
internal sealed class TunnelFixture
{
    private static readonly TunnelTime Now = new(0, 1_790_000_000);
    private readonly ArrayBufferWriter<byte> _output = new(4096);
    private readonly SecureTunnelDevice _device = SecureTunnelDevice.FromPsk(new byte[32]);
    private readonly SecureTunnelServerOptions _options;
    private readonly ReplayCrypto _crypto = new();
    private readonly ReplayEntropy _entropy = new();
    private readonly byte[] _frame = new byte[1026];
    private readonly byte[] _hello;
    private readonly byte[] _auth;

    public TunnelFixture(SecureTunnelSuite suite, bool resume)
    {
        Key = new SecureTunnelServerKey(RSA.Create(2048), suite.KeyUsage());
        _options = new SecureTunnelServerOptions
        {
            Keys = [Key],
            Suites = [suite],
            Devices = new InMemoryDeviceStore(),
            Tickets = new SecureTunnelTicketRing(new byte[32]),
        };
        using var slot = new SecureTunnelTicketSlot();
        var client = new SecureTunnelClientOptions
        {
            Suite = suite,
            Pins = new SecureTunnelPinSet(Key.ToPin()),
            DeviceId = new SecureTunnelDeviceId("device-000000001"),
            Credential = SecureTunnelCredential.FromPsk(new byte[32]),
            Tickets = slot,
            ResumeWithEphemeral = false,
        };
        (_hello, _auth) = Record(client);
        if (resume)
        {
            (_hello, _auth) = Record(client);
        }

        Ciphertext = Key.PrivateKey.Encrypt(new byte[32], RSAEncryptionPadding.OaepSHA256);
        if (!ServerHandshake())
        {
            throw new InvalidOperationException("The recorded handshake does not connect.");
        }
    }

    public SecureTunnelServerKey Key { get; }

    public byte[] Ciphertext { get; }

    /// <summary>The server's whole computation, from ClientHello to Accept with a new ticket.</summary>
    public bool ServerHandshake()
    {
        using var server = new ServerHandshake(_options, _crypto, _entropy, Now);
        _output.ResetWrittenCount();
        Feed(server, _hello);
        Feed(server, _auth);
        return server.State == ServerState.Connected;
    }

    private void Feed(ServerHandshake server, byte[] frame)
    {
        frame.CopyTo(_frame, 0);
        HandshakeStep step = server.OnFrame(_frame.AsSpan(0, frame.Length), Now, _output);
        if (step == HandshakeStep.UsePrivateKey)
        {
            server.OnPrivateKey(Now, _output);
        }
        else if (step == HandshakeStep.FindDevice)
        {
            server.OnDevice(_device, Now, _output);
        }
    }

    private (byte[] Hello, byte[] Auth) Record(SecureTunnelClientOptions options)
    {
        var toServer = new ArrayBufferWriter<byte>();
        using var client = new ClientHandshake(options, SystemCrypto.Instance, _entropy, Now);
        using var server = new ServerHandshake(_options, _crypto, _entropy, Now);
        client.Begin(toServer);
        byte[] hello = toServer.WrittenSpan.ToArray();
        _output.ResetWrittenCount();
        Feed(server, hello);
        byte[] flight = _output.WrittenSpan.ToArray();
        int first = 2 + ((flight[0] << 8) | flight[1]);
        toServer.ResetWrittenCount();
        client.OnFrame(flight.AsSpan(0, first), toServer);
        client.OnFrame(flight.AsSpan(first), toServer);
        byte[] auth = toServer.WrittenSpan.ToArray();
        _output.ResetWrittenCount();
        Feed(server, auth);
        client.OnFrame(_output.WrittenSpan.ToArray(), toServer);
        return (hello, auth);
    }

    /// <summary>The same bytes each time.</summary>
    private sealed class ReplayEntropy : Entropy
    {
        public override void Fill(Span<byte> destination, EntropyUse use) => destination.Fill((byte)(1 + (int)use));
    }

    private sealed class ReplayCrypto : CryptoProvider
    {
        private byte[]? _share;
        private byte[]? _secret;
        private byte[]? _signature;

        public override void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination) => SystemCrypto.Instance.Hmac(key, data, destination);

        public override Aead CreateAead(SecureTunnelSuite suite, ReadOnlySpan<byte> key) => SystemCrypto.Instance.CreateAead(suite, key);

        public override void OaepEncrypt(RSA publicKey, ReadOnlySpan<byte> seed, Span<byte> ciphertext) => SystemCrypto.Instance.OaepEncrypt(publicKey, seed, ciphertext);

        public override bool TryOaepDecrypt(RSA privateKey, ReadOnlySpan<byte> ciphertext, Span<byte> destination, out int written) =>
            SystemCrypto.Instance.TryOaepDecrypt(privateKey, ciphertext, destination, out written);

        public override void PssSign(RSA privateKey, ReadOnlySpan<byte> data, Span<byte> signature)
        {
            SystemCrypto.Instance.PssSign(privateKey, data, signature);
            _signature ??= signature.ToArray();
            _signature.CopyTo(signature);
        }

        public override bool PssVerify(RSA publicKey, ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature) => SystemCrypto.Instance.PssVerify(publicKey, data, signature);

        public override EphemeralKey GenerateEphemeral() => new ReplayKey(this, SystemCrypto.Instance.GenerateEphemeral());

        /// <summary>A fresh key that does all of its work; what the recorded device answered to is then put in place of it.</summary>
        private sealed class ReplayKey(ReplayCrypto owner, EphemeralKey fresh) : EphemeralKey
        {
            public override void WriteShare(Span<byte> destination)
            {
                fresh.WriteShare(destination);
                owner._share ??= destination[..ProtocolLimits.PointSize].ToArray();
                owner._share.CopyTo(destination);
            }

            public override bool TryAgree(ReadOnlySpan<byte> peerShare, Span<byte> secret)
            {
                bool agreed = fresh.TryAgree(peerShare, secret);
                owner._secret ??= secret.ToArray();
                owner._secret.CopyTo(secret);
                return agreed;
            }

            public override void Dispose() => fresh.Dispose();
        }
    }
}

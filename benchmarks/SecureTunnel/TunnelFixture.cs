using System.Buffers;
using System.Security.Cryptography;
using Flint.SecureTunnel;

namespace Flint.Benchmarks.SecureTunnel;

/// <summary>Keys and both machines, without pipes: what the benchmarks of the tunnel share.</summary>
internal sealed class TunnelFixture
{
    private readonly ArrayBufferWriter<byte> _output = new(4096);
    private readonly byte[] _hello;
    private readonly Replay _clientEntropy = new();
    private readonly SecureTunnelDevice _device = SecureTunnelDevice.FromPsk(new byte[32]);
    private readonly SecureTunnelServerOptions _server;
    private readonly SecureTunnelClientOptions _client;

    public TunnelFixture()
    {
        Key = new SecureTunnelServerKey(RSA.Create(2048), SecureTunnelKeyUsage.Encryption);
        _server = new SecureTunnelServerOptions { Keys = [Key], Devices = new InMemoryDeviceStore() };
        _client = new SecureTunnelClientOptions
        {
            Pins = new SecureTunnelPinSet(Key.ToPin()),
            DeviceId = new SecureTunnelDeviceId("device-000000001"),
            Credential = SecureTunnelCredential.FromPsk(new byte[32]),
        };
        using var device = new ClientHandshake(_client, SystemCrypto.Instance, _clientEntropy, 0);
        device.Begin(_output);
        _hello = _output.WrittenSpan.ToArray();
        Ciphertext = _hello.AsSpan(2 + 50, 256).ToArray();
    }

    public SecureTunnelServerKey Key { get; }

    public byte[] Ciphertext { get; }

    /// <summary>
    /// The server's part of a full handshake up to Accept. The client's part is computed outside of the measurement only in so far as it
    /// does not depend on server_random: so the server is given a fixed one and the ClientAuth that belongs to it.
    /// </summary>
    public bool ServerHandshake(byte[] clientAuth)
    {
        using var server = new ServerHandshake(_server, SystemCrypto.Instance, _clientEntropy, 0);
        byte[] frame = ArrayPool<byte>.Shared.Rent(1026);
        _output.ResetWrittenCount();
        _hello.CopyTo(frame, 0);
        server.OnFrame(frame.AsSpan(0, _hello.Length), 0, _output);
        server.OnPrivateKey(0, _output);
        clientAuth.CopyTo(frame, 0);
        server.OnFrame(frame.AsSpan(0, clientAuth.Length), 0, _output);
        server.OnDevice(_device, _output);
        ArrayPool<byte>.Shared.Return(frame);
        return server.State == ServerState.Connected;
    }

    /// <summary>The ClientAuth frame for <see cref="ServerHandshake"/>.</summary>
    public byte[] ClientAuth()
    {
        var toServer = new ArrayBufferWriter<byte>();
        var toClient = new ArrayBufferWriter<byte>();
        using var client = new ClientHandshake(_client, new Recorded(_hello.AsSpan(2 + 50, 256).ToArray()), _clientEntropy, 0);
        using var server = new ServerHandshake(_server, SystemCrypto.Instance, _clientEntropy, 0);
        client.Begin(toServer);
        server.OnFrame(toServer.WrittenSpan.ToArray(), 0, toClient);
        server.OnPrivateKey(0, toClient);
        byte[] flight = toClient.WrittenSpan.ToArray();
        int first = 2 + ((flight[0] << 8) | flight[1]);
        toServer.ResetWrittenCount();
        client.OnFrame(flight.AsSpan(0, first), toServer);
        client.OnFrame(flight.AsSpan(first), toServer);
        return toServer.WrittenSpan.ToArray();
    }

    /// <summary>The same bytes each time, so that one ClientAuth fits every handshake.</summary>
    private sealed class Replay : Entropy
    {
        public override void Fill(Span<byte> destination, EntropyUse use) => destination.Fill((byte)(1 + (int)use));
    }

    private sealed class Recorded(byte[] ciphertext) : CryptoProvider
    {
        public override void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination) => SystemCrypto.Instance.Hmac(key, data, destination);

        public override Aead CreateAead(SecureTunnelSuite suite, ReadOnlySpan<byte> key) => SystemCrypto.Instance.CreateAead(suite, key);

        public override void OaepEncrypt(RSA publicKey, ReadOnlySpan<byte> seed, Span<byte> destination) => ciphertext.CopyTo(destination);

        public override bool TryOaepDecrypt(RSA privateKey, ReadOnlySpan<byte> source, Span<byte> destination, out int written) =>
            SystemCrypto.Instance.TryOaepDecrypt(privateKey, source, destination, out written);
    }
}

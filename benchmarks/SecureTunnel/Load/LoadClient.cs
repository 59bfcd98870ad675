using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Flint.SecureTunnel;

namespace Flint.Benchmarks.SecureTunnel.Load;

/// <summary>Clients of one server, one kind of handshake ("full", "resume", "resume-p256").</summary>
internal sealed class LoadClient : IDisposable
{
    public const string DeviceName = "device-000000001";

    private readonly ServerProcess _server;
    private readonly string _how;
    private readonly RSA _key = RSA.Create(2048);
    private readonly X509Certificate2 _certificate;
    private readonly SslStreamCertificateContext _context;
    private readonly SecureTunnelClientOptions _options;
    private readonly List<IAsyncDisposable> _held = [];
    private readonly List<TcpClient> _sockets = [];
    private int _flooded;

    public LoadClient(ServerProcess server, string how)
    {
        _server = server;
        _how = how;
        _certificate = LoadCertificate.Create(_key);
        _context = SslStreamCertificateContext.Create(_certificate, null, offline: true);
        SecureTunnelKeyUsage usage = server.Kind == "s2" ? SecureTunnelKeyUsage.Signing : SecureTunnelKeyUsage.Encryption;
        _options = new SecureTunnelClientOptions
        {
            Suite = server.Kind == "s2" ? SecureTunnelSuite.P256RsaPssAes128Gcm : SecureTunnelSuite.RsaOaepAes128Gcm,
            Pins = new SecureTunnelPinSet(SecureTunnelPin.FromSpki(server.PublicKey, usage)),
            DeviceId = new SecureTunnelDeviceId(DeviceName),
            Credential = SecureTunnelCredential.FromPsk(new byte[32]),
            Tickets = how == "full" ? null : new SecureTunnelTicketSlot(),
            ResumeWithEphemeral = how == "resume-p256",
        };
    }

    public long LastSent { get; private set; }

    public long LastReceived { get; private set; }

    public int Flooded => _flooded;

    public async Task HandshakesAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            using TcpClient socket = await DialAsync();
            await using IAsyncDisposable session = await OpenAsync(socket.GetStream());
        }
    }

    public async Task MessagesAsync(int count, int size, int together)
    {
        using TcpClient socket = await DialAsync();
        byte[] message = new byte[size];
        using var stream = new GatheringStream(socket.GetStream());
        await using IAsyncDisposable session = await OpenAsync(stream);
        stream.IsGathering = true;
        for (int i = 0; i < count; i++)
        {
            if (session is SecureTunnelConnection tunnel)
            {
                message.CopyTo(tunnel.Output.GetSpan(size));
                tunnel.Output.Advance(size);
                if ((i + 1) % together == 0)
                {
                    await tunnel.Output.FlushAsync();
                }
            }
            else
            {
                await ((SslStream)session).WriteAsync(message);
            }
        }

        stream.IsGathering = false;
    }

    /// <summary>A session of its own, with a stream to the server: the caller disposes it.</summary>
    public async Task<SecureTunnelConnection> ConnectAsync()
    {
        TcpClient socket = await DialAsync();
        return (SecureTunnelConnection)await OpenAsync(socket.GetStream());
    }

    /// <summary>A session for messages: the caller disposes it.</summary>
    public async Task<MessageChannel> OpenChannelAsync()
    {
        TcpClient socket = await DialAsync();
        return MessageChannel.Create(await OpenAsync(socket.GetStream()));
    }

    public async Task HoldAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            TcpClient socket = await DialAsync();
            _sockets.Add(socket);
            _held.Add(await OpenAsync(socket.GetStream()));
        }
    }

    /// <summary>
    /// A ClientHello that is well formed, for the right key, with a ciphertext that opens to nothing: it costs the server a private-key operation. Returns before the answer is read, so the rate is the attacker's.
    /// </summary>
    public async Task BogusHelloAsync(CancellationToken stop)
    {
        byte[] frame = BogusHello();
        using TcpClient socket = await DialAsync();
        await socket.GetStream().WriteAsync(frame, stop);
        await Task.Delay(20, stop);
        Interlocked.Increment(ref _flooded);
    }

    /// <summary>The first byte of a hello, then silence until <paramref name="stop"/>; with <paramref name="drip"/> another byte each time.</summary>
    public async Task HangAsync(TimeSpan? drip, CancellationToken stop)
    {
        byte[] frame = BogusHello();
        using TcpClient socket = await DialAsync();
        NetworkStream stream = socket.GetStream();
        Interlocked.Increment(ref _flooded);
        foreach (byte one in frame)
        {
            await stream.WriteAsync(new[] { one }, stop);
            await Task.Delay(drip ?? Timeout.InfiniteTimeSpan, stop);
        }
    }

    private byte[] BogusHello()
    {
        byte[] frame = new byte[1026];
        new ClientHello
        {
            Suite = SecureTunnelSuite.RsaOaepAes128Gcm,
            MaxRecord = 1024,
            Random = new byte[32],
            KeyId = _options.Pins!.Current.KeyHash[..8],
            Kem = new byte[256],
        }.TryWrite(frame.AsSpan(2), out int written);
        return frame[..Frame.WriteHeader(frame, written)];
    }

    public void Dispose()
    {
        _sockets.ForEach(socket => socket.Dispose());
        _certificate.Dispose();
        _key.Dispose();
    }

    private async Task<TcpClient> DialAsync()
    {
        var socket = new TcpClient { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, _server.Port);
        return socket;
    }

    [SuppressMessage("Security", "CA5398", Justification = "The comparison is with TLS 1.3.")]
    private async Task<IAsyncDisposable> OpenAsync(Stream stream)
    {
        byte[] greeting = new byte[1];
        if (_server.Kind == "bare")
        {
            await stream.ReadExactlyAsync(greeting);
            return stream;
        }

        if (!_server.Kind.StartsWith("tls", StringComparison.Ordinal))
        {
            SecureTunnelConnection tunnel = await SecureTunnelClient.ConnectAsync(SecureTunnelTransport.FromStream(stream), _options);
            (LastSent, LastReceived) = (tunnel.Statistics.HandshakeBytesSent, tunnel.Statistics.HandshakeBytesReceived);
            return tunnel;
        }

        var counted = new GatheringStream(stream);
        var tls = new SslStream(_server.Kind == "tls-duplex" ? stream : counted);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "flint",
            ClientCertificateContext = _server.Kind == "tls" ? _context : null,
            EnabledSslProtocols = SslProtocols.Tls13,
            AllowTlsResume = _how == "resume",
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        });
        await tls.ReadExactlyAsync(greeting);
        (LastSent, LastReceived) = (counted.Sent, counted.Received);
        return tls;
    }
}

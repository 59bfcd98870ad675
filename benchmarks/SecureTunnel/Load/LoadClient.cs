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

    public async Task HoldAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            TcpClient socket = await DialAsync();
            _sockets.Add(socket);
            _held.Add(await OpenAsync(socket.GetStream()));
        }
    }

    /// <summary>ClientHellos that are well formed, for the right key, with a ciphertext that opens to nothing: each costs the server a private-key operation.</summary>
    public async Task FloodAsync(CancellationToken stop)
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
        Frame.WriteHeader(frame, written);
        byte[] answer = new byte[256];
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using TcpClient socket = await DialAsync();
                await socket.GetStream().WriteAsync(frame.AsMemory(0, written + 2), stop);
                await socket.GetStream().ReadAtLeastAsync(answer, 2, throwOnEndOfStream: false, stop);
                Interlocked.Increment(ref _flooded);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // refused or ended: the flood goes on
            }
        }
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

        if (_server.Kind != "tls")
        {
            SecureTunnelConnection tunnel = await SecureTunnelClient.ConnectAsync(SecureTunnelTransport.FromStream(stream), _options);
            (LastSent, LastReceived) = (tunnel.Statistics.HandshakeBytesSent, tunnel.Statistics.HandshakeBytesReceived);
            return tunnel;
        }

        var tls = new SslStream(stream);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "flint",
            ClientCertificateContext = _context,
            EnabledSslProtocols = SslProtocols.Tls13,
            AllowTlsResume = _how == "resume",
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        });
        await tls.ReadExactlyAsync(greeting);
        return tls;
    }
}

using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Flint.Benchmarks.SecureTunnel.Load;
using Flint.SecureTunnel;

namespace Flint.Benchmarks.SecureTunnel;

/// <summary>
/// Messages, each flushed by itself into a record of its own, from a device to a server over a stream in memory: the tunnel, and SslStream with TLS 1.3 and AES-128-GCM or -256-GCM as the platform
/// chooses. Nothing gathers (SendBuffer 0): what one record costs. Sixteen are sent, then sixteen read, so that neither side ever waits.
/// </summary>
internal sealed class MessageFixture
{
    private const int Batch = 16;
    private readonly byte[] _message;
    private readonly byte[] _read = new byte[4096];
    private readonly SecureTunnelConnection _device;
    private readonly SecureTunnelConnection _gateway;
    private readonly SslStream _client;
    private readonly SslStream _server;

    private MessageFixture(int size, (SecureTunnelConnection, SecureTunnelConnection) tunnel, (SslStream, SslStream) tls)
    {
        _message = RandomNumberGenerator.GetBytes(size);
        (_device, _gateway) = tunnel;
        (_client, _server) = tls;
    }

    public static MessageFixture Create(int size) => new(size, ConnectAsync(MemoryLink.Create(), sendBuffer: 0).GetAwaiter().GetResult(), ConnectTlsAsync(MemoryLink.Create()).GetAwaiter().GetResult());

    public void Tunnel(int count)
    {
        for (int i = 0; i < count; i += Batch)
        {
            TunnelBatchAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    public void Tls(int count)
    {
        for (int i = 0; i < count; i += Batch)
        {
            TlsBatchAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private async ValueTask TunnelBatchAsync()
    {
        for (int i = 0; i < Batch; i++)
        {
            _message.CopyTo(_device.Output.GetSpan(_message.Length));
            _device.Output.Advance(_message.Length);
            await _device.Output.FlushAsync();
        }

        for (long left = Batch * _message.Length; left > 0;)
        {
            ReadResult result = await _gateway.Input.ReadAsync();
            left -= result.Buffer.Length;
            _gateway.Input.AdvanceTo(result.Buffer.End);
        }
    }

    private async ValueTask TlsBatchAsync()
    {
        for (int i = 0; i < Batch; i++)
        {
            await _client.WriteAsync(_message);
        }

        for (int left = Batch * _message.Length; left > 0;)
        {
            left -= await _server.ReadAsync(_read);
        }
    }

    public static async Task<(SecureTunnelConnection Device, SecureTunnelConnection Gateway)> ConnectAsync((Stream Server, Stream Device) link, int sendBuffer = 65536)
    {
        var key = new SecureTunnelServerKey(RSA.Create(2048), SecureTunnelKeyUsage.Encryption);
        var devices = new InMemoryDeviceStore();
        devices.Set(new SecureTunnelDeviceId("device"), SecureTunnelDevice.FromPsk(new byte[32]));
        var server = new SecureTunnelServerOptions { Keys = [key], Devices = devices, SendBuffer = sendBuffer };
        var client = new SecureTunnelClientOptions
        {
            Pins = new SecureTunnelPinSet(key.ToPin()),
            DeviceId = new SecureTunnelDeviceId("device"),
            Credential = SecureTunnelCredential.FromPsk(new byte[32]),
            SendBuffer = sendBuffer,
        };
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(SecureTunnelTransport.FromStream(link.Server), server).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(SecureTunnelTransport.FromStream(link.Device), client);
        return (device, await accepting);
    }

    [SuppressMessage("Security", "CA5398", Justification = "The comparison is with TLS 1.3.")]
    public static async Task<(SslStream Client, SslStream Server)> ConnectTlsAsync((Stream Server, Stream Client) link)
    {
        using RSA rsa = RSA.Create(2048);
        X509Certificate2 certificate = LoadCertificate.Create(rsa);
        var server = new SslStream(link.Server);
        var client = new SslStream(link.Client);
        Task accepting = server.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate, EnabledSslProtocols = SslProtocols.Tls13 });
        await client.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "flint",
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = (_, received, _, _) => received is not null,
        });
        await accepting;
        return (client, server);
    }
}

using System.IO.Pipelines;
using System.Security.Cryptography;
using Flint.SecureTunnel;
using Microsoft.Extensions.DependencyInjection;

namespace Flint.Samples.Snippets;

/// <summary>The blocks of src/SecureTunnel/README.md.</summary>
internal static class SecureTunnel
{
    public static async Task Server(IDuplexPipe transport, byte[] psk, CancellationToken cancellationToken)
    {
        // <snippet>
        // The server: a private key, the devices it knows.
        using var key = new SecureTunnelServerKey(RSA.Create(2048), SecureTunnelKeyUsage.Encryption);
        var devices = new InMemoryDeviceStore();
        devices.Set(new SecureTunnelDeviceId("sensor-17"), SecureTunnelDevice.FromPsk(psk));
        var options = new SecureTunnelServerOptions { Keys = [key], Devices = devices };

        await using SecureTunnelConnection tunnel = await SecureTunnelServer.AcceptAsync(transport, options, cancellationToken);
        Console.WriteLine($"{tunnel.Peer.DeviceId} connected, {tunnel.Statistics.HandshakeBytesReceived} bytes");
        await tunnel.Output.WriteAsync("welcome"u8.ToArray(), cancellationToken);
        // </snippet>
    }

    public static async Task Device(Stream socketStream, byte[] serverKey, byte[] psk, CancellationToken cancellationToken)
    {
        // <snippet>
        // The device: the server's public key, its own identity and key.
        var options = new SecureTunnelClientOptions
        {
            Pins = new SecureTunnelPinSet(SecureTunnelPin.FromSpki(serverKey, SecureTunnelKeyUsage.Encryption)),
            DeviceId = new SecureTunnelDeviceId("sensor-17"),
            Credential = SecureTunnelCredential.FromPsk(psk),
        };

        IDuplexPipe transport = SecureTunnelTransport.FromStream(socketStream);
        await using SecureTunnelConnection tunnel = await SecureTunnelClient.ConnectAsync(transport, options, cancellationToken);
        ReadResult welcome = await tunnel.Input.ReadAsync(cancellationToken);
        // </snippet>
        Console.WriteLine(welcome.Buffer.Length);
    }

    public static SecureTunnelSourceLimiter Host(IServiceCollection services, SecureTunnelServerKey key, IDeviceStore devices, byte[] ticketKey)
    {
        // <snippet>
        // In a host: logs, the meter "Flint.SecureTunnel", tickets for resumption, and a limit for each source.
        services.AddSingleton<IDeviceStore>(devices);
        services.AddSecureTunnel(provider => new SecureTunnelServerOptions
        {
            Keys = [key],
            Devices = provider.GetRequiredService<IDeviceStore>(),
            Tickets = new SecureTunnelTicketRing(ticketKey),
        });
        var limiter = new SecureTunnelSourceLimiter(perSource: 1, burst: 5, perListener: 500);
        // </snippet>
        return limiter;
    }
}

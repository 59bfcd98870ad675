using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Flint.SecureTunnel;

namespace Flint.Benchmarks.SecureTunnel.Load;

/// <summary>A server of one kind (bare; tls, mutual; tls-server, without a certificate of the device; s1, s2; echo, S1 that sends back what it gets; duplex and tls-duplex, which do as the client asks) in its own process: prints its port and public key, then a report for each line that it is given.</summary>
internal static class LoadServer
{
    public static async Task RunAsync(string kind)
    {
        using RSA rsa = RSA.Create(2048);
        using X509Certificate2 certificate = LoadCertificate.Create(rsa);
        SslStreamCertificateContext context = SslStreamCertificateContext.Create(certificate, null, offline: true); // shared: what lets the platform resume
        SecureTunnelKeyUsage usage = kind == "s2" ? SecureTunnelKeyUsage.Signing : SecureTunnelKeyUsage.Encryption;
        using var key = new SecureTunnelServerKey(rsa, usage);
        var devices = new InMemoryDeviceStore();
        devices.Set(new SecureTunnelDeviceId(LoadClient.DeviceName), SecureTunnelDevice.FromPsk(new byte[32]));
        var options = new SecureTunnelServerOptions
        {
            Keys = [key],
            Suites = [kind == "s2" ? SecureTunnelSuite.P256RsaPssAes128Gcm : SecureTunnelSuite.RsaOaepAes128Gcm],
            Devices = devices,
            Tickets = new SecureTunnelTicketRing(RandomNumberGenerator.GetBytes(32)),
        };
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(4096);
        Console.WriteLine(((IPEndPoint)listener.LocalEndpoint).Port);
        Console.WriteLine(Convert.ToHexString(key.ExportSpki()));
        _ = Task.Run(async () =>
        {
            while (true)
            {
                TcpClient client = await listener.AcceptTcpClientAsync();
                _ = Task.Run(() => ServeAsync(kind, client, context, options));
            }
        });

        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (line == "cpu")
            {
                Console.WriteLine(Environment.CpuUsage.TotalTime.TotalMicroseconds.ToString("0", CultureInfo.InvariantCulture));
                continue;
            }

            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            using Process self = Process.GetCurrentProcess();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{self.TotalProcessorTime.TotalMicroseconds:0} {self.WorkingSet64} {GC.GetTotalMemory(forceFullCollection: false)}"));
        }
    }

    private static async Task ServeAsync(string kind, TcpClient client, SslStreamCertificateContext certificate, SecureTunnelServerOptions options)
    {
        using TcpClient owned = client;
        client.NoDelay = true;
        try
        {
            NetworkStream stream = client.GetStream();
            if (kind == "bare")
            {
                byte[] greeting = [1];
                await stream.WriteAsync(greeting);
                int none = await stream.ReadAsync(Memory<byte>.Empty);
                Trace.Assert(none == 0);
            }
            else if (kind.StartsWith("tls", StringComparison.Ordinal))
            {
                await ServeTlsAsync(stream, certificate, kind);
            }
            else
            {
                await using SecureTunnelConnection tunnel = await SecureTunnelServer.AcceptAsync(SecureTunnelTransport.FromStream(stream), options);
                if (kind == "duplex")
                {
                    await MessageChannel.Create(tunnel).ServeAsync();
                }

                while (true)
                {
                    ReadResult result = await tunnel.Input.ReadAsync();
                    if (kind == "echo")
                    {
                        await tunnel.Output.WriteAsync(result.Buffer.ToArray());
                    }

                    tunnel.Input.AdvanceTo(result.Buffer.End);
                    if (result.IsCompleted)
                    {
                        break;
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or AuthenticationException or OperationCanceledException)
        {
            // a client that goes away, or a bogus one
        }
    }

    [SuppressMessage("Security", "CA5398", Justification = "The comparison is with TLS 1.3.")]
    private static async Task ServeTlsAsync(NetworkStream stream, SslStreamCertificateContext certificate, string kind)
    {
        bool isMutual = kind == "tls";
        await using var tls = new SslStream(stream, leaveInnerStreamOpen: false);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificate,
            ClientCertificateRequired = isMutual,
            EnabledSslProtocols = SslProtocols.Tls13,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null || !isMutual,
        });
        byte[] greeting = [1];
        await tls.WriteAsync(greeting);
        if (kind == "tls-duplex")
        {
            await MessageChannel.Create(tls).ServeAsync();
        }

        byte[] buffer = [];
        while (true)
        {
            int none = await tls.ReadAsync(Memory<byte>.Empty); // an idle connection holds no buffer of ours
            Trace.Assert(none == 0);
            buffer = buffer.Length == 0 ? new byte[4096] : buffer;
            if (await tls.ReadAsync(buffer) == 0)
            {
                return;
            }
        }
    }
}

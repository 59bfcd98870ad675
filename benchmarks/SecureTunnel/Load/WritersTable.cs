using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Flint.SecureTunnel;

namespace Flint.Benchmarks.SecureTunnel.Load;

/// <summary>
/// <c>benchmarks -- tunnel writers N</c>: several tasks write messages to one peer over loopback TCP, and each awaits its own before the next. The tunnel takes them at a time; SslStream takes one, so its writers
/// take turns. Processor time of both ends, which are in this process.
/// </summary>
internal static class WritersTable
{
    private const int Rounds = 7;

    public static async Task RunAsync(int count)
    {
        Console.WriteLine($"{"messages",-24} {"tunnel µs",10} {"TLS µs",10} {"TLS / tunnel (quartiles)",26} {"a record",9}");
        foreach (int size in new[] { 64, 256, 1024 })
        {
            foreach (int writers in new[] { 1, 4, 16 })
            {
                await MeasureAsync(count, size, writers);
            }
        }
    }

    private static async Task MeasureAsync(int count, int size, int writers)
    {
        (SecureTunnelConnection device, SecureTunnelConnection gateway) = await MessageFixture.ConnectAsync(await TcpAsync());
        (SslStream client, SslStream server) = await MessageFixture.ConnectTlsAsync(await TcpAsync());
        using var turn = new SemaphoreSlim(1, 1);
        byte[] message = new byte[size];
        byte[] buffer = new byte[16 * 1024];
        var tunnel = new double[Rounds];
        var tls = new double[Rounds];
        for (int round = -1; round < Rounds; round++)
        {
            double one = await TimeAsync(count, writers, async () => await gateway.Output.WriteAsync(message), () => ReadTunnelAsync(device, (long)count * size));
            double other = await TimeAsync(count, writers, () => WriteInTurnAsync(server, turn, message), () => ReadTlsAsync(client, buffer, (long)count * size));
            if (round >= 0)
            {
                (tunnel[round], tls[round]) = (one, other);
            }
        }

        double[] ratios = [.. tls.Zip(tunnel, (a, b) => a / b).Order()];
        double together = (double)count * (Rounds + 1) / gateway.Statistics.RecordsSent;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{size + " B, writers: " + writers,-24} {tunnel.Order().ElementAt(Rounds / 2),10:0.0} {tls.Order().ElementAt(Rounds / 2),10:0.0} {$"{ratios[Rounds / 2]:0.00} ({ratios[Rounds / 4]:0.00}-{ratios[Rounds * 3 / 4]:0.00})",26} {together,9:0.0}"));
        await gateway.DisposeAsync();
        await device.DisposeAsync();
        await server.DisposeAsync();
        await client.DisposeAsync();
    }

    /// <returns>Microseconds of the process for a message.</returns>
    private static async Task<double> TimeAsync(int count, int writers, Func<Task> write, Func<Task> read)
    {
        using Process self = Process.GetCurrentProcess();
        double start = self.TotalProcessorTime.TotalMicroseconds;
        Task reading = Task.Run(read);
        await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < count / writers; i++)
            {
                await write();
            }
        })));
        await reading;
        self.Refresh();
        return (self.TotalProcessorTime.TotalMicroseconds - start) / count;
    }

    private static async Task WriteInTurnAsync(SslStream stream, SemaphoreSlim turn, byte[] message)
    {
        await turn.WaitAsync();
        try
        {
            await stream.WriteAsync(message);
        }
        finally
        {
            turn.Release();
        }
    }

    private static async Task ReadTunnelAsync(SecureTunnelConnection tunnel, long left)
    {
        while (left > 0)
        {
            ReadResult result = await tunnel.Input.ReadAsync();
            left -= result.Buffer.Length;
            tunnel.Input.AdvanceTo(result.Buffer.End);
        }
    }

    private static async Task ReadTlsAsync(SslStream stream, byte[] buffer, long left)
    {
        while (left > 0)
        {
            left -= await stream.ReadAsync(buffer);
        }
    }

    private static async Task<(Stream One, Stream Other)> TcpAsync()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var one = new TcpClient { NoDelay = true };
        Task<TcpClient> accepting = listener.AcceptTcpClientAsync();
        await one.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        TcpClient other = await accepting;
        other.NoDelay = true;
        return (one.GetStream(), other.GetStream());
    }
}

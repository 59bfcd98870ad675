using System.Buffers.Binary;
using System.Globalization;

namespace Flint.Benchmarks.SecureTunnel.Load;

/// <summary>
/// <c>benchmarks -- tunnel stream N [Receives | Sends | Echo]</c>: one task streams N messages over loopback TCP and awaits each before the next; the server, a process of its own, receives them or sends them, or both take turns with one. The
/// tunnel and SslStream do the same, one after the other in each round. Processor time for a message, of the server and of both ends.
/// </summary>
internal static class StreamTable
{
    private const int Rounds = 7;

    public static async Task RunAsync(int count, string? only)
    {
        await using ServerProcess tunnelServer = await ServerProcess.StartAsync("duplex");
        await using ServerProcess tlsServer = await ServerProcess.StartAsync("tls-duplex");
        using var tunnelClient = new LoadClient(tunnelServer, "full");
        using var tlsClient = new LoadClient(tlsServer, "full");
        await using MessageChannel tunnel = await tunnelClient.OpenChannelAsync();
        await using MessageChannel tls = await tlsClient.OpenChannelAsync();
        Console.WriteLine($"{"the server",-20} {"tunnel µs",10} {"TLS µs",8} {"both ends",10} {"TLS",8} {"server, TLS / tunnel",24} {"both ends, TLS / tunnel",24}");
        foreach (MessageOrder what in only is null ? Enum.GetValues<MessageOrder>() : [Enum.Parse<MessageOrder>(only)])
        {
            int messages = what == MessageOrder.Echo ? count / 10 : count;
            foreach (int size in new[] { 64, 256, 1024 })
            {
                var ours = new (double Server, double Both)[Rounds];
                var theirs = new (double Server, double Both)[Rounds];
                for (int round = -1; round < Rounds; round++)
                {
                    (double, double) one = await TimeAsync(tunnelServer, tunnel, what, messages, size);
                    (double, double) other = await TimeAsync(tlsServer, tls, what, messages, size);
                    if (round >= 0)
                    {
                        (ours[round], theirs[round]) = (one, other);
                    }
                }

                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{what + " " + size + " B",-20} {Median(ours, x => x.Server),10:0.00} {Median(theirs, x => x.Server),8:0.00} {Median(ours, x => x.Both),10:0.00} {Median(theirs, x => x.Both),8:0.00} {Ratio(theirs, ours, x => x.Server),24} {Ratio(theirs, ours, x => x.Both),24}"));
            }
        }
    }

    /// <returns>Microseconds for a message.</returns>
    private static async Task<(double Server, double Both)> TimeAsync(ServerProcess process, MessageChannel channel, MessageOrder what, int count, int size)
    {
        double server = await process.CpuAsync();
        double client = Environment.CpuUsage.TotalTime.TotalMicroseconds;
        byte[] order = new byte[MessageChannel.OrderLength];
        order[0] = (byte)what;
        BinaryPrimitives.WriteInt32LittleEndian(order.AsSpan(1), count);
        BinaryPrimitives.WriteInt32LittleEndian(order.AsSpan(5), size);
        await channel.WriteAsync(order);
        byte[] message = new byte[size];
        switch (what)
        {
            case MessageOrder.Receives:
                await channel.StreamAsync(message, count);
                await channel.ReadAsync(1);
                break;
            case MessageOrder.Sends:
                await channel.ReadAsync((long)count * size);
                break;
            default:
                for (int i = 0; i < count; i++)
                {
                    await channel.WriteAsync(message);
                    await channel.ReadAsync(size);
                }

                break;
        }

        client = Environment.CpuUsage.TotalTime.TotalMicroseconds - client;
        server = await process.CpuAsync() - server;
        return (server / count, (server + client) / count);
    }

    private static double Median((double, double)[] times, Func<(double Server, double Both), double> of) => times.Select(of).Order().ElementAt(Rounds / 2);

    private static string Ratio((double, double)[] tls, (double, double)[] tunnel, Func<(double Server, double Both), double> of)
    {
        double[] ratios = [.. tls.Select(of).Zip(tunnel.Select(of), (a, b) => a / b).Order()];
        return string.Create(CultureInfo.InvariantCulture, $"{ratios[Rounds / 2]:0.00} ({ratios[Rounds / 4]:0.00}-{ratios[Rounds * 3 / 4]:0.00})");
    }
}

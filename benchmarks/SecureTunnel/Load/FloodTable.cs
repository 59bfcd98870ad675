using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using Flint.SecureTunnel;

namespace Flint.Benchmarks.SecureTunnel.Load;

/// <summary>
/// <c>benchmarks -- tunnel flood</c>: what a flood leaves of the service. Resumptions, and echoes over a session that was there before, first in peace, then under bogus ClientHellos, half-open connections, and connections
/// that drip a byte at a time. Attackers, clients and server share the machine: what the attackers burn is missing too.
/// </summary>
internal static class FloodTable
{
    private const int Samples = 200;
    private const int Attackers = 64;
    private const int Hanging = 2000;

    public static async Task RunAsync()
    {
        Console.WriteLine($"\n{"",-44} {"resumption ms",-22} {"echo over a session ms",-22} {"server",-20}");
        Console.WriteLine($"{"",-44} {"median",7} {"p99",7} {"fail",5}  {"median",7} {"p99",7} {"fail",5}   {"CPU share",9} {"MiB",7}");
        await MeasureAsync("no flood", (_, _) => []);
        await MeasureAsync("bogus ClientHellos", (client, stop) => Many(Attackers, () => ForeverAsync(() => client.BogusHelloAsync(stop), stop)));
        await MeasureAsync($"{Hanging} half-open connections", (client, stop) => Many(Hanging, () => ForeverAsync(() => client.HangAsync(drip: null, stop), stop)));
        await MeasureAsync($"{Hanging} dripping a byte a second", (client, stop) => Many(Hanging, () => ForeverAsync(() => client.HangAsync(TimeSpan.FromSeconds(1), stop), stop)));
    }

    private static async Task MeasureAsync(string name, Func<LoadClient, CancellationToken, Task[]> attack)
    {
        await using var server = await ServerProcess.StartAsync("echo");
        using var client = new LoadClient(server, "resume");
        using var attacker = new LoadClient(server, "full");
        await client.HandshakesAsync(5);
        await using SecureTunnelConnection session = await attacker.ConnectAsync();
        using var stop = new CancellationTokenSource();
        ServerReport before = await server.ReportAsync();
        long start = Stopwatch.GetTimestamp();
        Task[] attackers = attack(attacker, stop.Token);
        await Task.Delay(1000);
        (double[] resumed, int refused) = await TimeAsync(() => client.HandshakesAsync(1));
        (double[] echoed, int lost) = await TimeAsync(() => EchoAsync(session));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        ServerReport after = await server.ReportAsync();
        await stop.CancelAsync();
        await Task.WhenAll(attackers);
        string what = attackers.Length == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}, {attacker.Flooded / seconds:0}/s");
        double share = (after.CpuMicroseconds - before.CpuMicroseconds) / 1e4 / seconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what,-44} {At(resumed, 0.5),7:0.0} {At(resumed, 0.99),7:0.0} {refused,5}  {At(echoed, 0.5),7:0.0} {At(echoed, 0.99),7:0.0} {lost,5}   {share,8:0}% {after.ResidentBytes / 1048576,7}"));
    }

    private static async Task EchoAsync(SecureTunnelConnection session)
    {
        byte[] message = new byte[64];
        await session.Output.WriteAsync(message);
        ReadResult result = await session.Input.ReadAtLeastAsync(message.Length);
        session.Input.AdvanceTo(result.Buffer.End);
        if (result.Buffer.Length != message.Length)
        {
            throw new IOException("The echo is not what was sent.");
        }
    }

    private static async Task<(double[] Milliseconds, int Failed)> TimeAsync(Func<Task> operation)
    {
        var times = new List<double>();
        int failed = 0;
        for (int i = 0; i < Samples; i++)
        {
            long start = Stopwatch.GetTimestamp();
            try
            {
                await operation();
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                failed++;
            }
        }

        times.Sort();
        return ([.. times], failed);
    }

    private static async Task ForeverAsync(Func<Task> attack, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await attack();
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // refused or ended: the flood goes on
            }
        }
    }

    private static Task[] Many(int count, Func<Task> one) => [.. Enumerable.Range(0, count).Select(_ => one())];

    private static double At(double[] sorted, double share) => sorted.Length == 0 ? double.NaN : sorted[(int)(share * (sorted.Length - 1))];
}

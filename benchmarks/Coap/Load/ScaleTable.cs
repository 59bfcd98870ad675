using System.Diagnostics;
using System.Globalization;
using Flint.Coap;

namespace Flint.Benchmarks.Coap.Load;

/// <summary>What one more peer and one more observer cost: time a request and a notification, and bytes kept, with 1, 100 and 10,000 of them.</summary>
internal static class ScaleTable
{
    public static int Run()
    {
        Console.WriteLine($"{"peers",8} {"ns/exchange",12} {"decode alone",13} {"kept B/peer",12}   {"observers",9} {"ns/notification",16} {"write alone",12} {"kept B/observer",16}");
        foreach (int count in (int[])[1, 100, 10_000])
        {
            long empty = Kept(() => null);
            var exchange = new ExchangeBenchmark { Peers = count };
            double peerBytes = (double)(Kept(() =>
            {
                exchange.Setup();
                return exchange;
            }) - empty) / count;
            double decode = Best(() => exchange.Decode(), 1);
            double exchanged = Best(() => exchange.Exchange(), 1);

            var notify = new NotifyBenchmark { Observers = count };
            double observerBytes = (double)(Kept(() =>
            {
                notify.Setup();
                return notify;
            }) - empty) / count;
            double write = Best(() => notify.Write(), count);
            double notified = Best(() => notify.Notify(), count);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{count,8} {exchanged,12:0} {decode,13:0} {peerBytes,12:0}   {count,9} {notified,16:0} {write,12:0} {observerBytes,16:0}"));
        }

        return 0;
    }

    /// <summary>Bytes that stay alive after <paramref name="make"/>.</summary>
    private static long Kept(Func<object?> make)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        object? made = make();
        long kept = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(made);
        return kept;
    }

    /// <summary>The median of 15 rounds, in nanoseconds for each of <paramref name="each"/>.</summary>
    private static double Best(Action operation, int each)
    {
        int times = Math.Max(1, 200_000 / each);
        var rounds = new double[15];
        for (int round = -3; round < rounds.Length; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < times; i++)
            {
                operation();
            }

            if (round >= 0)
            {
                rounds[round] = Stopwatch.GetElapsedTime(start).TotalNanoseconds / times / each;
            }
        }

        return rounds.Order().ElementAt(rounds.Length / 2);
    }
}

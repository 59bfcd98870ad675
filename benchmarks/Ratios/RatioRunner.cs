using System.Diagnostics;
using System.Globalization;

namespace Flint.Benchmarks.Ratios;

/// <summary>
/// Times each case and its limit and peer in turn, many short rounds each, so that a change of the machine's speed meets all of them;
/// reports the median over the rounds of the ratio within a round, its quartiles, and the bytes that ours allocates.
/// </summary>
internal static class RatioRunner
{
    private const double AllRoundsMilliseconds = 100;

    /// <returns>0 where every allocation bar holds, otherwise 1.</returns>
    /// <param name="cases">Every case.</param>
    /// <param name="group">The one package to measure; null: all.</param>
    public static int Run(IEnumerable<RatioCase> cases, string? group = null)
    {
        Console.WriteLine($"{"operation",-44} {"ours ns",9} {"limit ns",9}  {"limit",-22} {"ratio (quartiles)",-20} {"bar",5} {"peer ns",9}  {"peer",-22} {"peer/ours",9} {"alloc B",8}");
        int failed = 0;
        foreach (RatioCase one in cases.Where(one => group is null || one.Group == group))
        {
            Result result = Measure(one);
            bool allocates = one.AllocationBar is double bar && result.Allocated > bar;
            failed += allocates ? 1 : 0;
            Print(one, result, allocates);
        }

        Console.WriteLine(failed == 0 ? "Every allocation bar holds." : $"{failed} allocation bar(s) do not hold.");
        return failed == 0 ? 0 : 1;
    }

    private static Result Measure(RatioCase one)
    {
        int rounds = (int)(AllRoundsMilliseconds / one.RoundMilliseconds);
        int ours = Calibrate(one.Ours, one.RoundMilliseconds, one.Aside);
        int limit = Calibrate(one.Limit, one.RoundMilliseconds);
        int peer = one.Peer is null ? 0 : Calibrate(one.Peer, one.RoundMilliseconds);
        var oursNs = new double[rounds];
        var limitNs = new double[rounds];
        var peerNs = new double[rounds];
        for (int round = 0; round < rounds; round++)
        {
            oursNs[round] = Time(one.Ours, ours, one.Aside);
            limitNs[round] = Time(one.Limit, limit);
            peerNs[round] = one.Peer is null ? double.NaN : Time(one.Peer, peer);
        }

        double[] ratios = [.. oursNs.Zip(limitNs, (a, b) => a / b).Order()];
        double[] peers = [.. peerNs.Zip(oursNs, (a, b) => a / b).Order()];
        return new Result(Median(oursNs), Median(limitNs), Median(peerNs), ratios, Median(peers), Allocated(one));
    }

    private static int Calibrate(Action<int> operation, double roundMilliseconds, Func<long>? aside = null)
    {
        // Enough calls for tiered compilation to settle, then as many as fill a round.
        for (int i = 0; i < 60; i++)
        {
            operation(8);
        }

        Thread.Sleep(120);
        int count = 8;
        while (true)
        {
            double milliseconds = Time(operation, count, aside) * count / 1e6;
            if (milliseconds >= roundMilliseconds || count > 1 << 26)
            {
                return count;
            }

            count = milliseconds < roundMilliseconds / 8 ? count * 4 : (int)(count * roundMilliseconds / milliseconds * 1.05) + 1;
        }
    }

    private static double Time(Action<int> operation, int count, Func<long>? aside = null)
    {
        long before = aside?.Invoke() ?? 0;
        long start = Stopwatch.GetTimestamp();
        operation(count);
        long end = Stopwatch.GetTimestamp();
        long notCounted = (aside?.Invoke() ?? 0) - before;
        return Stopwatch.GetElapsedTime(start + notCounted, end).TotalNanoseconds / count;
    }

    private static double Allocated(RatioCase one)
    {
        const int Count = 1000;
        double least = double.MaxValue;
        for (int i = 0; i < 3; i++)
        {
            long before = Now();
            one.Ours(Count);
            least = Math.Min(least, (Now() - before) / (double)Count);
        }

        return least;

        long Now() => one.RunsOnSeveralThreads ? GC.GetTotalAllocatedBytes(precise: true) : GC.GetAllocatedBytesForCurrentThread();
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    private static void Print(RatioCase one, Result r, bool allocates)
    {
        string ratio = string.Create(CultureInfo.InvariantCulture, $"{Median(r.Ratios):0.00} ({r.Ratios[r.Ratios.Length / 4]:0.00}-{r.Ratios[r.Ratios.Length * 3 / 4]:0.00})");
        string bar = one.Bar is double b ? b.ToString("0.##", CultureInfo.InvariantCulture) : "-";
        string peer = one.Peer is null ? "-" : r.Peer.ToString("0.0", CultureInfo.InvariantCulture);
        string peerRatio = one.Peer is null ? "-" : r.PeerRatio.ToString("0.00", CultureInfo.InvariantCulture);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{one.Group + " " + one.Operation,-44} {r.Ours,9:0.0} {r.Limit,9:0.0}  {one.LimitName,-22} {ratio,-20} {bar,5} {peer,9}  {one.PeerName ?? "-",-22} {peerRatio,9} {r.Allocated,8:0.#}{(allocates ? "  FAILED" : "")}"));
    }

    private sealed record Result(double Ours, double Limit, double Peer, double[] Ratios, double PeerRatio, double Allocated);
}

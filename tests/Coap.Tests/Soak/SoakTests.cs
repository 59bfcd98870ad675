using System.Globalization;
using System.Text;
using Flint.Testing;

namespace Flint.Coap.Tests.Soak;

/// <summary>
/// Hostile datagrams without end: random, mutated, cut, huge, replayed, replies to nothing, floods from a million addresses, observations and blocks in bad order. Each gets what
/// RFC 7252 says, is counted by kind, throws nothing, and leaves nothing. 200,000 of them, or as many as FLINT_SOAK says (benchmarks/results has the report of ten million). The heap is the
/// process's: nothing else runs meanwhile.
/// </summary>
[CollectionDefinition(nameof(SoakTests), DisableParallelization = true)]
[Collection(nameof(SoakTests))]
public sealed class SoakTests(ITestOutputHelper output)
{
    [Fact]
    public void Datagrams_Hostile_GetWhatTheSpecificationSays_AndMemoryStaysFlat()
    {
        long count = Wanted(200_000);
        var traffic = new SoakTraffic((int)PropertyRunner.Seed);
        var server = new SoakServer((int)PropertyRunner.Seed, traffic);
        var buffer = new byte[SoakTraffic.MaxLength];
        long early = 0;
        long allocatedEarly = 0;
        for (long i = 0; i < count; i++)
        {
            if (i == count / 4)
            {
                early = GC.GetTotalMemory(forceFullCollection: true);
                allocatedEarly = GC.GetAllocatedBytesForCurrentThread();
            }

            int length = traffic.Next(buffer, out int address);
            server.OnDatagram(address, buffer.AsSpan(0, length));
            if (i % 64 == 0)
            {
                server.AssertBounded();
            }
        }

        long late = GC.GetTotalMemory(forceFullCollection: true);
        Report(server, count, early, late, (GC.GetAllocatedBytesForCurrentThread() - allocatedEarly) / (count - (count / 4)));
        Assert.InRange(late - early, long.MinValue, MaxGrowth);
        AssertCounted(server, count);
        server.AssertNothingIsLeft();
    }

    private static void AssertCounted(SoakServer server, long count)
    {
        Assert.Equal(count - server.Turned, server.Counters.Received);
        foreach (CoapReadStatus status in Enum.GetValues<CoapReadStatus>())
        {
            // Each fault that a datagram can have was met, and the layer's count is the referee's.
            bool canBe = status is not (CoapReadStatus.Ok or CoapReadStatus.NeedMoreData or CoapReadStatus.TokenTooLong or CoapReadStatus.MessageTooLarge);
            Assert.Equal(canBe, server.Malformed[(int)status] > 0 && status != CoapReadStatus.Ok);
            Assert.Equal(canBe ? server.Malformed[(int)status] : 0, server.Counters.Malformed(status));
        }

        // The traffic reached every limit.
        Assert.All(
            [server.Counters.Duplicates, server.Counters.Refused, server.Counters.Unmatched, server.Counters.Retransmissions, server.Turned],
            counted => Assert.True(counted > 0));
    }

    private void Report(SoakServer server, long count, long early, long late, long harness)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{count} datagrams; {server.Turned} from addresses for which there was no place");
        foreach ((string what, long times) in server.Answers)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{times,10}  {what}");
        }

        text.AppendLine(CultureInfo.InvariantCulture, $"duplicates {server.Counters.Duplicates}, refused {server.Counters.Refused}, unmatched {server.Counters.Unmatched}, retransmissions {server.Counters.Retransmissions}");
        text.AppendLine(CultureInfo.InvariantCulture, $"at most {server.MostPeers} peers, {server.MostObservers} observers, {server.MostUploads} uploads");
        text.AppendLine(CultureInfo.InvariantCulture, $"managed heap {early:N0} B after a quarter, {late:N0} B at the end; the harness allocates {harness} B a datagram");
        output.WriteLine(text.ToString());
    }

    private static long Wanted(long otherwise) =>
        long.TryParse(Environment.GetEnvironmentVariable("FLINT_SOAK"), NumberStyles.None, CultureInfo.InvariantCulture, out long wanted) ? wanted : otherwise;

    private const long MaxGrowth = 1 << 20;
}

using Flint.Benchmarks.Ratios;

namespace Flint.Benchmarks.Ota;

/// <summary>The update engine against what cannot be done without. An engine is made for each run: that is all that is allocated.</summary>
internal static class OtaRatios
{
    // One engine with its buffers of 16 KiB and of one manifest; a kilobyte for each of the 1024 chunks would be fifty times as much.
    private const double EngineBytes = 22 * 1024;

    public static IEnumerable<RatioCase> Create()
    {
        var receive = new OtaBench(runningLength: 4096);
        byte sink = 0;
        yield return new RatioCase(
            "Ota", "receive, verify, switch 1 MiB",
            n => Repeat(n, () => sink ^= (byte)receive.Receive()),
            "SHA-256 + CRC + copy",
            n => Repeat(n, () => sink ^= receive.Floor()))
        {
            Bar = 1.25,
            AllocationBar = EngineBytes,
        };

        var boot = new OtaBench(runningLength: OtaBench.ImageLength);
        yield return new RatioCase(
            "Ota", "boot decision, 1 MiB verified",
            n => Repeat(n, () => sink ^= (byte)boot.Boot().Bank),
            "SHA-256",
            n => Repeat(n, () => sink ^= boot.Hash()))
        {
            Bar = 1.1,
            AllocationBar = EngineBytes,
        };
    }

    private static void Repeat(int count, Action operation)
    {
        for (int i = 0; i < count; i++)
        {
            operation();
        }
    }
}

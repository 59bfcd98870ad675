using Flint.Benchmarks.Ratios;

namespace Flint.Benchmarks.Ota;

/// <summary>The update engine against what cannot be done without. An engine is made for each run: that is all that is allocated.</summary>
internal static class OtaRatios
{
    // One engine with its buffers of 1 KiB and of one manifest; a kilobyte for each of the 1024 chunks would be a hundred times as much.
    private const double EngineBytes = 7 * 1024;

    public static IEnumerable<RatioCase> Create()
    {
        byte sink = 0;
        foreach (int kilobytes in new[] { 64, 16, 4 })
        {
            var receive = new OtaBench(4096, kilobytes * 1024);
            yield return new RatioCase(
                "Ota", $"receive 1 MiB to switch, {kilobytes} KiB blocks",
                n => Repeat(n, () => sink ^= (byte)receive.Receive()),
                "SHA-256 + CRC + copy",
                n => Repeat(n, () => sink ^= receive.Floor()))
            {
                Bar = 1.25,
                AllocationBar = EngineBytes,
                Aside = () => receive.TicksBefore,
            };
        }

        var update = new OtaBench(runningLength: 4096);
        yield return new RatioCase(
            "Ota", "whole update of 1 MiB, 64 KiB blocks",
            n => Repeat(n, () => sink ^= (byte)update.Receive()),
            "SHA-256 + CRC + copy",
            n => Repeat(n, () => sink ^= update.Floor()))
        {
            AllocationBar = EngineBytes,
        };

        foreach (int kilobytes in new[] { 64, 16, 4 })
        {
            var boot = new OtaBench(OtaBench.ImageLength, kilobytes * 1024);
            yield return new RatioCase(
                "Ota", $"boot, 1 MiB verified, {kilobytes} KiB blocks",
                n => Repeat(n, () => sink ^= (byte)boot.Boot().Bank),
                "SHA-256",
                n => Repeat(n, () => sink ^= boot.Hash()))
            {
                Bar = 1.1,
                AllocationBar = EngineBytes,
            };
        }
    }

    private static void Repeat(int count, Action operation)
    {
        for (int i = 0; i < count; i++)
        {
            operation();
        }
    }
}

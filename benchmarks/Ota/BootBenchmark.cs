using BenchmarkDotNet.Attributes;
using Flint.Ota;

namespace Flint.Benchmarks.Ota;

/// <summary>The boot decision with an image of 1 MiB verified; the baseline is the bare hash.</summary>
[MemoryDiagnoser]
public class BootBenchmark
{
    private readonly OtaBench _bench = new(runningLength: OtaBench.ImageLength);

    [Benchmark(Baseline = true)]
    public byte Sha256() => _bench.Hash();

    [Benchmark]
    public OtaBootSource Boot() => _bench.Boot().Source;
}

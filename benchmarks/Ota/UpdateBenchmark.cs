using BenchmarkDotNet.Attributes;
using Flint.Ota;

namespace Flint.Benchmarks.Ota;

/// <summary>A whole update of 1 MiB in chunks of 1 KiB, from the start of the engine to the switch; the baseline is the least that this takes.</summary>
[MemoryDiagnoser]
public class UpdateBenchmark
{
    private readonly OtaBench _bench = new(runningLength: 4096);

    [Benchmark(Baseline = true)]
    public byte Floor() => _bench.Floor();

    [Benchmark]
    public OtaState Update() => _bench.Receive();
}

using BenchmarkDotNet.Attributes;
using Flint.Ota;

namespace Flint.Benchmarks.Ota;

/// <summary>Receive 1 MiB in chunks of 1 KiB, check, program memory flash, verify, switch; the baseline is the least that this takes.</summary>
[MemoryDiagnoser]
public class UpdateBenchmark
{
    private readonly OtaBench _bench = new(runningLength: 4096);

    [Benchmark(Baseline = true)]
    public byte Floor() => _bench.Floor();

    [Benchmark]
    public OtaState Update() => _bench.Receive();
}

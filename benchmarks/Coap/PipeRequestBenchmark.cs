using BenchmarkDotNet.Attributes;
using Flint.Benchmarks.Ratios;

namespace Flint.Benchmarks.Coap;

/// <summary>A request and its response over a pipe in memory, against a length-prefixed echo of as many bytes over the same kind of pipe.</summary>
[MemoryDiagnoser]
public class PipeRequestBenchmark
{
    private RatioCase _case = null!;

    [GlobalSetup]
    public void Setup() => _case = PipeEcho.Case();

    [Benchmark(Baseline = true, OperationsPerInvoke = Times)]
    public void BareEcho() => _case.Limit(Times);

    [Benchmark(OperationsPerInvoke = Times)]
    public void Request() => _case.Ours(Times);

    private const int Times = 100;
}

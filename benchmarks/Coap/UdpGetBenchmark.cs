using BenchmarkDotNet.Attributes;
using Flint.Benchmarks.Ratios;

namespace Flint.Benchmarks.Coap;

/// <summary>A confirmable GET through a whole server on loopback, one at a time, against a bare echo of as many bytes. With 64 clients: <c>-- coap</c>.</summary>
[MemoryDiagnoser]
public class UdpGetBenchmark
{
    private RatioCase _case = null!;

    [GlobalSetup]
    public void Setup() => _case = UdpEcho.Case();

    [Benchmark(Baseline = true, OperationsPerInvoke = Times)]
    public void BareEcho() => _case.Limit(Times);

    [Benchmark(OperationsPerInvoke = Times)]
    public void Get() => _case.Ours(Times);

    private const int Times = 100;
}

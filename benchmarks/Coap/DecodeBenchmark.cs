using BenchmarkDotNet.Attributes;

namespace Flint.Benchmarks.Coap;

/// <summary>Reading the messages a to d, with full validation.</summary>
[MemoryDiagnoser]
public class DecodeBenchmark
{
    private AlignedBuffer _bytes = CoapMessages.All[0].Bytes;

    [Params(0, 1, 2, 3)]
    public int Message { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _bytes = CoapMessages.All[Message].Bytes;
        if (Decode() != Walk())
        {
            throw new InvalidOperationException("The output is wrong.");
        }
    }

    [Benchmark(Baseline = true)]
    public int Walk() => CoapMessages.Walk(_bytes.Span);

    [Benchmark]
    public int Decode() => CoapMessages.Decode(_bytes.Span);
}

using BenchmarkDotNet.Attributes;

namespace Flint.Benchmarks.Coap;

/// <summary>Writing the messages a to d from their fields.</summary>
[MemoryDiagnoser]
public class EncodeBenchmark
{
    private readonly AlignedBuffer _buffer = new(2048);
    private CoapMessages _message = CoapMessages.All[0];

    [Params(0, 1, 2, 3)]
    public int Message { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _message = CoapMessages.All[Message];
        if (!_buffer.Span[..Encode()].SequenceEqual(_message.Bytes.Span))
        {
            throw new InvalidOperationException("The output is wrong.");
        }
    }

    [Benchmark(Baseline = true)]
    public void Copy() => CoapMessages.Copy(_message.Bytes.Span, _buffer.Span);

    [Benchmark]
    public int Encode() => _message.Encode(_buffer.Span);
}

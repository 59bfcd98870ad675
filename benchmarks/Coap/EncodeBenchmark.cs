using BenchmarkDotNet.Attributes;

namespace Flint.Benchmarks.Coap;

/// <summary>Writing the messages a to d from their fields.</summary>
[MemoryDiagnoser]
public class EncodeBenchmark
{
    private readonly byte[] _buffer = new byte[2048];
    private CoapMessages _message = CoapMessages.All[0];

    [Params(0, 1, 2, 3)]
    public int Message { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _message = CoapMessages.All[Message];
        if (!_buffer.AsSpan(0, Encode()).SequenceEqual(_message.Bytes))
        {
            throw new InvalidOperationException("The output is wrong.");
        }
    }

    [Benchmark(Baseline = true)]
    public void Copy() => CoapMessages.Copy(_message.Bytes, _buffer);

    [Benchmark]
    public int Encode() => _message.Encode(_buffer);
}

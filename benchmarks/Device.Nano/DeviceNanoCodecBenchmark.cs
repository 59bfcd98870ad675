using BenchmarkDotNet.Attributes;

namespace Flint.Benchmarks.DeviceNano;

/// <summary>The device's CoAP codec against the server's, message by message of the vectors.</summary>
[MemoryDiagnoser]
public class DeviceNanoCodecBenchmark
{
    private readonly DeviceNanoCodec _codec = new();
    private DeviceNanoMessage _message = DeviceNanoMessage.All[0];

    [Params("empty-ack", "get", "content", "put-1k")]
    public string Message { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _message = DeviceNanoMessage.All.Single(message => message.Name == Message);
        _codec.Check(_message);
    }

    [Benchmark(Baseline = true)]
    public int BareWalk() => DeviceNanoMessage.BareWalk(_message.Bytes);

    [Benchmark]
    public int Decode() => _codec.Decode(_message.Bytes);

    [Benchmark]
    public int DecodeByFlintCoap() => DeviceNanoCodec.DecodePeer(_message.Bytes);

    [Benchmark]
    public int Encode() => _codec.Encode(_message);

    [Benchmark]
    public int EncodeByFlintCoap() => _codec.EncodePeer(_message);
}

using BenchmarkDotNet.Attributes;

namespace Flint.Benchmarks.DeviceNano;

/// <summary>A device's record of 512 bytes, sealed and opened, against the bare AES blocks that it takes.</summary>
[MemoryDiagnoser]
public class DeviceNanoRecordBenchmark
{
    private readonly DeviceNanoRecord _record = new();

    [Benchmark(Baseline = true)]
    public int BareBlocks() => _record.BareBlocks();

    [Benchmark]
    public int SealAndOpen() => _record.SealAndOpen();
}

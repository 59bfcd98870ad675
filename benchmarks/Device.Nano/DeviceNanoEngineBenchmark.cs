using BenchmarkDotNet.Attributes;

namespace Flint.Benchmarks.DeviceNano;

/// <summary>32 chunks of 1 KiB into a device's engine, against the bare hash of their bytes, as they come and as they are read back.</summary>
[MemoryDiagnoser]
public class DeviceNanoEngineBenchmark
{
    private const int Chunks = 32;
    private readonly DeviceNanoEngine _engine = new();

    [IterationSetup]
    public void Rewind() => _engine.Rewind();

    [Benchmark(Baseline = true, OperationsPerInvoke = Chunks)]
    public int Hash()
    {
        int sum = 0;
        for (int i = 0; i < Chunks; i++)
        {
            sum ^= _engine.Floor();
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Chunks)]
    public int Step()
    {
        int taken = 0;
        for (int i = 0; i < Chunks; i++)
        {
            taken += _engine.Step() ? 1 : 0;
        }

        return taken;
    }
}

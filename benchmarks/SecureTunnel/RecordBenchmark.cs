using BenchmarkDotNet.Attributes;

namespace Flint.Benchmarks.SecureTunnel;

/// <summary>Sealing a record and opening it again, against bare AES-GCM over the same bytes.</summary>
[MemoryDiagnoser]
public class RecordBenchmark
{
    private Func<int> _ours = null!;
    private Action _bare = null!;

    [Params(64, 256, 1024, 4096, 16384)]
    public int Size { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var records = new RecordFixture(Flint.SecureTunnel.SecureTunnelSuite.RsaOaepAes128Gcm, Size);
        _ours = () => records.SealAndOpen().Length;
        _bare = records.BareSealAndOpen;
    }

    [Benchmark(Baseline = true)]
    public void BareAesGcm() => _bare();

    [Benchmark]
    public int SealAndOpen() => _ours();
}

using BenchmarkDotNet.Attributes;
using Flint.SecureTunnel;

namespace Flint.Benchmarks.SecureTunnel;

/// <summary>The server's computation in each kind of handshake, against the bare RSA-2048 private operation.</summary>
[MemoryDiagnoser]
public class HandshakeBenchmark
{
    private readonly TunnelFixture _s1 = new(SecureTunnelSuite.RsaOaepAes128Gcm, resume: false);
    private readonly TunnelFixture _s2 = new(SecureTunnelSuite.P256RsaPssAes128Gcm, resume: false);
    private readonly TunnelFixture _resumption = new(SecureTunnelSuite.RsaOaepAes128Gcm, resume: true);
    private readonly BareOperations _bare;

    public HandshakeBenchmark() => _bare = new BareOperations(_s1);

    [Benchmark(Baseline = true)]
    public void BareRsaPrivate() => _bare.Decrypt();

    [Benchmark]
    public void BareRsaSignAndEcdh() => _bare.SignAndAgree();

    [Benchmark]
    public bool S1() => _s1.ServerHandshake();

    [Benchmark]
    public bool S2() => _s2.ServerHandshake();

    [Benchmark]
    public bool Resumption() => _resumption.ServerHandshake();
}

using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;

namespace Flint.Benchmarks.SecureTunnel;

/// <summary>The server's computation in a full S1 handshake, against the bare RSA-2048 private operation in it.</summary>
[MemoryDiagnoser]
public class HandshakeBenchmark
{
    private readonly TunnelFixture _fixture = new();
    private readonly byte[] _seed = new byte[256];
    private byte[] _clientAuth = [];

    [GlobalSetup]
    public void Setup()
    {
        _clientAuth = _fixture.ClientAuth();
        if (!_fixture.ServerHandshake(_clientAuth))
        {
            throw new InvalidOperationException("The handshake did not connect.");
        }
    }

    [Benchmark(Baseline = true)]
    public bool BareRsaPrivate() => _fixture.Key.PrivateKey.TryDecrypt(_fixture.Ciphertext, _seed, RSAEncryptionPadding.OaepSHA256, out _);

    [Benchmark]
    public bool ServerHandshake() => _fixture.ServerHandshake(_clientAuth);
}

using System.Security.Cryptography;
using Flint.Benchmarks.Ratios;
using Flint.SecureTunnel;

namespace Flint.Benchmarks.SecureTunnel;

/// <summary>Records against the bare AEAD, handshakes against the bare public-key operations in them.</summary>
internal static class SecureTunnelRatios
{
    public static IEnumerable<RatioCase> Create()
    {
        foreach (int size in new[] { 64, 256, 1024, 4096, 16384 })
        {
            var records = new RecordFixture(SecureTunnelSuite.RsaOaepAes128Gcm, size);
            yield return new RatioCase("SecureTunnel", $"GCM seal+open {size} B", n => Repeat(n, () => records.SealAndOpen()), "bare AES-GCM", n => Repeat(n, records.BareSealAndOpen))
            {
                Bar = size >= 4096 ? 1 / 0.93 : 1 / 0.85,
            };
        }

        var ccm = new RecordFixture(SecureTunnelSuite.RsaOaepAes128Ccm, 1024);
        yield return new RatioCase("SecureTunnel", "CCM seal+open 1024 B", n => Repeat(n, () => ccm.SealAndOpen()), "bare AES-CCM", n => Repeat(n, ccm.BareSealAndOpen))
        {
            AllocationBar = 64, // the platform's AesCcm allocates 32 bytes a call
        };

        foreach (int size in new[] { 64, 256, 1024 })
        {
            var messages = MessageFixture.Create(size);
            var records = new RecordFixture(SecureTunnelSuite.RsaOaepAes128Gcm, size);
            yield return new RatioCase("SecureTunnel", $"message {size} B, both ends", messages.Tunnel, "bare AES-GCM", n => Repeat(n, records.BareSealAndOpen))
            {
                AllocationBar = null,
                PeerName = "SslStream, TLS 1.3",
                Peer = messages.Tls,
            };
        }

        var s1 = new TunnelFixture(SecureTunnelSuite.RsaOaepAes128Gcm, resume: false);
        var s2 = new TunnelFixture(SecureTunnelSuite.P256RsaPssAes128Gcm, resume: false);
        var resumption = new TunnelFixture(SecureTunnelSuite.RsaOaepAes128Gcm, resume: true);
        var bare = new BareOperations(s1);
        yield return Handshake("S1 handshake, server", s1, "bare RSA-2048 private", bare.Decrypt, 1 / 0.80);
        yield return Handshake("S2 handshake, server", s2, "bare RSA + ECDH", bare.SignAndAgree, 1 / 0.90);
        yield return Handshake("resumption, server", resumption, "bare RSA-2048 private", bare.Decrypt, 4000.0 / 20000);
    }

    private static RatioCase Handshake(string name, TunnelFixture fixture, string limitName, Action limit, double bar) =>
        new("SecureTunnel", name, n => Repeat(n, () => fixture.ServerHandshake()), limitName, n => Repeat(n, limit))
        {
            Bar = bar,
            AllocationBar = null,
        };

    private static void Repeat(int count, Action action)
    {
        for (int i = 0; i < count; i++)
        {
            action();
        }
    }
}

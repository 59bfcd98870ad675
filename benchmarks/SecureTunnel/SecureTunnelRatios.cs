using System.Security.Cryptography;
using Flint.Benchmarks.Ratios;

namespace Flint.Benchmarks.SecureTunnel;

/// <summary>Records against bare AES-GCM, handshakes against the bare RSA operation.</summary>
internal static class SecureTunnelRatios
{
    public static IEnumerable<RatioCase> Create()
    {
        foreach (int size in new[] { 64, 256, 1024, 4096, 16384 })
        {
            var records = new RecordFixture(size);
            yield return new RatioCase("SecureTunnel", $"seal+open {size} B", n => Repeat(n, () => records.SealAndOpen()),
                "bare AES-GCM", n => Repeat(n, records.BareSealAndOpen))
            {
                Bar = size >= 4096 ? 1 / 0.93 : 1 / 0.85,
            };
        }

        var fixture = new TunnelFixture();
        byte[] clientAuth = fixture.ClientAuth();
        byte[] seed = new byte[256];
        yield return new RatioCase("SecureTunnel", "S1 handshake, server", n => Repeat(n, () => Require(fixture.ServerHandshake(clientAuth))),
            "bare RSA-2048 private", n => Repeat(n, () => fixture.Key.PrivateKey.TryDecrypt(fixture.Ciphertext, seed, RSAEncryptionPadding.OaepSHA256, out _)))
        {
            Bar = 1 / 0.80,
            AllocationBar = null,
        };
    }

    private static void Repeat(int count, Action action)
    {
        for (int i = 0; i < count; i++)
        {
            action();
        }
    }

    private static void Require(bool connected)
    {
        if (!connected)
        {
            throw new InvalidOperationException("The handshake did not connect.");
        }
    }
}

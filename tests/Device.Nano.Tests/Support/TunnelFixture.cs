using System.Security.Cryptography;
using System.Text.Json;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Support;

/// <summary>Settings and keys for tunnels, and the moves of the edge.</summary>
internal static class TunnelFixture
{
    public static readonly byte[] Psk = [.. Enumerable.Range(1, 32).Select(i => (byte)i)];

    public static ManagedCrypto Crypto => new(new SeededEntropy(99));

    public static RSA Key(string name)
    {
        using JsonDocument keys = VectorFile.Open("tunnel/keys.json");
        var rsa = RSA.Create();
        rsa.ImportFromPem(keys.RootElement.GetProperty(name).GetProperty("pkcs8_pem").GetString());
        return rsa;
    }

    public static TunnelSettings Settings(byte suite = TunnelSuite.RsaOaepCcm)
    {
        bool signs = TunnelSuite.IsEphemeral(suite);
        TunnelSettings settings = GcmTunnelSettings.IsCcm(suite) ? new TunnelSettings() : new GcmTunnelSettings();
        settings.Suite = suite;
        settings.DeviceId = "device-1"u8.ToArray();
        settings.PskMix = TunnelPsk.Mix(Crypto, Psk);
        settings.Context = "test"u8.ToArray();
        settings.MaxRecord = 512;
        settings.Pins = [DeviceKeys.Read(Key(signs ? "signing" : "encryption"), signs ? RsaPublicKey.UsageSignature : RsaPublicKey.UsageEncryption)];
        settings.Exchange = new P256();
        return settings;
    }

    /// <summary>A tunnel behind Accept, and its server.</summary>
    public static void Connect(out DeviceTunnel tunnel, out OracleServer server)
    {
        TunnelSettings settings = Settings();
        tunnel = new DeviceTunnel(settings, Crypto, new SeededEntropy());
        tunnel.Begin(null);
        server = new OracleServer(settings.Suite, Key("encryption"), settings.PskMix, settings.Context);
        Assert.Equal(TunnelEvent.None, tunnel.Give(server.Answer(tunnel.TakeOutput())));
        Assert.Equal(TunnelEvent.Connected, tunnel.Give(server.Accept(tunnel.TakeOutput(), settings.DeviceId)));
    }

    /// <summary>As <see cref="DeviceTunnel.Prepare"/> in S1, with a seed and its ciphertext made elsewhere.</summary>
    public static void UsePrepared(this DeviceTunnel tunnel, byte[] seed, byte[] ciphertext)
    {
        seed.CopyTo(tunnel.KemSecret, 0);
        tunnel.Kem = ciphertext;
    }

    /// <summary>Takes what is to be sent, as the edge does.</summary>
    public static byte[] TakeOutput(this DeviceTunnel tunnel)
    {
        byte[] output = tunnel.Output[tunnel.OutputOffset..(tunnel.OutputOffset + tunnel.OutputCount)];
        tunnel.OnSent();
        return output;
    }

    /// <summary>Gives the tunnel bytes of the stream, <paramref name="chunk"/> at most at a time, up to its first event.</summary>
    public static TunnelEvent Give(this DeviceTunnel tunnel, byte[] bytes, int chunk = int.MaxValue, long now = 0)
    {
        TunnelEvent happened = TunnelEvent.None;
        for (int at = 0; at < bytes.Length && happened == TunnelEvent.None;)
        {
            int count = Math.Min(Math.Min(chunk, tunnel.InputWanted), bytes.Length - at);
            Assert.True(count > 0, "the tunnel wants nothing");
            bytes.AsSpan(at, count).CopyTo(tunnel.Input.AsSpan(tunnel.InputOffset));
            at += count;
            happened = tunnel.OnReceived(count, now);
        }

        return happened;
    }

    public static byte[] Data(this DeviceTunnel tunnel) => tunnel.Input[tunnel.DataOffset..(tunnel.DataOffset + tunnel.DataCount)];

    /// <summary>Seals one record of data.</summary>
    public static byte[] Seal(this DeviceTunnel tunnel, byte[] content, long now = 0)
    {
        content.CopyTo(tunnel.Output, DeviceTunnel.ContentOffset);
        tunnel.SealData(DeviceTunnel.ContentOffset, content.Length, now);
        return tunnel.TakeOutput();
    }
}

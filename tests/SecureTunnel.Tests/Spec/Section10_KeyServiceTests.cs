using System.Security.Cryptography;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Sections 10 and 11 with private keys that live in a service and fail as services fail.</summary>
public sealed class Section10_KeyServiceTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Ciphertext_ThatAKeyServiceRefusesInItsOwnWay_IsAnsweredLikeAGoodOne(bool outage) // [ST-604] [ST-606]
    {
        using RSA inner = Key("encryption");
        using var key = new SecureTunnelServerKey(
            new ServiceKey(inner) { Outage = outage ? new TimeoutException("the service does not answer") : null }, SecureTunnelKeyUsage.Encryption);
        using var machines = new Machines(server: Options(key, SecureTunnelSuite.RsaOaepAes128Gcm));
        byte[] hello = machines.Begin();
        hello[^1] ^= 1;
        Assert.Equal([42, 54], machines.ToServer(hello).Select(frame => frame.Length));
    }

    [Fact]
    public void KeyService_ThatWorks_MakesATunnel()
    {
        using RSA inner = Key("encryption");
        using var key = new SecureTunnelServerKey(new ServiceKey(inner), SecureTunnelKeyUsage.Encryption);
        using var machines = new Machines(server: Options(key, SecureTunnelSuite.RsaOaepAes128Gcm));
        machines.Run();
    }

    /// <summary>A loop that accepts goes on to the next connection while this one's private key is in use.</summary>
    [Fact]
    public async Task PrivateKey_InUse_DoesNotHoldUpWhoAccepts()
    {
        using var crypto = new SlowKeys();
        var pair = new PipePair();
        Task<SecureTunnelConnection> connecting = SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions()).AsTask(); // ClientHello is on its way
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(pair.Server, TestKeys.ServerOptions(), crypto, SystemEntropy.Instance, default).AsTask();
        crypto.GoOn();
        await (await accepting).DisposeAsync();
        await (await connecting).DisposeAsync();
    }

    [Fact]
    public async Task KeyService_ThatCannotSign_IsAnInternalErrorForThePeer()
    {
        using RSA inner = Key("signing");
        using var key = new SecureTunnelServerKey(new ServiceKey(inner) { Outage = new TimeoutException() }, SecureTunnelKeyUsage.Signing);
        var pair = new PipePair();
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(pair.Server, Options(key, SecureTunnelSuite.P256RsaPssAes128Gcm)).AsTask();
        SecureTunnelHandshakeException device = await Assert.ThrowsAsync<SecureTunnelHandshakeException>(
            async () => await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions(suite: SecureTunnelSuite.P256RsaPssAes128Gcm)));
        Assert.Equal(SecureTunnelAlert.Internal, device.Alert);
        Assert.True(device.IsFromPeer);
        await Assert.ThrowsAsync<TimeoutException>(() => accepting);
    }

    [Fact]
    public void Device_UnknownWithAnRsaKey_IsRefusedAlikeWhereThePrivateKeyVerifiesNothing() // [ST-323] [ST-324]
    {
        using RSA inner = Key("encryption");
        using var key = new SecureTunnelServerKey(new ServiceKey(inner), SecureTunnelKeyUsage.Encryption);
        using SecureTunnelCredential credential = TestKeys.DeviceRsaCredential();
        using var machines = new Machines(
            TestKeys.ClientOptions(credential: credential, deviceId: new SecureTunnelDeviceId("nobody")), Options(key, SecureTunnelSuite.RsaOaepAes128Gcm));
        machines.Exchange();
        Assert.Equal(new HandshakeFailure(SecureTunnelReason.UnknownDevice, SecureTunnelAlert.AccessDenied, FromPeer: false), machines.Server.Failure);
        Assert.Equal(SecureTunnelAlert.AccessDenied, machines.Client.Failure.Alert);
    }

    private static RSA Key(string name)
    {
        using var keys = Flint.Testing.VectorFile.Open("tunnel/keys.json");
        RSA key = RSA.Create();
        key.ImportFromPem(keys.RootElement.GetProperty(name).GetProperty("pkcs8_pem").GetString()!);
        return key;
    }

    private static SecureTunnelServerOptions Options(SecureTunnelServerKey key, SecureTunnelSuite suite) => new()
    {
        Keys = [key],
        Suites = [suite],
        Devices = TestKeys.Store(),
        ApplicationContext = "test"u8.ToArray(),
    };

    /// <summary>A private key that is not done before it is let go.</summary>
    private sealed class SlowKeys : ForwardingCrypto, IDisposable
    {
        private readonly ManualResetEventSlim _go = new();

        public void GoOn() => _go.Set();

        public void Dispose() => _go.Dispose();

        public override bool TryOaepDecrypt(RSA privateKey, ReadOnlySpan<byte> ciphertext, Span<byte> destination, out int written)
        {
            Assert.True(_go.Wait(Eventually.Limit), "Who accepts waits for the private key.");
            return base.TryOaepDecrypt(privateKey, ciphertext, destination, out written);
        }
    }
}

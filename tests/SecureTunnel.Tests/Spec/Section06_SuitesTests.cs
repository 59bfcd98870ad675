using System.Security.Cryptography;
using Flint.SecureTunnel.Tests.Support;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Sections 3 and 6.5 to 6.6 across suites and credentials: impostors first.</summary>
public sealed class Section06_SuitesTests
{
    public static TheoryData<SecureTunnelSuite> Suites() =>
    [
        SecureTunnelSuite.RsaOaepAes128Ccm, SecureTunnelSuite.RsaOaepAes128Gcm, SecureTunnelSuite.P256RsaPssAes128Ccm, SecureTunnelSuite.P256RsaPssAes128Gcm,
    ];

    [Theory]
    [MemberData(nameof(Suites))]
    public void Handshake_InEverySuite_Connects(SecureTunnelSuite suite) // [ST-101] [ST-402]
    {
        using var machines = new Machines(TestKeys.ClientOptions(suite: suite));
        byte[][] frames = machines.Run();
        Assert.Equal(suite, machines.Server.Suite);
        Assert.InRange(frames.Sum(frame => frame.Length), 400, suite.IsEphemeral() ? 760 : 640);
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public void Handshake_WithADeviceRsaKey_Connects(SecureTunnelSuite suite) // [ST-315]
    {
        using var machines = new Machines(TestKeys.ClientOptions(suite: suite, credential: TestKeys.DeviceRsaCredential()), TestKeys.ServerOptions(RsaStore()));
        machines.Run();
        Assert.Equal(TestKeys.DeviceId, machines.Server.DeviceId);
    }

    [Fact]
    public void Server_WithoutTheSuite_SaysUnsupported() // [ST-101]
    {
        var server = new SecureTunnelServerOptions { Keys = [TestKeys.Encryption], Devices = TestKeys.Store(), ApplicationContext = "test"u8.ToArray() };
        Fails(TestKeys.ClientOptions(suite: SecureTunnelSuite.RsaOaepAes128Ccm), server, SecureTunnelReason.UnsupportedSuite, SecureTunnelAlert.Unsupported);
    }

    [Fact]
    public void Device_WithAnotherRsaKey_IsRefused() // [ST-315] [ST-323]
    {
        using SecureTunnelCredential other = SecureTunnelCredential.FromRsa(RSA.Create(2048));
        Fails(TestKeys.ClientOptions(credential: other), TestKeys.ServerOptions(RsaStore()), SecureTunnelReason.WrongCredential, SecureTunnelAlert.AccessDenied);
    }

    [Fact]
    public void Device_EnrolledWithAPsk_CannotUseAnRsaKey() => // [ST-313]
        Fails(TestKeys.ClientOptions(credential: TestKeys.DeviceRsaCredential()), TestKeys.ServerOptions(), SecureTunnelReason.WrongCredential, SecureTunnelAlert.AccessDenied);

    [Fact]
    public void Device_EnrolledWithAnRsaKey_CannotUseAPsk() => // [ST-313]
        Fails(TestKeys.ClientOptions(), TestKeys.ServerOptions(RsaStore()), SecureTunnelReason.WrongCredential, SecureTunnelAlert.AccessDenied);

    [Fact]
    public void Device_UnknownWithAnRsaKey_IsRefusedLikeAnotherKey() => // [ST-324]
        Fails(TestKeys.ClientOptions(credential: TestKeys.DeviceRsaCredential()), TestKeys.ServerOptions(new InMemoryDeviceStore()), SecureTunnelReason.UnknownDevice, SecureTunnelAlert.AccessDenied);

    [Fact]
    public void Server_ThatSignsSomethingElse_IsNoServer() // [ST-312]
    {
        using var machines = new Machines(TestKeys.ClientOptions(suite: SecureTunnelSuite.P256RsaPssAes128Gcm), crypto: new WrongSignature());
        machines.Exchange();
        Assert.Equal(new HandshakeFailure(SecureTunnelReason.ServerNotAuthenticated, SecureTunnelAlert.HandshakeFailed, FromPeer: false), machines.Client.Failure);
        Assert.NotEqual(ServerState.Connected, machines.Server.State);
    }

    /// <summary>Section 3: a salt of 32 bytes, whoever signs.</summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(20, false)]
    [InlineData(31, false)]
    [InlineData(32, true)]
    [InlineData(33, false)]
    [InlineData(222, false)]
    public void Signature_WithASaltOfAnotherLength_IsNone(int saltLength, bool isGood) // [ST-312] [ST-315]
    {
        var signer = new BouncyCastleCrypto { SaltLength = saltLength };
        using var impostor = new Machines(TestKeys.ClientOptions(suite: SecureTunnelSuite.P256RsaPssAes128Gcm), crypto: signer, clientCrypto: SystemCrypto.Instance);
        impostor.Exchange();
        Assert.Equal(isGood ? default : new HandshakeFailure(SecureTunnelReason.ServerNotAuthenticated, SecureTunnelAlert.HandshakeFailed, FromPeer: false), impostor.Client.Failure);

        using var device = new Machines(
            TestKeys.ClientOptions(credential: TestKeys.DeviceRsaCredential()), TestKeys.ServerOptions(RsaStore()), SystemCrypto.Instance, clientCrypto: signer);
        device.Exchange();
        Assert.Equal(isGood ? default : new HandshakeFailure(SecureTunnelReason.WrongCredential, SecureTunnelAlert.AccessDenied, FromPeer: false), device.Server.Failure);
    }

    [Theory]
    [InlineData("off the curve")]
    [InlineData("the point at infinity")]
    [InlineData("compressed")]
    [InlineData("X beyond the field")]
    public void Server_GivenABadShare_FailsBeforeItSigns(string kind) // [ST-405] [ST-701]
    {
        using var machines = new Machines(TestKeys.ClientOptions(suite: SecureTunnelSuite.P256RsaPssAes128Gcm), crypto: new NoSignature());
        byte[] hello = machines.Begin();
        Damage(kind, hello.AsSpan(52, 65));
        byte[] alert = Assert.Single(machines.ToServer(hello));
        Assert.Equal([0, 2, 0x0F, (byte)SecureTunnelAlert.HandshakeFailed], alert);
        Assert.Equal(SecureTunnelReason.InvalidShare, machines.Server.Failure.Reason);
    }

    [Theory]
    [InlineData("off the curve")]
    [InlineData("the point at infinity")]
    [InlineData("compressed")]
    [InlineData("X beyond the field")]
    public void Device_GivenABadShare_Fails(string kind) // [ST-405]
    {
        using var machines = new Machines(TestKeys.ClientOptions(suite: SecureTunnelSuite.P256RsaPssAes128Gcm));
        byte[] answer = machines.ToServer(machines.Begin())[0];
        Damage(kind, answer.AsSpan(42, 65));
        byte[] alert = Assert.Single(machines.ToClient(answer));
        Assert.Equal([0, 2, 0x0F, (byte)SecureTunnelAlert.HandshakeFailed], alert);
        Assert.Equal(SecureTunnelReason.InvalidShare, machines.Client.Failure.Reason);
    }

    private static void Damage(string kind, Span<byte> share)
    {
        switch (kind)
        {
            case "off the curve":
                share[64] ^= 1;
                break;
            case "the point at infinity":
                share[1..].Clear();
                break;
            case "compressed":
                share[0] = 0x02;
                break;
            default:
                share[1..33].Fill(0xFF);
                break;
        }
    }

    private static InMemoryDeviceStore RsaStore()
    {
        var store = new InMemoryDeviceStore();
        store.Set(TestKeys.DeviceId, TestKeys.DeviceRsaEntry());
        return store;
    }

    private static void Fails(SecureTunnelClientOptions client, SecureTunnelServerOptions server, SecureTunnelReason reason, SecureTunnelAlert alert)
    {
        using var machines = new Machines(client, server);
        machines.Exchange();
        Assert.Equal(new HandshakeFailure(reason, alert, FromPeer: false), machines.Server.Failure);
        Assert.Equal(new HandshakeFailure(SecureTunnelReason.AlertFromPeer, alert, FromPeer: true), machines.Client.Failure);
    }

    private sealed class WrongSignature : ForwardingCrypto
    {
        public override void PssSign(RSA privateKey, ReadOnlySpan<byte> data, Span<byte> signature) => base.PssSign(privateKey, "something else"u8, signature);
    }

    private sealed class NoSignature : ForwardingCrypto
    {
        public override void PssSign(RSA privateKey, ReadOnlySpan<byte> data, Span<byte> signature) =>
            throw new InvalidOperationException("The private key must not be reached.");
    }
}

using System.Buffers;
using System.IO.Pipelines;
using Flint.SecureTunnel.Tests.Support;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Section 7: the flows, from pipe to pipe.</summary>
public sealed class Section07_FlowTests
{
    [Fact]
    public async Task Device_WithAWrongPsk_IsRefusedOnBothSides() // [ST-315] [ST-323]
    {
        var (client, server) = await Failing(TestKeys.ClientOptions(psk: new byte[32]), TestKeys.ServerOptions());
        Assert.Equal(SecureTunnelReason.WrongCredential, server.Reason);
        Assert.Equal(SecureTunnelAlert.AccessDenied, server.Alert);
        Assert.True(client.IsFromPeer);
        Assert.Equal(SecureTunnelAlert.AccessDenied, client.Alert);
    }

    [Fact]
    public async Task Device_Unknown_IsRefusedLikeOneWithAWrongPsk() // [ST-323]
    {
        var (client, server) = await Failing(TestKeys.ClientOptions(), TestKeys.ServerOptions(new InMemoryDeviceStore()));
        Assert.Equal(SecureTunnelReason.UnknownDevice, server.Reason);
        Assert.True(client.IsFromPeer);
        Assert.Equal(SecureTunnelAlert.AccessDenied, client.Alert);
    }

    [Fact]
    public async Task Device_Revoked_IsRefusedLikeOneWithAWrongPsk() // [ST-323]
    {
        var store = new InMemoryDeviceStore();
        store.Set(TestKeys.DeviceId, SecureTunnelDevice.FromPsk(TestKeys.Psk, isAllowed: false));
        var (client, server) = await Failing(TestKeys.ClientOptions(), TestKeys.ServerOptions(store));
        Assert.Equal(SecureTunnelReason.DeviceNotAllowed, server.Reason);
        Assert.Equal(SecureTunnelAlert.AccessDenied, client.Alert);
    }

    [Fact]
    public async Task Device_WithThePinOfAnotherServer_LearnsUnknownKey() // [ST-107] [ST-310]
    {
        var pins = new SecureTunnelPinSet(TestKeys.Foreign.ToPin(), TestKeys.Encryption.ToPin());
        SecureTunnelClientOptions options = With(pins);
        var (client, server) = await Failing(options, TestKeys.ServerOptions());
        Assert.Equal(SecureTunnelReason.UnknownKey, server.Reason);
        Assert.Equal(SecureTunnelAlert.UnknownKey, client.Alert);
        Assert.True(client.IsFromPeer);

        // The next connection tries the other pin, and finds the server.
        var (device, gateway) = await TunnelPair.Connect(options, TestKeys.ServerOptions());
        Assert.Equal(TestKeys.Encryption.KeyHash, device.Peer.ServerKeyHash);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Sides_WithDifferentApplicationContexts_DoNotMeet() // [ST-109]
    {
        SecureTunnelClientOptions options = With(new SecureTunnelPinSet(TestKeys.Encryption.ToPin()), context: "other"u8.ToArray());
        var (client, server) = await Failing(options, TestKeys.ServerOptions());
        Assert.Equal(SecureTunnelReason.ServerNotAuthenticated, client.Reason);
        Assert.Equal(SecureTunnelReason.ClientAuthNotOpened, server.Reason);
        Assert.Equal(SecureTunnelAlert.HandshakeFailed, server.Alert);
    }

    [Fact]
    public async Task FullHandshake_WithMatchingKeys_CarriesBytesBothWaysAndCloses() // [ST-317] [ST-511]
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        Assert.Equal(TestKeys.DeviceId, gateway.Peer.DeviceId);
        Assert.True(device.Peer.DeviceId.IsEmpty);

        await device.Output.WriteAsync("hello from device"u8.ToArray());
        await gateway.Output.WriteAsync("hello from server"u8.ToArray());
        Assert.Equal("hello from device"u8.ToArray(), await TunnelPair.ReadExactly(gateway.Input, 17));
        Assert.Equal("hello from server"u8.ToArray(), await TunnelPair.ReadExactly(device.Input, 17));

        await device.Output.CompleteAsync();
        Assert.True((await gateway.Input.ReadAsync()).IsCompleted);
        await gateway.Output.WriteAsync("still open"u8.ToArray());
        Assert.Equal("still open"u8.ToArray(), await TunnelPair.ReadExactly(device.Input, 10));
        await gateway.Output.CompleteAsync();
        Assert.True((await device.Input.ReadAsync()).IsCompleted);
        Assert.True(device.Statistics.HandshakeBytesSent + device.Statistics.HandshakeBytesReceived <= 640);
        Assert.Equal(device.Statistics.BytesSent, gateway.Statistics.BytesReceived);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Exporter_OnBothSides_GivesTheSameBytes()
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        byte[] a = new byte[100];
        byte[] b = new byte[100];
        device.ExportKeyingMaterial("ota"u8, [1, 2, 3], a);
        gateway.ExportKeyingMaterial("ota"u8, [1, 2, 3], b);
        Assert.Equal(a, b);
        gateway.ExportKeyingMaterial("ota"u8, [1, 2, 4], b);
        Assert.NotEqual(a, b);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    private static SecureTunnelClientOptions With(SecureTunnelPinSet pins, byte[]? context = null) => new()
    {
        Pins = pins,
        DeviceId = TestKeys.DeviceId,
        Credential = SecureTunnelCredential.FromPsk(TestKeys.Psk),
        ApplicationContext = context ?? "test"u8.ToArray(),
    };

    private static async Task<(SecureTunnelHandshakeException Client, SecureTunnelHandshakeException Server)> Failing(
        SecureTunnelClientOptions client, SecureTunnelServerOptions server)
    {
        var pair = new PipePair();
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(pair.Server, server).AsTask();
        Task<SecureTunnelConnection> connecting = SecureTunnelClient.ConnectAsync(pair.Client, client).AsTask();
        return (await Assert.ThrowsAsync<SecureTunnelHandshakeException>(() => connecting),
            await Assert.ThrowsAsync<SecureTunnelHandshakeException>(() => accepting));
    }
}

using System.IO.Pipelines;
using Flint.Device.Nano.Tests.Support;
using Flint.SecureTunnel;

namespace Flint.Device.Nano.Tests.EndToEnd;

/// <summary>The device's tunnel against Flint.SecureTunnel's server, over a stream in memory.</summary>
public sealed class ServerTunnelTests
{
    [Fact]
    public async Task Handshake_WithTheServerPackage_CarriesDataBothWaysAndCloses()
    {
        (Stream device, IDuplexPipe transport) = DuplexStream.Create();
        ValueTask<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(transport, Options(TunnelFixture.Psk));
        var edge = new TunnelEdge(new DeviceTunnel(TunnelFixture.Settings(TunnelSuite.RsaOaepGcm), TunnelFixture.Crypto, new SeededEntropy()), device);

        Assert.Equal(TunnelEvent.Connected, await Task.Run(edge.Connect));
        await using SecureTunnelConnection server = await accepting;
        Assert.Equal("device-1", server.Peer.DeviceId.ToString());

        for (int i = 0; i < 20; i++)
        {
            byte[] content = [.. Enumerable.Repeat((byte)i, i * 24)];
            edge.Send(content);
            await server.Output.WriteAsync(await Read(server.Input, content.Length));
            Assert.Equal(content, edge.Receive(content.Length));
            if (i == 7)
            {
                await server.UpdateKeyAsync(requestPeer: true);
            }
        }

        edge.Close();
        Assert.True((await server.Input.ReadAsync()).IsCompleted);
        await server.Output.CompleteAsync();
        Assert.Equal(TunnelEvent.Closed, edge.Next());
    }

    [Fact]
    public async Task Handshake_WithAWrongPsk_IsDeniedByTheServerPackage()
    {
        (Stream device, IDuplexPipe transport) = DuplexStream.Create();
        ValueTask<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(transport, Options(new byte[32]));
        var tunnel = new DeviceTunnel(TunnelFixture.Settings(TunnelSuite.RsaOaepGcm), TunnelFixture.Crypto, new SeededEntropy());

        Assert.Equal(TunnelEvent.Failed, await Task.Run(new TunnelEdge(tunnel, device).Connect));
        Assert.Equal((TunnelFailure.AlertFromPeer, TunnelAlert.AccessDenied), (tunnel.Failure, tunnel.Alert));
        await Assert.ThrowsAsync<SecureTunnelHandshakeException>(async () => await accepting);
    }

    private static SecureTunnelServerOptions Options(byte[] psk)
    {
        var devices = new InMemoryDeviceStore();
        devices.Set(new SecureTunnelDeviceId("device-1"), SecureTunnelDevice.FromPsk(psk));
        return new SecureTunnelServerOptions
        {
            Keys = [new SecureTunnelServerKey(TunnelFixture.Key("encryption"), SecureTunnelKeyUsage.Encryption)],
            Devices = devices,
            ApplicationContext = "test"u8.ToArray(),
        };
    }

    private static async Task<byte[]> Read(PipeReader reader, int length)
    {
        if (length == 0)
        {
            return [];
        }

        ReadResult result = await reader.ReadAtLeastAsync(length);
        byte[] bytes = System.Buffers.BuffersExtensions.ToArray(result.Buffer);
        reader.AdvanceTo(result.Buffer.End);
        return bytes;
    }
}

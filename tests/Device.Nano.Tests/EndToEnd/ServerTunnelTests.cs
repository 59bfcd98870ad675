using System.IO.Pipelines;
using Flint.Device.Nano.Tests.Support;
using Flint.SecureTunnel;

namespace Flint.Device.Nano.Tests.EndToEnd;

/// <summary>The device's tunnel against Flint.SecureTunnel's server, over a stream in memory.</summary>
public sealed class ServerTunnelTests
{
    [Theory]
    [InlineData(TunnelSuite.RsaOaepCcm)]
    [InlineData(TunnelSuite.RsaOaepGcm)]
    [InlineData(TunnelSuite.P256RsaPssCcm)]
    public async Task Handshake_WithTheServerPackage_CarriesDataBothWaysAndCloses(byte suite)
    {
        (Stream device, IDuplexPipe transport) = DuplexStream.Create();
        ValueTask<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(transport, Options(TunnelFixture.Psk));
        var edge = new TunnelEdge(new DeviceTunnel(TunnelFixture.Settings(suite), TunnelFixture.Crypto, new SeededEntropy()), device);

        Assert.Equal(TunnelEvent.Connected, await Task.Run(() => edge.Connect()));
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

    [Theory]
    [InlineData(TunnelSuite.RsaOaepCcm, false)]
    [InlineData(TunnelSuite.RsaOaepCcm, true)]
    [InlineData(TunnelSuite.P256RsaPssCcm, true)]
    public async Task Ticket_OfTheServerPackage_ResumesWithoutRsa(byte suite, bool exchanges)
    {
        SecureTunnelServerOptions options = Options(TunnelFixture.Psk);
        TunnelSettings settings = TunnelFixture.Settings(suite);
        settings.ResumeWithExchange = exchanges;
        TunnelTicket? ticket = null;
        for (int i = 0; i < 3; i++)
        {
            int before = settings.Pins[0].Field.Multiplications;
            (Stream device, IDuplexPipe transport) = DuplexStream.Create();
            ValueTask<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(transport, options);
            var tunnel = new DeviceTunnel(settings, TunnelFixture.Crypto, new SeededEntropy(i));
            var edge = new TunnelEdge(tunnel, device);

            Assert.Equal(TunnelEvent.Connected, await Task.Run(() => edge.Connect(ticket)));
            await using SecureTunnelConnection server = await accepting;
            Assert.Equal(i > 0, server.Resumed);
            Assert.Equal(i == 0 ? 18 : 0, settings.Pins[0].Field.Multiplications - before);
            ticket = tunnel.TakeTicket();
            Assert.NotNull(ticket);
        }
    }

    [Fact]
    public async Task Ticket_OfAnotherRing_IsRetriedInFull()
    {
        (Stream device, IDuplexPipe transport) = DuplexStream.Create();
        ValueTask<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(transport, Options(TunnelFixture.Psk));
        var edge = new TunnelEdge(new DeviceTunnel(TunnelFixture.Settings(), TunnelFixture.Crypto, new SeededEntropy()), device);

        Assert.Equal(TunnelEvent.Connected, await Task.Run(() => edge.Connect(new TunnelTicket(1, new byte[120], new byte[32], 60))));
        await using SecureTunnelConnection server = await accepting;
        Assert.False(server.Resumed);
    }

    [Fact]
    public async Task Handshake_WithAWrongPsk_IsDeniedByTheServerPackage()
    {
        (Stream device, IDuplexPipe transport) = DuplexStream.Create();
        ValueTask<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(transport, Options(new byte[32]));
        var tunnel = new DeviceTunnel(TunnelFixture.Settings(), TunnelFixture.Crypto, new SeededEntropy());

        Assert.Equal(TunnelEvent.Failed, await Task.Run(() => new TunnelEdge(tunnel, device).Connect()));
        Assert.Equal((TunnelFailure.AlertFromPeer, TunnelAlert.AccessDenied), (tunnel.Failure, tunnel.Alert));
        await Assert.ThrowsAsync<SecureTunnelHandshakeException>(async () => await accepting);
    }

    private static SecureTunnelServerOptions Options(byte[] psk)
    {
        var devices = new InMemoryDeviceStore();
        devices.Set(new SecureTunnelDeviceId("device-1"), SecureTunnelDevice.FromPsk(psk));
        return new SecureTunnelServerOptions
        {
            Keys =
            [
                new SecureTunnelServerKey(TunnelFixture.Key("encryption"), SecureTunnelKeyUsage.Encryption),
                new SecureTunnelServerKey(TunnelFixture.Key("signing"), SecureTunnelKeyUsage.Signing),
            ],
            Suites = [.. Enum.GetValues<SecureTunnelSuite>().Where(suite => suite != SecureTunnelSuite.None)],
            Tickets = new SecureTunnelTicketRing(new byte[32]),
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

using System.Net;
using System.Net.Sockets;
using Flint.Coap.Tests.Rfc8323;
using Flint.Testing;

namespace Flint.Coap.Tests.Server;

public sealed class TcpServerTests
{
    [Fact]
    public async Task Get_OverTcp_IsAnswered()
    {
        await using CoapServer server = Start();
        await using CoapClient client = await ClientAsync(server);

        Assert.Equal("/v/temperature", (await client.GetAsync("/v/temperature")).GetText());
    }

    [Fact]
    public async Task ConnectionsAboveTheLimit_AreClosed()
    {
        await using CoapServer server = Start(maxConnections: 1);
        await using CoapClient first = await ClientAsync(server);
        await first.GetAsync("/");

        await using CoapClient second = await ClientAsync(server);

        await Assert.ThrowsAsync<CoapException>(() => second.GetAsync("/"));
        Assert.Equal("/still", (await first.GetAsync("/still")).GetText());
    }

    [Fact]
    public async Task Stranger_SendsNonsense_IsDisconnected()
    {
        await using CoapServer server = Start();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, server.TcpEndPoint!.Port);

        await socket.SendAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());

        var buffer = new byte[1000];
        using var timeout = new CancellationTokenSource(Eventually.Limit);
        int total = 0;
        for (int n = -1; n != 0; total += n)
        {
            n = await socket.ReceiveAsync(buffer.AsMemory(total), SocketFlags.None, timeout.Token);
        }

        Assert.True(buffer.AsSpan(0, total).IndexOf((byte)CoapCode.Abort) > 0);
    }

    [Fact]
    public async Task Server_Disposed_ReleasesItsConnections()
    {
        CoapServer server = Start();
        await using CoapClient client = await ClientAsync(server);
        await client.GetAsync("/");
        Assert.Equal(1, server.ConnectionCount);

        await server.DisposeAsync();

        Assert.Equal(0, server.ConnectionCount);
        Assert.Equal(CoapError.Released, (await Assert.ThrowsAsync<CoapException>(() => client.GetAsync("/"))).Error);
    }

    [Fact]
    public async Task Pipe_GivenToTheServer_IsServedWithItsPeer()
    {
        await using CoapServer server = CoapServer.Start(
            (request, _) => new(CoapResponse.Content(request.Peer.Identity)), new() { Udp = null });
        var pair = new PipePair();
        Task serving = server.RunAsync(pair.Far, new CoapPeer("3f0022000b47"));
        CoapConnection device = CoapConnection.Start(pair.Near);

        Assert.Equal("3f0022000b47", (await device.GetAsync("/who")).GetText());
        await device.CloseAsync();
        await serving;
    }

    private static CoapServer Start(int maxConnections = 10) => CoapServer.Start(
        (request, _) => new(CoapResponse.Content(request.Path)),
        new() { Udp = null, Tcp = new IPEndPoint(IPAddress.IPv6Any, 0), MaxConnections = maxConnections });

    private static Task<CoapClient> ClientAsync(CoapServer server) => CoapClient.ConnectAsync(new Uri($"coap+tcp://127.0.0.1:{server.TcpEndPoint!.Port}"));
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Flint.Coap.Tests.Exchange;
using Flint.Testing;

namespace Flint.Coap.Tests.Udp;

/// <summary>RFC 7252 section 8 on the loopback interface, for which no route is needed; over IPv6 on whatever interface takes it.</summary>
public sealed class MulticastTests
{
    private static readonly CoapMulticastGroup Group = new(CoapMulticastGroup.AllNodesV4, LoopbackIndex);

    private readonly ConcurrentQueue<string> _handled = [];

    private static int LoopbackIndex => NetworkInterface.GetAllNetworkInterfaces()
        .First(one => one.NetworkInterfaceType == NetworkInterfaceType.Loopback).GetIPProperties().GetIPv4Properties().Index;

    /// <summary>Section 8.1: a group is never acknowledged, reset or told an error, whatever is sent to it.</summary>
    [Fact]
    public async Task Server_AskedByMulticast_KeepsQuietAboutEverythingButSuccess()
    {
        await using CoapServer server = Server();
        int port = server.UdpEndPoint!.Port;
        using Socket stranger = Stranger();
        foreach (byte[] datagram in new[]
        {
            Datagrams.Empty(CoapType.Confirmable, 1),
            Convert.FromHexString("40010002f0"),
            RawPeer.Request(CoapCode.Get, 3, "aa", "nothing", CoapType.NonConfirmable),
            RawPeer.Request(CoapCode.Get, 4, "aa", "nothing"),
            RawPeer.Request(CoapCode.Get, 5, "aa", "throws", CoapType.NonConfirmable),
            RawPeer.Request(CoapCode.Get, 6, "aa", "empty", CoapType.NonConfirmable),
            RawPeer.Request(CoapCode.Get, 7, "aa", "name", CoapType.NonConfirmable, ((CoapOptionNumber)9, [1])),
            RawPeer.Request(CoapCode.Put, 8, "aa", "name", CoapType.NonConfirmable, (CoapOptionNumber.Block1, [0x08])),
            RawPeer.Request(CoapCode.Get, 9, "aa", "name", CoapType.NonConfirmable, (CoapOptionNumber.QBlock2, [0x08])),
            RawPeer.Request(CoapCode.Get, 10, "aa", "name", CoapType.NonConfirmable, (CoapOptionNumber.HopLimit, [0])),
        })
        {
            stranger.SendTo(datagram, new IPEndPoint(Group.Address, port));
        }

        stranger.SendTo(RawPeer.Request(CoapCode.Get, 11, "bb", "name", CoapType.NonConfirmable), new IPEndPoint(Group.Address, port));
        var buffer = new byte[2048];
        using var timeout = new CancellationTokenSource(Eventually.Limit);
        SocketReceiveFromResult received = await stranger.ReceiveFromAsync(buffer, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0), timeout.Token);

        string answer = Datagrams.Describe(buffer.AsSpan(0, received.ReceivedBytes));
        Assert.StartsWith("NON 2.05 ", answer, StringComparison.Ordinal);
        Assert.Contains(" bb", answer, StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => server.InspectUdp(layer => layer.SendCount + layer.PeerCount) <= 2);
        await Task.Delay(300);
        Assert.Equal(0, stranger.Available);
        await Eventually.HoldsAsync(() => _handled.Contains("/nothing"));
    }

    /// <summary>An observation is between two (RFC 7641): the response to a group has no Observe, and no notification follows.</summary>
    [Fact]
    public async Task Server_AskedByMulticastToObserve_AnswersOnce()
    {
        await using CoapServer server = Server();
        using Socket stranger = Stranger();
        stranger.SendTo(
            RawPeer.Request(CoapCode.Get, 11, "bb", "state", CoapType.NonConfirmable, (CoapOptionNumber.Observe, [])), new IPEndPoint(Group.Address, server.UdpEndPoint!.Port));
        var buffer = new byte[2048];
        using var timeout = new CancellationTokenSource(Eventually.Limit);
        int length = await stranger.ReceiveAsync(buffer, SocketFlags.None, timeout.Token);
        Assert.False(RawPeer.Read(buffer[..length]).Options.TryFind(CoapOptionNumber.Observe, out _));

        await server.NotifyAsync("/state");
        await Task.Delay(200);
        Assert.Equal(0, stranger.Available);
    }

    [Fact]
    public async Task Server_WithGroups_AnswersOneAsBefore()
    {
        await using CoapServer server = Server();
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://127.0.0.1:{server.UdpEndPoint!.Port}"));

        Assert.Equal(CoapCode.NotFound, (await client.GetAsync("/nothing")).Code);
        Assert.Equal("flint", (await client.GetAsync("/name")).GetText());
    }

    /// <summary>A server that has joined no group is not asked through one that another program has joined.</summary>
    [Fact]
    public async Task Server_WithoutGroups_HearsNone()
    {
        await using CoapServer server = CoapServer.Start(
            (_, _) => new(CoapResponse.Content("x")), new CoapServerOptions { Udp = new IPEndPoint(IPAddress.Any, 0) });
        using var member = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        member.Bind(new IPEndPoint(IPAddress.Any, 0));
        member.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(Group.Address, LoopbackIndex));
        using Socket stranger = Stranger();

        stranger.SendTo(Datagrams.Empty(CoapType.Confirmable, 1), new IPEndPoint(Group.Address, server.UdpEndPoint!.Port));
        await Task.Delay(200);

        Assert.SkipWhen(!OperatingSystem.IsLinux(), "Other systems have other rules.");
        Assert.Equal(0, server.InspectUdp(layer => layer.Counters.Received));
        Assert.Equal(0, stranger.Available);
    }

    [Fact]
    public async Task Discovery_OnLoopback_FindsTheServer()
    {
        await using CoapServer server = Server();
        var found = new List<CoapMulticastResponse>();
        await foreach (CoapMulticastResponse response in CoapClient.DiscoverAsync(Group, "rt=temperature", TimeSpan.FromSeconds(3), server.UdpEndPoint!.Port))
        {
            found.Add(response);
        }

        CoapMulticastResponse one = Assert.Single(found);
        Assert.Equal(server.UdpEndPoint.Port, one.Peer.Address.Port);
        Assert.Equal("</v/temperature>;rt=temperature", one.Response.GetText());
        Assert.Contains("/.well-known/core", _handled);
    }

    /// <summary>Section 2.8 of RFC 7959: the first block comes by multicast, the rest is asked of its sender alone.</summary>
    [Fact]
    public async Task Response_InBlocks_IsCompletedFromItsSender()
    {
        await using CoapServer server = Server();
        var found = new List<CoapMulticastResponse>();
        await foreach (CoapMulticastResponse response in CoapClient.SendMulticastAsync(
            Group, new CoapRequest(CoapCode.Get, "/large"), TimeSpan.FromSeconds(3), server.UdpEndPoint!.Port))
        {
            found.Add(response);
        }

        Assert.Equal(Enumerable.Range(0, 5000).Select(i => (byte)(i & 0xff)), Assert.Single(found).Response.Payload.ToArray());
    }

    /// <summary>A request with a forged source would make a whole group answer: what is large is given only to who brings back an echo. Our client does.</summary>
    [Fact]
    public async Task Response_LargerThanThreeTimes_IsGivenAfterAnEcho()
    {
        await using CoapServer server = Server(echo: new CoapEchoOptions { IsTrusted = _ => false });
        using Socket stranger = Stranger();
        byte[] request = RawPeer.Request(CoapCode.Get, 1, "bb", "large", CoapType.NonConfirmable);
        stranger.SendTo(request, new IPEndPoint(Group.Address, server.UdpEndPoint!.Port));
        var buffer = new byte[2048];
        using var timeout = new CancellationTokenSource(Eventually.Limit);
        int length = await stranger.ReceiveAsync(buffer, SocketFlags.None, timeout.Token);
        Assert.Equal(CoapCode.Unauthorized, RawPeer.Read(buffer[..length]).Code);
        Assert.True(length + 28 <= 3 * (request.Length + 28));

        var found = new List<CoapMulticastResponse>();
        await foreach (CoapMulticastResponse response in CoapClient.SendMulticastAsync(
            Group, new CoapRequest(CoapCode.Get, "/large"), TimeSpan.FromSeconds(3), server.UdpEndPoint!.Port))
        {
            found.Add(response);
        }

        Assert.Equal(5000, Assert.Single(found).Response.Payload.Length);
    }

    [Fact]
    public async Task UnsafeMethod_ByMulticast_IsNotObeyedWithoutAnEcho()
    {
        await using CoapServer server = Server(echo: new CoapEchoOptions { IsTrusted = _ => false, BeforeUnsafeMethods = true });
        using Socket stranger = Stranger();
        stranger.SendTo(RawPeer.Request(CoapCode.Post, 1, "bb", "name", CoapType.NonConfirmable), new IPEndPoint(Group.Address, server.UdpEndPoint!.Port));
        stranger.SendTo(RawPeer.Request(CoapCode.Get, 2, "bc", "name", CoapType.NonConfirmable), new IPEndPoint(Group.Address, server.UdpEndPoint!.Port));
        var buffer = new byte[2048];
        using var timeout = new CancellationTokenSource(Eventually.Limit);
        int length = await stranger.ReceiveAsync(buffer, SocketFlags.None, timeout.Token);

        Assert.Equal("BC", Convert.ToHexString(RawPeer.Read(buffer[..length]).Token));
        Assert.Single(_handled);
    }

    /// <summary>Every answer is given, in the order of arrival; what comes twice is given once, and late ones are nobody's.</summary>
    [Fact]
    public async Task Responses_OfMany_AreAllGiven()
    {
        using var member = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        member.Bind(new IPEndPoint(IPAddress.Any, 0));
        member.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(Group.Address, LoopbackIndex));
        int port = ((IPEndPoint)member.LocalEndPoint!).Port;
        Task answering = Task.Run(async () =>
        {
            var buffer = new byte[200];
            SocketReceiveFromResult received = await member.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
            CoapMessageReader request = RawPeer.Read(buffer[..received.ReceivedBytes]);
            Assert.Equal(CoapType.NonConfirmable, request.Type);
            byte[] response = Datagrams.Response(CoapCode.Content, Convert.ToHexString(request.Token), CoapType.NonConfirmable, 5, [7]);
            for (int i = 0; i < 20; i++)
            {
                using var one = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
                await one.SendToAsync(response, received.RemoteEndPoint);
                await one.SendToAsync(response, received.RemoteEndPoint);
            }
        });

        var ports = new List<int>();
        await foreach (CoapMulticastResponse response in CoapClient.SendMulticastAsync(Group, new CoapRequest(CoapCode.Get, "/x"), TimeSpan.FromSeconds(3), port))
        {
            Assert.Equal([7], response.Response.Payload.ToArray());
            ports.Add(response.Peer.Address.Port);
        }

        await answering;
        Assert.Equal(20, ports.Distinct().Count());
        Assert.Equal(20, ports.Count);
    }

    [Fact]
    public async Task Discovery_OverIPv6_FindsTheServer()
    {
        int index = IPv6Interface();
        Assert.SkipWhen(index == 0, "No interface takes IPv6 multicast.");
        await using CoapServer server = Server([new(CoapMulticastGroup.AllNodesLinkLocal, index)]);
        var found = new List<CoapMulticastResponse>();
        await foreach (CoapMulticastResponse response in CoapClient.DiscoverAsync(
            new CoapMulticastGroup(CoapMulticastGroup.AllNodesLinkLocal, index), null, TimeSpan.FromSeconds(3), server.UdpEndPoint!.Port))
        {
            found.Add(response);
        }

        Assert.Equal("</v/temperature>;rt=temperature", Assert.Single(found).Response.GetText());
    }

    [Theory]
    [InlineData("224.0.1.187", true)]
    [InlineData("::ffff:239.1.2.3", true)]
    [InlineData("ff05::fd", true)]
    [InlineData("223.255.255.255", false)]
    [InlineData("240.0.0.1", false)]
    [InlineData("fe80::1", false)]
    public void Group_IsRecognised(string address, bool isGroup)
    {
        Assert.Equal(isGroup, CoapMulticastGroup.Contains(IPAddress.Parse(address)));
        var options = new CoapUdpOptions { Groups = [new(IPAddress.Parse(address))] };
        if (!isGroup)
        {
            Assert.Throws<ArgumentException>(options.Validate);
        }
    }

    /// <summary>An interface that gives back what is sent to a group over IPv6.</summary>
    private static int IPv6Interface()
    {
        foreach (NetworkInterface one in NetworkInterface.GetAllNetworkInterfaces())
        {
            try
            {
                int index = one.GetIPProperties().GetIPv6Properties().Index;
                using var member = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 500 };
                member.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
                member.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(CoapMulticastGroup.AllNodesLinkLocal, index));
                member.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastInterface, index);
                member.SendTo(new byte[] { 1 }, new IPEndPoint(CoapMulticastGroup.AllNodesLinkLocal, ((IPEndPoint)member.LocalEndPoint!).Port));
                member.Receive(new byte[1]);
                return index;
            }
            catch (Exception e) when (e is SocketException or NetworkInformationException)
            {
                // Not this one.
            }
        }

        return 0;
    }

    private static Socket Stranger()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.HostToNetworkOrder(LoopbackIndex));
        return socket;
    }

    private CoapServer Server(IReadOnlyList<CoapMulticastGroup>? groups = null, CoapEchoOptions? echo = null)
    {
        CoapRouter router = new CoapRouter()
            .MapGet("/.well-known/core", _ => CoapResponse.Content("</v/temperature>;rt=temperature"))
            .MapGet("/name", _ => CoapResponse.Content("flint"))
            .MapGet("/empty", _ => CoapResponse.Content(""))
            .MapGet("/large", _ => CoapResponse.Content(Enumerable.Range(0, 5000).Select(i => (byte)(i & 0xff)).ToArray()))
            .MapGet("/throws", _ => throw new InvalidDataException())
            .MapObservable("/state", _ => CoapResponse.Content("1"));
        return CoapServer.Start(
            (request, cancellationToken) =>
            {
                _handled.Enqueue(request.Path);
                return router.HandleAsync(request, cancellationToken);
            },
            new CoapServerOptions
            {
                Udp = new IPEndPoint(IPAddress.IPv6Any, 0),
                UdpOptions = new CoapUdpOptions
                {
                    Groups = groups ?? [Group],
                    Echo = echo ?? new CoapEchoOptions { MaxAmplification = 0 },
                    MessageLayer = new CoapMessageLayerOptions { Leisure = TimeSpan.FromMilliseconds(100) },
                },
            });
    }
}

using System.Net;
using System.Net.Sockets;
using Flint.Coap.Tests.Exchange;
using Flint.Testing;

namespace Flint.Coap.Tests.Udp;

/// <summary>[C-142] [C-143] RFC 9175 over UDP: who forges an address can neither act in its name nor have much sent to it.</summary>
public sealed class EchoTests
{
    private int _posts;

    /// <summary>The attack first: small requests from a forged address, large responses to whoever it belongs to.</summary>
    [Theory]
    [InlineData(CoapType.Confirmable)]
    [InlineData(CoapType.NonConfirmable)]
    public async Task ForgedAddress_AsksForMuch_IsSentNoMoreThanThreeTimesAsMuch(CoapType type)
    {
        await using CoapServer server = Server();
        using var victim = new RawPeer(server.UdpEndPoint!.Port);
        byte[] request = RawPeer.Request(CoapCode.Get, 1, "aa", "large", type);

        victim.Send(request);
        byte[] answer = await victim.ReceiveAsync();

        Assert.Equal(CoapCode.Unauthorized, RawPeer.Read(answer).Code);
        Assert.Equal(CoapEcho.ValueLength, RawPeer.Option(answer, CoapOptionNumber.Echo).Length);
        Assert.True(answer.Length + 28 <= 3 * (request.Length + 28), $"{request.Length} bytes were answered with {answer.Length}");
        Assert.Equal(0, server.BodyCount);
        await victim.AssertSilenceAsync();
    }

    [Fact]
    public async Task ForgedAddress_AsksToObserve_IsNotAdded()
    {
        await using CoapServer server = Server();
        using var victim = new RawPeer(server.UdpEndPoint!.Port);

        victim.Send(RawPeer.Request(CoapCode.Get, 1, "aa", "state", options: (CoapOptionNumber.Observe, [])));

        Assert.Equal(CoapCode.Unauthorized, RawPeer.Read(await victim.ReceiveAsync()).Code);
        await server.NotifyAsync("/state");
        await victim.AssertSilenceAsync();
    }

    /// <summary>Neither acted on nor remembered: forged requests do not fill the store of those that must not be repeated.</summary>
    [Theory]
    [InlineData(CoapCode.Post)]
    [InlineData(CoapCode.Put)]
    [InlineData(CoapCode.Delete)]
    [InlineData((CoapCode)31)]
    public async Task ForgedAddress_Acts_IsNeitherObeyedNorRemembered(CoapCode method)
    {
        await using CoapServer server = Server(new CoapEchoOptions { BeforeUnsafeMethods = true, IsTrusted = _ => false });
        using var victim = new RawPeer(server.UdpEndPoint!.Port);
        for (ushort id = 0; id < 50; id++)
        {
            victim.Send(RawPeer.Request(method, id, "aa", "count"));
            byte[] answer = await victim.ReceiveAsync();
            Assert.Equal((CoapCode.Unauthorized, id), (RawPeer.Read(answer).Code, RawPeer.Read(answer).MessageId));
        }

        Assert.Equal(0, _posts);
        Assert.True(server.InspectUdp(layer => layer.IsEmpty));
    }

    [Fact]
    public async Task ForgedAddress_ActsWithoutConfirmation_IsNotObeyed()
    {
        await using CoapServer server = Server(new CoapEchoOptions { BeforeUnsafeMethods = true, IsTrusted = _ => false });
        using var victim = new RawPeer(server.UdpEndPoint!.Port);

        victim.Send(RawPeer.Request(CoapCode.Post, 7, "aa", "count", CoapType.NonConfirmable));

        byte[] answer = await victim.ReceiveAsync();
        Assert.Equal((CoapType.NonConfirmable, CoapCode.Unauthorized), (RawPeer.Read(answer).Type, RawPeer.Read(answer).Code));
        Assert.Equal(0, _posts);
    }

    /// <summary>What one address was given proves nothing for another.</summary>
    [Fact]
    public async Task Echo_OfAnotherAddress_IsAskedForAgain()
    {
        await using CoapServer server = Server();
        using var attacker = new RawPeer(server.UdpEndPoint!.Port);
        using var victim = new RawPeer(server.UdpEndPoint!.Port);
        attacker.Send(RawPeer.Request(CoapCode.Get, 1, "aa", "large"));
        byte[] echo = RawPeer.Option(await attacker.ReceiveAsync(), CoapOptionNumber.Echo);

        victim.Send(RawPeer.Request(CoapCode.Get, 2, "ab", "large", options: (CoapOptionNumber.Echo, echo)));

        byte[] answer = await victim.ReceiveAsync();
        Assert.Equal(CoapCode.Unauthorized, RawPeer.Read(answer).Code);
        Assert.NotEqual(echo, RawPeer.Option(answer, CoapOptionNumber.Echo));
    }

    [Fact]
    public async Task Address_ThatHasShownItself_IsAnsweredFromThenOn()
    {
        await using CoapServer server = Server();
        using var peer = new RawPeer(server.UdpEndPoint!.Port);
        peer.Send(RawPeer.Request(CoapCode.Get, 1, "aa", "large"));
        byte[] echo = RawPeer.Option(await peer.ReceiveAsync(), CoapOptionNumber.Echo);

        peer.Send(RawPeer.Request(CoapCode.Get, 2, "ab", "large", options: (CoapOptionNumber.Echo, echo)));
        Assert.Equal(CoapCode.Content, RawPeer.Read(await peer.ReceiveAsync()).Code);
        peer.Send(RawPeer.Request(CoapCode.Get, 3, "ac", "large"));
        Assert.Equal(CoapCode.Content, RawPeer.Read(await peer.ReceiveAsync()).Code);
    }

    [Fact]
    public async Task SmallResponse_ToAStranger_GoesAtOnce()
    {
        await using CoapServer server = Server();
        using var peer = new RawPeer(server.UdpEndPoint!.Port);

        peer.Send(RawPeer.Request(CoapCode.Get, 1, "aa", "small"));

        Assert.Equal(CoapCode.Content, RawPeer.Read(await peer.ReceiveAsync()).Code);
    }

    [Fact]
    public async Task Limit_OfZero_AsksNobody()
    {
        await using CoapServer server = Server(new CoapEchoOptions { MaxAmplification = 0, IsTrusted = _ => false });
        using var peer = new RawPeer(server.UdpEndPoint!.Port);

        peer.Send(RawPeer.Request(CoapCode.Get, 1, "aa", "large"));

        Assert.Equal(CoapCode.Content, RawPeer.Read(await peer.ReceiveAsync()).Code);
    }

    /// <summary>By default, addresses of this machine are trusted, and nothing else.</summary>
    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("192.0.2.1", false)]
    [InlineData("2001:db8::1", false)]
    public void Trust_ByDefault_IsForThisMachineAlone(string address, bool trusted) =>
        Assert.Equal(trusted, new CoapEchoOptions().IsTrusted(new IPEndPoint(IPAddress.Parse(address), 5683)));

    [Fact]
    public async Task Client_AskedToEcho_RepeatsByItself()
    {
        await using CoapServer server = Server(new CoapEchoOptions { BeforeUnsafeMethods = true, IsTrusted = _ => false });
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://{server.UdpEndPoint}"));

        Assert.Equal(CoapCode.Changed, (await client.PostAsync("/count", new byte[5000])).Code);
        Assert.Equal(1, _posts);
        Assert.Equal(3000, (await client.GetAsync("/large")).Payload.Length);
    }

    [Fact]
    public async Task Observer_AskedToEcho_RegistersByItself()
    {
        await using CoapServer server = Server();
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://{server.UdpEndPoint}"));
        using var timeout = new CancellationTokenSource(Eventually.Limit);
        int seen = 0;
        await foreach (CoapResponse state in client.ObserveAsync("/state", timeout.Token))
        {
            Assert.Equal(CoapCode.Content, state.Code);
            if (++seen == 3)
            {
                break;
            }

            await server.NotifyAsync("/state");
        }

        Assert.Equal(3, seen);
    }

    /// <summary>A server that is never content is asked twice, not for ever.</summary>
    [Fact]
    public async Task Client_AskedAgain_GivesTheAnswer()
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://{server.LocalEndPoint}"));
        Task<CoapResponse> request = client.GetAsync("/x");
        var buffer = new byte[200];
        for (byte i = 1; i <= 2; i++)
        {
            SocketReceiveFromResult received = await server.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
            byte[] asked = buffer[..received.ReceivedBytes];
            Assert.Equal(i == 2, RawPeer.Read(asked).Options.TryFind(CoapOptionNumber.Echo, out CoapOption echo) && echo.Value.SequenceEqual(new byte[] { 1 }));
            await server.SendToAsync(
                RawPeer.Request(CoapCode.Unauthorized, RawPeer.Read(asked).MessageId, Convert.ToHexString(RawPeer.Read(asked).Token), "", CoapType.Acknowledgement, (CoapOptionNumber.Echo, [i])),
                received.RemoteEndPoint);
        }

        Assert.Equal(CoapCode.Unauthorized, (await request).Code);
        Assert.Equal(0, server.Available);
    }

    /// <summary>RFC 9175 section 3.3: the blocks of a body have a Request-Tag in common; those of another body another one.</summary>
    [Fact]
    public async Task Upload_InBlocks_HasARequestTagOfItsOwn()
    {
        var tags = new List<string>();
        await using CoapServer server = CoapServer.Start(
            (request, _) =>
            {
                Assert.True(request.Options.TryFind(CoapOptionNumber.RequestTag, out CoapOption tag));
                tags.Add(Convert.ToHexString(tag.Value));
                return new(CoapResponse.Changed());
            },
            new CoapServerOptions { Udp = new IPEndPoint(IPAddress.Loopback, 0) });
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://{server.UdpEndPoint}"));

        await Task.WhenAll(client.PutAsync("/x", new byte[5000]), client.PutAsync("/x", new byte[7000]));

        Assert.Equal(2, tags.Distinct().Count());
    }

    /// <summary>[C-144] Message ids used towards forged addresses shut nobody out; a peer that has shown itself keeps its place.</summary>
    [Fact]
    public async Task ForgedAddresses_FillingTheTableOfPeers_GiveWay()
    {
        await using CoapServer server = Server(maxPeers: 4);
        using var known = new RawPeer(server.UdpEndPoint!.Port);
        known.Send(RawPeer.Request(CoapCode.Get, 1, "aa", "large"));
        byte[] echo = RawPeer.Option(await known.ReceiveAsync(), CoapOptionNumber.Echo);
        known.Send(RawPeer.Request(CoapCode.Post, 2, "ab", "count", options: (CoapOptionNumber.Echo, echo)));
        await known.ReceiveAsync();
        known.Send(RawPeer.Request(CoapCode.Get, 3, "ac", "large", options: (CoapOptionNumber.Echo, echo)));
        await known.ReceiveAsync();

        for (int i = 0; i < 20; i++)
        {
            using var forged = new RawPeer(server.UdpEndPoint!.Port);
            forged.Send(RawPeer.Request(CoapCode.Get, 1, "aa", "small", CoapType.NonConfirmable));
            Assert.Equal(CoapCode.Content, RawPeer.Read(await forged.ReceiveAsync()).Code);
        }

        known.Send(RawPeer.Request(CoapCode.Post, 2, "ab", "count", options: (CoapOptionNumber.Echo, echo)));
        await known.ReceiveAsync();
        Assert.Equal(1, _posts);
        Assert.Equal(4, server.InspectUdp(layer => layer.PeerCount));
    }

    private CoapServer Server(CoapEchoOptions? echo = null, int maxPeers = 65536)
    {
        CoapRouter router = new CoapRouter()
            .MapGet("/small", _ => CoapResponse.Content("22.3"))
            .MapGet("/large", _ => CoapResponse.Content(new byte[3000]))
            .MapObservable("/state", _ => CoapResponse.Content("1"))
            .MapPost("/count", _ =>
            {
                Interlocked.Increment(ref _posts);
                return CoapResponse.Changed();
            });
        return CoapServer.Start(router.HandleAsync, new CoapServerOptions
        {
            Udp = new IPEndPoint(IPAddress.Loopback, 0),
            UdpOptions = new CoapUdpOptions
            {
                Echo = echo ?? new CoapEchoOptions { IsTrusted = _ => false },
                Observers = new CoapObserversOptions { NonConfirmableInterval = TimeSpan.Zero },
                MessageLayer = new CoapMessageLayerOptions { MaxPeers = maxPeers },
            },
        });
    }
}

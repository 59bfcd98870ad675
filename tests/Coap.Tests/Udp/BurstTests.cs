using System.Net;
using System.Net.Sockets;
using Flint.Coap.Tests.Exchange;
using Flint.Testing;

namespace Flint.Coap.Tests.Udp;

/// <summary>RFC 9177 over UDP on loopback: client and server, what each refuses, and doing without.</summary>
public sealed class BurstTests
{
    private static readonly CoapQBlockOptions Quick = new() { Use = true, NonTimeout = TimeSpan.FromMilliseconds(100), NonReceiveTimeout = TimeSpan.FromMilliseconds(1150) };

    private readonly Dictionary<string, byte[]> _store = [];
    private readonly List<string> _seen = [];
    private int _reads;

    /// <summary>The attack first: one small datagram from a forged address asks for a whole body in bursts.</summary>
    [Theory]
    [InlineData(CoapType.Confirmable)]
    [InlineData(CoapType.NonConfirmable)]
    public async Task ForgedAddress_AsksForABodyInBursts_IsAskedToEcho(CoapType type)
    {
        _store["x"] = Body(50_000);
        await using CoapServer server = Server(new CoapEchoOptions { IsTrusted = _ => false });
        using var victim = new RawPeer(server.UdpEndPoint!.Port);

        victim.Send(RawPeer.Request(CoapCode.Get, 1, "aa", "b/x", type, (CoapOptionNumber.QBlock2, [0x0e])));

        Assert.Equal(CoapCode.Unauthorized, RawPeer.Read(await victim.ReceiveAsync()).Code);
        await victim.AssertSilenceAsync();
    }

    /// <summary>What breaks section 4 is answered with the code that it names, and stored nowhere.</summary>
    [Theory]
    [InlineData("no tag", CoapCode.BadRequest)]
    [InlineData("no size", CoapCode.BadRequest)]
    [InlineData("size of nothing", CoapCode.BadRequest)]
    [InlineData("size 7", CoapCode.BadRequest)]
    [InlineData("beyond the end", CoapCode.BadRequest)]
    [InlineData("not full", CoapCode.BadRequest)]
    [InlineData("too large", CoapCode.RequestEntityTooLarge)]
    [InlineData("mixed", CoapCode.BadOption)]
    public async Task Request_AgainstTheRules_IsRefused(string what, CoapCode code)
    {
        await using CoapServer server = Server();
        using var peer = new RawPeer(server.UdpEndPoint!.Port);
        byte[] size = what switch
        {
            "size of nothing" => [],
            "too large" => [0x7f, 0xff, 0xff, 0xff],
            _ => [0x08, 0],
        };
        byte block = what switch
        {
            "size 7" => 0x0f,
            "beyond the end" => 0xfe,
            _ => 0x0e,
        };
        var options = new List<(CoapOptionNumber, byte[])> { (CoapOptionNumber.QBlock1, [block]) };
        if (what != "no size")
        {
            options.Add((CoapOptionNumber.Size1, size));
        }

        if (what != "no tag")
        {
            options.Add((CoapOptionNumber.RequestTag, [1]));
        }

        if (what == "mixed")
        {
            options.Add((CoapOptionNumber.Block1, [0x08]));
        }

        peer.Send(RawPeer.Request(CoapCode.Put, 1, "aa", "b/x", options: [.. options]));

        Assert.Equal(code, RawPeer.Read(await peer.ReceiveAsync()).Code);
        Assert.Empty(_store);
    }

    /// <summary>[C-152] The bodies that a peer may have under way are counted before a byte of them is stored.</summary>
    [Fact]
    public async Task Bodies_BeyondTheLimitOfAPeer_AreRefusedWith503()
    {
        await using CoapServer server = Server(qBlock: new CoapQBlockOptions { MaxBodiesPerPeer = 2 });
        using var peer = new RawPeer(server.UdpEndPoint!.Port);
        for (byte tag = 1; tag <= 3; tag++)
        {
            var buffer = new byte[1152];
            var writer = new CoapMessageWriter(buffer);
            writer.WriteHeader(CoapType.Confirmable, CoapCode.Put, tag, [0xaa]);
            writer.WriteOption(CoapOptionNumber.UriPath, "x"u8);
            writer.WriteOption(CoapOptionNumber.QBlock1, new CoapBlock(0, true, 4).Value);
            writer.WriteOption(CoapOptionNumber.Size1, 2000);
            writer.WriteOption(CoapOptionNumber.RequestTag, [tag]);
            writer.WritePayload(new byte[256]);
            Assert.True(writer.TryComplete(out int length));
            peer.Send(buffer[..length]);
            string answer = await peer.DescribeNextAsync();
            Assert.StartsWith(tag == 3 ? "ACK 5.03" : "ACK 0.00", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Request_ForBlocksThatDescend_IsRefused()
    {
        _store["x"] = Body(50_000);
        await using CoapServer server = Server();
        using var peer = new RawPeer(server.UdpEndPoint!.Port);

        peer.Send(RawPeer.Request(CoapCode.Get, 1, "aa", "b/x", options: [(CoapOptionNumber.QBlock2, [0x26]), (CoapOptionNumber.QBlock2, [0x16])]));

        Assert.Equal(CoapCode.BadRequest, RawPeer.Read(await peer.ReceiveAsync()).Code);
    }

    /// <summary>Section 4.4: each block has ETag and Size2; a set, then a pause; what is asked for comes under the token of who asks.</summary>
    [Fact]
    public async Task Server_AskedForABody_SendsASetAndThenWhatIsMissing()
    {
        byte[] body = _store["x"] = Body(1024 * 12);
        await using CoapServer server = Server(qBlock: new CoapQBlockOptions());
        using var peer = new RawPeer(server.UdpEndPoint!.Port);

        peer.Send(RawPeer.Request(CoapCode.Get, 1, "aa", "b/x", CoapType.NonConfirmable, (CoapOptionNumber.QBlock2, [0x0e])));
        for (int number = 0; number < 10; number++)
        {
            byte[] datagram = await peer.ReceiveAsync();
            CoapMessageReader message = RawPeer.Read(datagram);
            Assert.Equal((CoapType.NonConfirmable, "AA"), (message.Type, Convert.ToHexString(message.Token)));
            Assert.Equal(CoapBlockStatus.Present, CoapBlock.TryFind(message.Options, CoapOptionNumber.QBlock2, false, out CoapBlock block));
            Assert.Equal(new CoapBlock(number, true, 6), block);
            Assert.Equal("3000", Convert.ToHexString(RawPeer.Option(datagram, CoapOptionNumber.Size2)));
            Assert.NotEmpty(RawPeer.Option(datagram, CoapOptionNumber.ETag));
            Assert.Equal(body[(1024 * number)..(1024 * (number + 1))], message.Payload.ToArray());
        }

        await peer.AssertSilenceAsync();
        peer.Send(RawPeer.Request(CoapCode.Get, 2, "ab", "b/x", CoapType.NonConfirmable, (CoapOptionNumber.QBlock2, [0x36]), (CoapOptionNumber.QBlock2, [0x76])));
        Assert.Contains("ab", await peer.DescribeNextAsync(), StringComparison.Ordinal);
        Assert.Contains("ab", await peer.DescribeNextAsync(), StringComparison.Ordinal);
        await peer.AssertSilenceAsync();
        peer.Send(RawPeer.Request(CoapCode.Get, 3, "ac", "b/x", CoapType.NonConfirmable, (CoapOptionNumber.QBlock2, [0xae])));
        byte[] eleventh = await peer.ReceiveAsync();
        Assert.Equal("aa", Convert.ToHexStringLower(RawPeer.Read(eleventh).Token));
        Assert.Equal("ae", Convert.ToHexStringLower(RawPeer.Option(eleventh, CoapOptionNumber.QBlock2)));
        await peer.ReceiveAsync();
        Assert.Equal(1, _reads);
    }

    /// <summary>A reset says that the peer does not want the body.</summary>
    [Fact]
    public async Task Server_Reset_SendsNoMore()
    {
        _store["x"] = Body(1024 * 30);
        await using CoapServer server = Server(qBlock: Quick);
        using var peer = new RawPeer(server.UdpEndPoint!.Port);
        peer.Send(RawPeer.Request(CoapCode.Get, 1, "aa", "b/x", CoapType.NonConfirmable, (CoapOptionNumber.QBlock2, [0x0e])));
        byte[] last = [];
        for (int number = 0; number < 10; number++)
        {
            last = await peer.ReceiveAsync();
        }

        peer.Send([0x70, 0, last[2], last[3]]);
        await Task.Delay(400);
        await peer.AssertSilenceAsync();
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(1025)]
    [InlineData(10 * 1024)]
    [InlineData((10 * 1024) + 1)]
    [InlineData(100_000)]
    [InlineData(1_000_000)]
    public async Task Body_PutAndFetched_IsTheSame(int length)
    {
        byte[] body = Body(length);
        await using CoapServer server = Server();
        await using CoapClient client = await ClientAsync(new Uri($"coap://{server.UdpEndPoint}"));

        Assert.Equal(CoapCode.Changed, (await client.PutAsync("/b/x", body, CoapContentFormat.OctetStream)).Code);
        CoapResponse response = await client.GetAsync("/b/x");

        Assert.Equal(body, response.Payload.ToArray());
        Assert.Equal(CoapContentFormat.OctetStream, response.ContentFormat);
        Assert.False(response.Options.TryFind(CoapOptionNumber.QBlock2, out _));
        Assert.Equal(length > 1024 ? "PUT in bursts" : "PUT", _seen[0]);
        Assert.Equal(1, _reads);
        Assert.True(SpinWait.SpinUntil(() => server.InspectUdp(layer => layer.SendCount) == 0, Eventually.Limit / 4), "well before a message is given up");
    }

    [Fact]
    public async Task Bodies_AtOnce_AreKeptApart()
    {
        await using CoapServer server = Server();
        await using CoapClient client = await ClientAsync(new Uri($"coap://{server.UdpEndPoint}"));
        await client.PutAsync("/b/first", Body(2000));

        await Task.WhenAll(Enumerable.Range(0, 3).Select(async n =>
        {
            Assert.Equal(CoapCode.Changed, (await client.PutAsync($"/b/{n}", Body(20_000 + n, n))).Code);
            Assert.Equal(Body(20_000 + n, n), (await client.GetAsync($"/b/{n}")).Payload.ToArray());
        }));
    }

    /// <summary>Both ways through a network that loses; the whole is handled once.</summary>
    [Theory]
    [InlineData(0.1, 1)]
    [InlineData(0.3, 2)]
    public async Task Body_ThroughLoss_IsTheSameAndHandledOnce(double loss, int seed)
    {
        byte[] body = Body(30_000, seed);
        await using CoapServer server = Server();
        using var relay = new LossyRelay(Loopback(server), loss, mostInARow: int.MaxValue, seed);
        await using CoapClient client = await ClientAsync(new Uri($"coap://{relay.Address}"));

        Assert.Equal(CoapCode.Changed, (await client.PostAsync("/count/x", body)).Code);
        Assert.Equal(body, (await client.GetAsync("/b/x")).Payload.ToArray());
        Assert.Single(_seen, "POST in bursts");
        Assert.True(relay.Dropped > 2);
    }

    /// <summary>A server that is asked to echo before it acts is shown the address, and then takes the body.</summary>
    [Fact]
    public async Task Client_AskedToEcho_TransfersAfterwards()
    {
        await using CoapServer server = Server(new CoapEchoOptions { BeforeUnsafeMethods = true, IsTrusted = _ => false });
        await using CoapClient client = await ClientAsync(new Uri($"coap://{server.UdpEndPoint}"));

        Assert.Equal(CoapCode.Changed, (await client.PutAsync("/b/x", Body(30_000))).Code);
        Assert.Equal(Body(30_000), (await client.GetAsync("/b/x")).Payload.ToArray());
    }

    /// <summary>Section 4.1: 4.02 says that a server does not know the option; the client does without, and does not ask again.</summary>
    [Fact]
    public async Task Server_ThatDoesNotKnowIt_IsAskedOnce()
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using CoapClient client = await ClientAsync(new Uri($"coap://{server.LocalEndPoint}"));
        var kinds = new List<string>();
        Task answering = Task.Run(async () =>
        {
            var buffer = new byte[2048];
            for (int i = 0; i < 4; i++)
            {
                SocketReceiveFromResult received = await server.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                byte[] answer = Answer(RawPeer.Read(buffer[..received.ReceivedBytes]), kinds);
                await server.SendToAsync(answer, received.RemoteEndPoint);
            }
        });

        Assert.Equal(CoapCode.Changed, (await client.PutAsync("/x", new byte[1500])).Code);
        Assert.Equal(CoapCode.Changed, (await client.GetAsync("/x")).Code);
        await answering;
        Assert.Equal(["Get burst", "Put block", "Put block", "Get"], kinds);
    }

    /// <summary>Section 7.2: what a server that is silent is sent, stays within PROBING_RATE; the client gives up, and does without bursts for a while.</summary>
    [Fact]
    public async Task Server_ThatFallsSilent_IsGivenUp()
    {
        CoapServer server = Server();
        await using CoapClient client = await ClientAsync(
            new Uri($"coap://{server.UdpEndPoint}"),
            new CoapQBlockOptions { Use = true, NonTimeout = TimeSpan.FromMilliseconds(10), NonReceiveTimeout = TimeSpan.FromMilliseconds(1020), NonMaxRetransmit = 0 },
            new CoapMessageLayerOptions { AckTimeout = TimeSpan.FromMilliseconds(500), AcknowledgementDelay = TimeSpan.Zero, MaxRetransmit = 1 });
        await client.PutAsync("/b/x", Body(2000));
        int port = server.UdpEndPoint!.Port;
        await server.DisposeAsync();
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, port));

        Assert.Equal(CoapError.TimedOut, (await Assert.ThrowsAsync<CoapException>(() => client.PutAsync("/b/x", Body(5000)))).Error);
        var buffer = new byte[2048];
        int bursts = 0;
        for (; silent.Available > 0; bursts++)
        {
            Assert.Equal(CoapType.NonConfirmable, RawPeer.Read(buffer[..silent.Receive(buffer)]).Type);
        }

        Assert.Equal(5, bursts);
        await Assert.ThrowsAsync<CoapException>(() => client.PutAsync("/b/x", Body(5000)));
        Assert.Equal(CoapType.Confirmable, RawPeer.Read(buffer[..silent.Receive(buffer)]).Type);
    }

    /// <summary>[C-153] A body that changes underway is asked for anew; one that changes each time is given up, and never are parts of two put together.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public async Task Body_ThatChangesUnderway_IsAskedForAnew(int changes)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using CoapClient client = await ClientAsync(new Uri($"coap://{server.LocalEndPoint}"));
        Task<CoapResponse> asking = client.GetAsync("/x");
        var buffer = new byte[2048];
        for (byte version = 1; !asking.IsCompleted && version <= 5; version++)
        {
            SocketReceiveFromResult received;
            do
            {
                received = await server.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(Eventually.Limit);
            }
            while (RawPeer.Read(buffer[..received.ReceivedBytes]).Code != CoapCode.Get);

            string token = Convert.ToHexString(RawPeer.Read(buffer[..received.ReceivedBytes]).Token);
            await server.SendToAsync(new byte[] { 0x60, 0, buffer[2], buffer[3] }, received.RemoteEndPoint);
            for (byte number = 0; number < 2; number++)
            {
                byte tag = (byte)(version <= changes ? version + number : version);
                await server.SendToAsync(BlockOf(new CoapBlock(number, number == 0, 6), tag, token, (byte)((2 * version) + number)), received.RemoteEndPoint);
            }

            await Task.WhenAny(asking, Task.Delay(200));
        }

        if (changes == 1)
        {
            byte[] body = (await asking.WaitAsync(Eventually.Limit)).Payload.ToArray();
            Assert.Equal(Enumerable.Repeat((byte)2, 1124), body);
        }
        else
        {
            Assert.Equal(CoapError.TransferFailed, (await Assert.ThrowsAsync<CoapException>(() => asking.WaitAsync(Eventually.Limit))).Error);
        }
    }

    /// <summary>A block of a body of 1124 bytes, all of them its entity-tag.</summary>
    private static byte[] BlockOf(CoapBlock block, byte tag, string token, byte messageId)
    {
        var response = new CoapResponse(CoapCode.Content) { ETag = new CoapETag([tag]), Size2 = 1124, Payload = Enumerable.Repeat(tag, block.More ? 1024 : 100).ToArray() };
        response.Options.Add(CoapOptionNumber.QBlock2, block.Value);
        var datagram = new byte[1200];
        Assert.True(response.TryWriteDatagram(datagram, CoapType.NonConfirmable, CoapCode.Content, Convert.FromHexString(token), out int length));
        datagram[3] = messageId;
        return datagram[..length];
    }

    [Fact]
    public async Task Cancellation_InTheMiddle_LeavesNothingBehind()
    {
        _store["x"] = Body(1_000_000);
        await using CoapServer server = Server();
        using var relay = new LossyRelay(Loopback(server), 0.5, mostInARow: int.MaxValue, 3);
        await using CoapClient client = await ClientAsync(new Uri($"coap://{relay.Address}"));
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetAsync("/b/x", cancellation.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.PutAsync("/b/y", Body(500_000), cancellationToken: cancellation.Token));
    }

    private static byte[] Answer(CoapMessageReader request, List<string> kinds)
    {
        bool isBurst = request.Options.TryFind(CoapOptionNumber.QBlock2, out _) || request.Options.TryFind(CoapOptionNumber.QBlock1, out _);
        bool isBlock = request.Options.TryFind(CoapOptionNumber.Block1, out CoapOption block1);
        kinds.Add($"{request.Code}{(isBurst ? " burst" : "")}{(isBlock ? " block" : "")}");
        CoapCode code = isBurst ? CoapCode.BadOption : isBlock && block1.TryGetUInt32(out uint value) && (value & 8) != 0 ? CoapCode.Continue : CoapCode.Changed;
        return RawPeer.Request(
            code, request.MessageId, Convert.ToHexString(request.Token), "", CoapType.Acknowledgement, isBlock ? [(CoapOptionNumber.Block1, block1.Value.ToArray())] : []);
    }

    private static IPEndPoint Loopback(CoapServer server) => new(IPAddress.Loopback, server.UdpEndPoint!.Port);

    private static byte[] Body(int length, int seed = 1)
    {
        var body = new byte[length];
        new Random(seed).NextBytes(body);
        return body;
    }

    private CoapServer Server(CoapEchoOptions? echo = null, CoapQBlockOptions? qBlock = null)
    {
        CoapRouter router = new CoapRouter()
            .MapGet("/b/{name}", request =>
            {
                Interlocked.Increment(ref _reads);
                return CoapResponse.Content(_store[request.Route("name")]);
            })
            .MapPut("/b/{name}", Store)
            .MapPost("/count/{name}", Store);
        return CoapServer.Start(router.HandleAsync, new CoapServerOptions
        {
            Udp = new IPEndPoint(IPAddress.Loopback, 0),
            UdpOptions = new CoapUdpOptions { QBlock = qBlock ?? Quick, Echo = echo ?? new CoapEchoOptions() },
        });
    }

    private CoapResponse Store(CoapRequest request)
    {
        _seen.Add($"{request.Method.ToString().ToUpperInvariant()}{(request.Options.TryFind(CoapOptionNumber.QBlock1, out _) ? " in bursts" : "")}");
        _store[request.Route("name")] = request.Payload.ToArray();
        return CoapResponse.Changed();
    }

    private static Task<CoapClient> ClientAsync(Uri address, CoapQBlockOptions? qBlock = null, CoapMessageLayerOptions? layer = null) => CoapClient.ConnectAsync(
        address, new() { Udp = new() { QBlock = qBlock ?? Quick, MessageLayer = layer ?? new() } });
}

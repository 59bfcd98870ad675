using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Flint.Coap.Tests.Udp;
using Flint.Testing;

namespace Flint.Coap.Tests.Rfc7959;

/// <summary>[C-134] If-Match and If-None-Match of a body in blocks (RFC 7252 section 5.10.8, docs/decisions/0133): they hold for the body, whichever of its blocks repeat them.</summary>
public sealed class Section2_PreconditionTests : IAsyncLifetime
{
    private readonly Dictionary<string, byte[]> _store = [];
    private CoapServer _server = null!;

    public ValueTask InitializeAsync()
    {
        CoapRouter router = new CoapRouter()
            .MapETag("/s/{name}", Current)
            .MapETag("/up/{name}", Current)
            .MapPut("/s/{name}", request => Store(request.Route("name"), request.Payload.ToArray()))
            .MapPost("/s/{name}", _ => CoapResponse.Content(Body(5000)))
            .MapUpload(CoapCode.Put, "/up/{name}", async (request, body, cancellationToken) =>
            {
                using var all = new MemoryStream();
                await body.CopyToAsync(all, cancellationToken);
                return Store(request.Route("name"), all.ToArray());
            });
        _server = CoapServer.Start(router.HandleAsync, new CoapServerOptions
        {
            Udp = new IPEndPoint(IPAddress.Loopback, 0),
            Tcp = new IPEndPoint(IPAddress.Loopback, 0),
            UdpOptions = new CoapUdpOptions { CriticalOptions = CoapRouter.PreconditionOptions },
            ConnectionOptions = new CoapConnectionOptions { CriticalOptions = CoapRouter.PreconditionOptions },
        });
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>The attack first: what the last block leaves out must not be lost, or the resource is overwritten that was to be left alone.</summary>
    [Theory]
    [InlineData("coap", "s", "first")]
    [InlineData("coap", "s", "each")]
    [InlineData("coap", "up", "first")]
    [InlineData("coap+tcp", "s", "first")]
    [InlineData("coap+tcp", "s", "each")]
    [InlineData("coap+tcp", "up", "first")]
    public async Task Condition_ThatDoesNotHold_LeavesTheResourceAlone(string scheme, string kind, string where)
    {
        _store["x"] = "old"u8.ToArray();
        await using CoapClient client = await ClientAsync(scheme);

        Assert.Equal(CoapCode.PreconditionFailed, await PutInBlocksAsync(client, $"/{kind}/x", where, Create));
        Assert.Equal(CoapCode.PreconditionFailed, await PutInBlocksAsync(client, $"/{kind}/x", where, Replace("ff")));

        Assert.Equal("old"u8.ToArray(), _store["x"]);
        await AssertNothingIsLeftAsync();
    }

    [Theory]
    [InlineData("coap", "s", "first")]
    [InlineData("coap", "s", "each")]
    [InlineData("coap", "up", "first")]
    [InlineData("coap", "up", "each")]
    [InlineData("coap+tcp", "s", "first")]
    [InlineData("coap+tcp", "up", "each")]
    public async Task Condition_ThatHolds_DoesNotFailTheLaterBlocks(string scheme, string kind, string where)
    {
        await using CoapClient client = await ClientAsync(scheme);

        Assert.Equal(CoapCode.Created, await PutInBlocksAsync(client, $"/{kind}/x", where, Create));
        Assert.Equal(Body(3000), _store["x"]);
        Assert.Equal(CoapCode.Changed, await PutInBlocksAsync(client, $"/{kind}/x", where, Replace("01")));
        await AssertNothingIsLeftAsync();
    }

    /// <summary>A block with a condition that the first did not have, or another one, is of another request.</summary>
    [Theory]
    [InlineData("coap", "second")]
    [InlineData("coap", "other")]
    [InlineData("coap+tcp", "second")]
    [InlineData("coap+tcp", "other")]
    public async Task Condition_OfALaterBlockAlone_IsIncomplete(string scheme, string where)
    {
        await using CoapClient client = await ClientAsync(scheme);

        Assert.Equal(CoapCode.RequestEntityIncomplete, await PutInBlocksAsync(client, "/s/x", where, Create));
        Assert.Empty(_store);
        await AssertNothingIsLeftAsync();
    }

    /// <summary>The library's own client, which repeats them with each block.</summary>
    [Theory]
    [InlineData("coap", false)]
    [InlineData("coap", true)]
    [InlineData("coap+tcp", false)]
    public async Task Client_BodyWithAPrecondition_IsPutOnce(string scheme, bool bursts)
    {
        await using CoapClient client = await ClientAsync(scheme, bursts);
        int length = scheme == "coap" ? 5000 : 100_000;

        Assert.Equal(CoapCode.Created, (await client.SendAsync(new CoapRequest(CoapCode.Put, "/s/x") { IfNoneMatch = true, Payload = Body(length) })).Code);
        Assert.Equal(CoapCode.PreconditionFailed, (await client.SendAsync(new CoapRequest(CoapCode.Put, "/s/x") { IfNoneMatch = true, Payload = Body(length + 1) })).Code);
        var replace = new CoapRequest(CoapCode.Put, "/s/x") { Payload = Body(length + 2) };
        replace.AddIfMatch(Tag("01"));
        Assert.Equal(CoapCode.Changed, (await client.SendAsync(replace)).Code);
        Assert.Equal(Body(length + 2), _store["x"]);
    }

    /// <summary>Section 2.4: later blocks of a response have "the same options as the initial request"; the preconditions of a method that acts may be missing, since they were met before it acted.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task LaterBlock_OfWhatAPostAnswered_IsServedWithTheConditionOrWithout(bool repeated)
    {
        await using CoapClient client = await ClientAsync("coap");
        var post = new CoapRequest(CoapCode.Post, "/s/x") { IfNoneMatch = true };
        post.Options.Add(CoapOptionNumber.Block2, new CoapBlock(0, false, 6).Value);
        await client.SendAsync(post);
        var more = new CoapRequest(CoapCode.Post, "/s/x") { IfNoneMatch = repeated };
        more.Options.Add(CoapOptionNumber.Block2, new CoapBlock(1, false, 6).Value);

        CoapResponse second = await client.SendAsync(more);

        Assert.Equal(CoapCode.Content, second.Code);
        Assert.Equal(Body(5000)[1024..2048], second.Payload.ToArray());
    }

    /// <summary>
    /// Section 2.3: a server that acts on each block by itself has made the resource with the first. Repeated, If-None-Match would be answered 4.12 then; a server that collects them gets it with each, since it may look
    /// at those of the last.
    /// </summary>
    [Theory]
    [InlineData(CoapCode.Changed, "0:True 1:False 2:False")]
    [InlineData(CoapCode.Continue, "0:True 1:True 2:True")]
    public async Task Client_RepeatsTheCondition_UntilTheServerHasActed(CoapCode perBlock, string expected)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var seen = new List<string>();
        Task answering = Task.Run(async () =>
        {
            var buffer = new byte[2048];
            for (int i = 0; i < 3; i++)
            {
                SocketReceiveFromResult received = await server.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                await server.SendToAsync(Answer(RawPeer.Read(buffer[..received.ReceivedBytes]), perBlock, seen), received.RemoteEndPoint);
            }
        });
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://{server.LocalEndPoint}"));

        Task<CoapResponse> sending = client.SendAsync(new CoapRequest(CoapCode.Put, "/x") { IfNoneMatch = true, Payload = Body(3000) });
        await answering.WaitAsync(Eventually.Limit);

        Assert.Equal(CoapCode.Changed, (await sending).Code);
        Assert.Equal(expected, string.Join(' ', seen));
    }

    /// <summary>In bursts the blocks come in any order, and any of them may be the one with the condition (RFC 9177 section 4.3).</summary>
    [Theory]
    [InlineData("first", CoapCode.PreconditionFailed)]
    [InlineData("second", CoapCode.PreconditionFailed)]
    [InlineData("last", CoapCode.PreconditionFailed)]
    [InlineData("each", CoapCode.PreconditionFailed)]
    [InlineData("other", CoapCode.BadRequest)]
    public async Task Burst_Condition_HoldsForTheBody(string where, CoapCode code)
    {
        _store["x"] = "old"u8.ToArray();
        using var peer = new RawPeer(_server.UdpEndPoint!.Port);
        byte[] body = Body(3000);
        byte[] answer = [];
        foreach (int number in (int[])[2, 0, 1])
        {
            peer.Send(Burst(body, number, ConditionsOf(where, number, Create)));
            answer = await peer.ReceiveOneAsync();
            if (RawPeer.Read(answer).Code.IsError())
            {
                break;
            }
        }

        Assert.Equal(code, RawPeer.Read(answer).Code);
        Assert.Equal("old"u8.ToArray(), _store["x"]);
    }

    /// <summary>A block that is refused says nothing of the body.</summary>
    [Fact]
    public async Task Burst_ConditionOfABlockThatIsRefused_IsNotTheBodys()
    {
        _store["x"] = "old"u8.ToArray();
        using var peer = new RawPeer(_server.UdpEndPoint!.Port);
        peer.Send(Burst(Body(3000), 0, []));
        await peer.ReceiveOneAsync();
        peer.Send(Burst(Body(2500), 1, Create, messageId: 9));
        Assert.Equal(CoapCode.BadRequest, RawPeer.Read(await peer.ReceiveOneAsync()).Code);
        peer.Send(Burst(Body(3000), 1, []));
        await peer.ReceiveOneAsync();
        peer.Send(Burst(Body(3000), 2, []));

        Assert.Equal(CoapCode.Changed, RawPeer.Read(await peer.ReceiveOneAsync()).Code);
        Assert.Equal(Body(3000), _store["x"]);
    }

    [Fact]
    public async Task Burst_ConditionThatComesWhenTheBodyIsWhole_IsRefused()
    {
        using var peer = new RawPeer(_server.UdpEndPoint!.Port);
        foreach (int number in (int[])[0, 1, 2])
        {
            peer.Send(Burst(Body(3000), number, []));
            await peer.ReceiveOneAsync();
        }

        peer.Send(Burst(Body(3000), 1, Create, messageId: 9));

        Assert.Equal(CoapCode.BadRequest, RawPeer.Read(await peer.ReceiveOneAsync()).Code);
        Assert.Equal(Body(3000), _store["x"]);
    }

    private static readonly (CoapOptionNumber, byte[])[] Create = [(CoapOptionNumber.IfNoneMatch, [])];

    private static (CoapOptionNumber, byte[])[] Replace(string tag) => [(CoapOptionNumber.IfMatch, Convert.FromHexString(tag)), (CoapOptionNumber.IfMatch, [0xee])];

    private static (CoapOptionNumber, byte[])[] ConditionsOf(string where, int number, (CoapOptionNumber, byte[])[] conditions) => (where, number) switch
    {
        ("each", _) or ("first", 0) or ("second", 1) or ("last", 2) or ("other", 0) => conditions,
        ("other", 1) => [(CoapOptionNumber.IfMatch, [0x77])],
        _ => [],
    };

    private static async Task<CoapCode> PutInBlocksAsync(CoapClient client, string path, string where, (CoapOptionNumber, byte[])[] conditions)
    {
        byte[] body = Body(3000);
        for (int number = 0; ; number++)
        {
            bool more = number < 2;
            var request = new CoapRequest(CoapCode.Put, path) { Payload = body.AsMemory(1024 * number, Math.Min(1024, 3000 - (1024 * number))) };
            request.Options.Add(CoapOptionNumber.Block1, new CoapBlock(number, more, 6).Value);
            foreach ((CoapOptionNumber option, byte[] value) in ConditionsOf(where, number, conditions))
            {
                request.Options.Add(option, value);
            }

            CoapResponse response = await client.SendAsync(request);
            if (!more || response.Code != CoapCode.Continue)
            {
                return response.Code;
            }
        }
    }

    private static byte[] Burst(byte[] body, int number, (CoapOptionNumber, byte[])[] conditions, ushort? messageId = null)
    {
        var request = new CoapRequest(CoapCode.Put, "/s/x") { Payload = body.AsMemory(1024 * number, Math.Min(1024, body.Length - (1024 * number))) };
        request.Options.Add(CoapOptionNumber.QBlock1, new CoapBlock(number, number < 2, 6).Value);
        request.Options.Add(CoapOptionNumber.Size1, (uint)body.Length);
        request.Options.Add(CoapOptionNumber.RequestTag, [1]);
        foreach ((CoapOptionNumber option, byte[] value) in conditions)
        {
            request.Options.Add(option, value);
        }

        var buffer = new byte[2048];
        Assert.True(request.TryWriteDatagram(buffer, CoapType.Confirmable, CoapCode.Put, [(byte)number], out int length));
        buffer[3] = (byte)(messageId ?? number + 1);
        return buffer[..length];
    }

    private static byte[] Answer(CoapMessageReader request, CoapCode perBlock, List<string> seen)
    {
        Assert.Equal(CoapBlockStatus.Present, CoapBlock.TryFind(request.Options, CoapOptionNumber.Block1, false, out CoapBlock block));
        seen.Add($"{block.Number}:{request.Options.TryFind(CoapOptionNumber.IfNoneMatch, out _)}");
        var response = new CoapResponse(block.More ? perBlock : CoapCode.Changed);
        response.Options.Add(CoapOptionNumber.Block1, (block with { More = block.More && perBlock == CoapCode.Continue }).Value);
        var buffer = new byte[64];
        Assert.True(response.TryWriteDatagram(buffer, CoapType.Acknowledgement, response.Code, request.Token, out int length));
        BinaryPrimitives.WriteUInt16BigEndian(buffer.AsSpan(2), request.MessageId);
        return buffer[..length];
    }

    private async Task AssertNothingIsLeftAsync()
    {
        await Eventually.HoldsAsync(() => _server.BodyCount == 0);

        Assert.Equal(0, _server.BodyCount);
    }

    private CoapETag? Current(CoapRequest request) => _store.ContainsKey(request.Route("name")) ? Tag("01") : null;

    private CoapResponse Store(string name, byte[] body)
    {
        var response = new CoapResponse(_store.ContainsKey(name) ? CoapCode.Changed : CoapCode.Created);
        _store[name] = body;
        return response;
    }

    private static CoapETag Tag(string hex) => new(Convert.FromHexString(hex));

    private static byte[] Body(int length)
    {
        var body = new byte[length];
        new Random(1).NextBytes(body);
        return body;
    }

    private Task<CoapClient> ClientAsync(string scheme, bool bursts = false) => CoapClient.ConnectAsync(
        new Uri($"{scheme}://127.0.0.1:{(scheme == "coap" ? _server.UdpEndPoint : _server.TcpEndPoint)!.Port}"), new() { Udp = new() { QBlock = new() { Use = bursts } } });
}

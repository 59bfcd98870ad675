using System.Net;

namespace Flint.Coap.Tests.Server;

/// <summary>Bodies larger than a datagram, over UDP on loopback (RFC 7959).</summary>
public sealed class BodyTests : IAsyncLifetime
{
    private readonly Dictionary<string, byte[]> _store = [];
    private CoapServer _server = null!;
    private int _reads;
    private int _posts;

    public ValueTask InitializeAsync()
    {
        CoapRouter router = new CoapRouter()
            .MapGet("/b/{name}", request =>
            {
                Interlocked.Increment(ref _reads);
                return CoapResponse.Content(_store[request.Route("name")]);
            })
            .MapPut("/b/{name}", request =>
            {
                _store[request.Route("name")] = request.Payload.ToArray();
                return CoapResponse.Changed();
            })
            .MapPost("/echo", request =>
            {
                Interlocked.Increment(ref _posts);
                return CoapResponse.Content(Body(int.Parse(request.Options.TryFind(CoapOptionNumber.UriQuery, out CoapOption q) ? q.GetString() : "0")));
            });
        _server = CoapServer.Start(router.HandleAsync, new CoapServerOptions
        {
            Udp = new IPEndPoint(IPAddress.Loopback, 0),
            UdpOptions = new CoapUdpOptions { BlockSizes = new CoapBlockSizes { MaxBody = 300_000 } },
        });
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(1023)]
    [InlineData(1024)]
    [InlineData(1025)]
    [InlineData(5000)]
    [InlineData(200_000)]
    public async Task Body_PutAndFetched_IsTheSame(int length)
    {
        byte[] body = Body(length);
        await using CoapClient client = await ClientAsync();

        Assert.Equal(CoapCode.Changed, (await client.PutAsync("/b/x", body, CoapContentFormat.OctetStream)).Code);
        CoapResponse response = await client.GetAsync("/b/x");

        Assert.Equal(body, response.Payload.ToArray());
        Assert.Equal(CoapContentFormat.OctetStream, response.ContentFormat);
        Assert.False(response.Options.TryFind(CoapOptionNumber.Block2, out _));
    }

    [Fact]
    public async Task SmallBlocks_OfTheClient_AreAskedForFromTheFirst()
    {
        _store["x"] = Body(5000);
        await using CoapClient client = await ClientAsync(new() { SizeExponent = 2, MaxPayload = 64 });

        Assert.Equal(Body(5000), (await client.GetAsync("/b/x")).Payload.ToArray());
        Assert.Equal(CoapCode.Changed, (await client.PutAsync("/b/y", Body(2000))).Code);
        Assert.Equal(Body(2000), _store["y"]);
    }

    [Fact]
    public async Task Handler_RunsOnceForABody_HoweverManyBlocks()
    {
        _store["x"] = Body(20_000);
        await using CoapClient client = await ClientAsync();

        Assert.Equal(Body(20_000), (await client.GetAsync("/b/x")).Payload.ToArray());

        Assert.Equal(1, _reads);
    }

    [Fact]
    public async Task Body_ThatChangesUnderway_IsFetchedAsItWas()
    {
        _store["x"] = Body(5000);
        await using CoapClient client = await ClientAsync();
        var first = new CoapRequest(CoapCode.Get, "/b/x");
        first.Options.Add(CoapOptionNumber.Block2, new CoapBlock(0, false, 6).Value);
        CoapResponse before = await client.SendAsync(first);

        _store["x"] = Body(6000, seed: 2);
        var second = new CoapRequest(CoapCode.Get, "/b/x");
        second.Options.Add(CoapOptionNumber.Block2, new CoapBlock(1, false, 6).Value);
        CoapResponse after = await client.SendAsync(second);

        Assert.Equal(Body(5000)[1024..2048], after.Payload.ToArray());
        Assert.Equal(ETag(before), ETag(after));
    }

    [Fact]
    public async Task Body_ThatIsNotKept_IsFetchedAnewWhereItChanges()
    {
        byte[] changed = Body(6000, seed: 2);
        int reads = 0;
        CoapRouter router = new CoapRouter().MapGet("/x", _ => CoapResponse.Content(Interlocked.Increment(ref reads) < 3 ? Body(5000) : changed));
        await using CoapServer server = CoapServer.Start(router.HandleAsync, new() { Udp = new IPEndPoint(IPAddress.Loopback, 0), UdpOptions = new() { MaxServedBytes = 0 } });
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://{server.UdpEndPoint}"));

        Assert.Equal(changed, (await client.GetAsync("/x")).Payload.ToArray());
        Assert.Equal(3 + 6, reads);
    }

    [Fact]
    public async Task Body_AboveTheServersLimit_IsRefused()
    {
        await using CoapClient client = await ClientAsync();

        Assert.Equal(CoapCode.RequestEntityTooLarge, (await client.PutAsync("/b/x", Body(300_001))).Code);
        Assert.Empty(_store);
    }

    [Fact]
    public async Task Body_AboveTheClientsLimit_IsATypedError()
    {
        _store["x"] = Body(50_000);
        await using CoapClient client = await ClientAsync(new() { MaxBody = 40_000 });

        Assert.Equal(CoapError.TransferFailed, (await Assert.ThrowsAsync<CoapException>(() => client.GetAsync("/b/x"))).Error);
    }

    [Fact]
    public async Task SmallBlocks_AskedForByTheClient_AreKeptTo()
    {
        _store["x"] = Body(1000);
        await using CoapClient client = await ClientAsync();
        var request = new CoapRequest(CoapCode.Get, "/b/x");
        request.Options.Add(CoapOptionNumber.Block2, new CoapBlock(3, false, 2).Value);

        CoapResponse response = await client.SendAsync(request);

        Assert.Equal(Body(1000)[192..256], response.Payload.ToArray());
        Assert.Equal(CoapBlockStatus.Present, CoapBlock.TryFind(response.Options.View, CoapOptionNumber.Block2, false, out CoapBlock block));
        Assert.Equal(new CoapBlock(3, true, 2), block);
        Assert.True(response.Options.TryFind(CoapOptionNumber.ETag, out _));
    }

    [Theory]
    [InlineData(9, 6)]     // beyond the end
    [InlineData(0, 7)]     // a reserved size
    public async Task Block_ThatIsNotThere_IsABadRequest(int number, int exponent)
    {
        _store["x"] = Body(5000);
        await using CoapClient client = await ClientAsync();
        var request = new CoapRequest(CoapCode.Get, "/b/x");
        request.Options.Add(CoapOptionNumber.Block2, (uint)(number << 4 | exponent));

        Assert.Equal(CoapCode.BadRequest, (await client.SendAsync(request)).Code);
    }

    [Fact]
    public async Task Block_InTheMiddleOfNothing_IsIncomplete()
    {
        await using CoapClient client = await ClientAsync();
        var request = new CoapRequest(CoapCode.Put, "/b/x") { Payload = new byte[1024] };
        request.Options.Add(CoapOptionNumber.Block1, new CoapBlock(2, true, 6).Value);

        Assert.Equal(CoapCode.RequestEntityIncomplete, (await client.SendAsync(request)).Code);
    }

    [Theory]
    [InlineData(1024, 1024)]
    [InlineData(1024, 2000)]
    [InlineData(5000, 5000)]
    public async Task LargeResponse_ToAPost_ComesInBlocksAndIsHandledOnce(int sent, int answered)
    {
        await using CoapClient client = await ClientAsync();

        CoapResponse response = await client.PostAsync($"/echo?{answered}", Body(sent));

        Assert.Equal(Body(answered), response.Payload.ToArray());
        Assert.Equal(1, _posts);
    }

    [Fact]
    public async Task LaterBlockOfAPost_ThatNobodyKeeps_IsIncompleteAndNotHandled()
    {
        await using CoapClient client = await ClientAsync();
        var request = new CoapRequest(CoapCode.Post, "/echo?5000");
        request.Options.Add(CoapOptionNumber.Block2, new CoapBlock(1, false, 6).Value);

        Assert.Equal(CoapCode.RequestEntityIncomplete, (await client.SendAsync(request)).Code);
        Assert.Equal(0, _posts);
    }

    [Fact]
    public async Task LargeResponseToAPost_ThatCannotBeKept_IsAnError()
    {
        CoapRouter router = new CoapRouter().MapPost("/x", _ => CoapResponse.Content(Body(5000)));
        await using CoapServer server = CoapServer.Start(router.HandleAsync, new() { Udp = new IPEndPoint(IPAddress.Loopback, 0), UdpOptions = new() { MaxServedBytes = 4999 } });
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://{server.UdpEndPoint}"));

        Assert.Equal(CoapCode.InternalServerError, (await client.PostAsync("/x", default)).Code);
    }

    private static string ETag(CoapResponse response) =>
        response.Options.TryFind(CoapOptionNumber.ETag, out CoapOption option) ? Convert.ToHexString(option.Value) : "none";

    private static byte[] Body(int length, int seed = 1)
    {
        var body = new byte[length];
        new Random(seed).NextBytes(body);
        return body;
    }

    private Task<CoapClient> ClientAsync(CoapBlockSizes? sizes = null) => CoapClient.ConnectAsync(
        new Uri($"coap://{_server.UdpEndPoint}"), new() { Udp = new() { BlockSizes = sizes ?? CoapBlockSizes.Datagram } });
}

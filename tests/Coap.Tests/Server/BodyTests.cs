using System.Net;

namespace Flint.Coap.Tests.Server;

/// <summary>Bodies larger than a datagram, over UDP on loopback (RFC 7959).</summary>
public sealed class BodyTests : IAsyncLifetime
{
    private readonly Dictionary<string, byte[]> _store = [];
    private CoapServer _server = null!;
    private int _reads;

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
            .MapPost("/echo", request => CoapResponse.Content(request.Payload.ToArray()));
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
    public async Task Body_ThatChangesUnderway_IsFetchedAnew()
    {
        _store["x"] = Body(5000);
        byte[] changed = Body(6000, seed: 2);
        await using CoapClient client = await ClientAsync();

        Task<CoapResponse> fetching = client.GetAsync("/b/x");
        while (Volatile.Read(ref _reads) < 2)
        {
            await Task.Yield();
        }

        _store["x"] = changed;
        byte[] fetched = (await fetching).Payload.ToArray();

        Assert.True(fetched.AsSpan().SequenceEqual(Body(5000)) || fetched.AsSpan().SequenceEqual(changed));
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

    [Fact]
    public async Task LargeResponse_ToAPost_IsRefusedRatherThanHandledTwice()
    {
        await using CoapClient client = await ClientAsync();

        Assert.Equal(1024, (await client.PostAsync("/echo", Body(1024))).Payload.Length);
        Assert.Equal(CoapCode.InternalServerError, (await client.PostAsync("/echo", Body(2000))).Code);
    }

    private static byte[] Body(int length, int seed = 1)
    {
        var body = new byte[length];
        new Random(seed).NextBytes(body);
        return body;
    }

    private Task<CoapClient> ClientAsync(CoapBlockSizes? sizes = null) => CoapClient.ConnectAsync(
        new Uri($"coap://{_server.UdpEndPoint}"), new() { Udp = new() { BlockSizes = sizes ?? CoapBlockSizes.Datagram } });
}

using System.Net;
using Flint.Testing;

namespace Flint.Coap.Tests.Rfc8132;

/// <summary>RFC 8132 section 2: a FETCH asks with its payload. Large responses, and observation (section 2.4), over both transports.</summary>
public sealed class FetchBodyTests : IAsyncLifetime
{
    private readonly CoapRouter _router = new();
    private CoapServer _server = null!;
    private int _handled;
    private int _state;

    public ValueTask InitializeAsync()
    {
        _router
            .MapFetch("/r", request =>
            {
                Interlocked.Increment(ref _handled);
                return CoapResponse.Content(Body(request.GetText()));
            })
            .MapObservable(CoapCode.Fetch, "/o", request => CoapResponse.Content($"{request.GetText()} is {_state}"))
            .MapObservable(CoapCode.Fetch, "/large", request => CoapResponse.Content(Body($"{request.GetText()} {_state}")))
            .MapWellKnownCore();
        _server = CoapServer.Start(_router.HandleAsync, new()
        {
            Udp = new IPEndPoint(IPAddress.Loopback, 0),
            Tcp = new IPEndPoint(IPAddress.Loopback, 0),
            UdpOptions = new() { Observers = new() { NonConfirmableInterval = TimeSpan.FromMilliseconds(50) } },
            ConnectionOptions = new() { MaxMessageSize = 2048 },
        });
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    /// <summary>Two of one peer that differ in nothing but their payload, block by block in turn: each goes on with its own, and its handler runs once.</summary>
    [Theory]
    [InlineData("coap")]
    [InlineData("coap+tcp")]
    public async Task LargeResponses_ToTwoPayloads_AreKeptApart(string scheme)
    {
        await using CoapClient client = await ClientAsync(scheme);
        var first = new MemoryStream();
        var second = new MemoryStream();
        for (int number = 0; number < 5; number++)
        {
            first.Write((await BlockAsync(client, "first", number)).Span);
            second.Write((await BlockAsync(client, "second", number)).Span);
        }

        Assert.Equal(Body("first"), first.ToArray());
        Assert.Equal(Body("second"), second.ToArray());
        Assert.Equal(2, _handled);
        Assert.Equal(0, _server.BodyCount);
    }

    [Theory]
    [InlineData("coap")]
    [InlineData("coap+tcp")]
    public async Task LargeResponses_AskedForAtOnce_ArriveAndAreHandledOnceEach(string scheme)
    {
        await using CoapClient client = await ClientAsync(scheme);
        string[] asked = [.. Enumerable.Range(0, 6).Select(i => $"number {i}")];

        CoapResponse[] responses = await Task.WhenAll(asked.Select(text => client.FetchAsync("/r", System.Text.Encoding.UTF8.GetBytes(text), CoapContentFormat.TextPlain)));

        Assert.Equal(asked.Select(Body), responses.Select(response => response.Payload.ToArray()));
        Assert.Equal(asked.Length, _handled);
    }

    /// <summary>Payloads that go in blocks themselves are told apart by their Request-Tag, and need not be repeated for the later blocks of the response.</summary>
    [Theory]
    [InlineData("coap")]
    [InlineData("coap+tcp")]
    public async Task LargeResponses_ToTwoLargePayloads_AreKeptApart(string scheme)
    {
        await using CoapClient client = await ClientAsync(scheme);
        string[] asked = [.. "ab".Select(c => new string(c, 5000))];

        CoapResponse[] responses = await Task.WhenAll(asked.Select(text => client.FetchAsync("/r", System.Text.Encoding.UTF8.GetBytes(text), CoapContentFormat.TextPlain)));

        Assert.Equal(asked.Select(Body), responses.Select(response => response.Payload.ToArray()));
        Assert.Equal(2, _handled);
    }

    /// <summary>A client that leaves the payload out, as RFC 7959 section 2.7 lets it, means what it has asked for last.</summary>
    [Theory]
    [InlineData("coap")]
    [InlineData("coap+tcp")]
    public async Task LaterBlock_WithoutThePayload_IsOfTheLastAsked(string scheme)
    {
        await using CoapClient client = await ClientAsync(scheme);
        await BlockAsync(client, "first", 0);
        await BlockAsync(client, "second", 0);

        Assert.Equal(Body("second")[1024..2048], (await BlockAsync(client, "", 1)).ToArray());
        Assert.Equal(Body("first")[1024..2048], (await BlockAsync(client, "first", 1)).ToArray());
        Assert.Equal(Body("first")[2048..3072], (await BlockAsync(client, "", 2)).ToArray());
        Assert.Equal(2, _handled);
    }

    /// <summary>Section 2.4: each payload is a resource of its own to those who observe it.</summary>
    [Theory]
    [InlineData("coap")]
    [InlineData("coap+tcp")]
    public async Task Observation_OfAFetch_IsOfItsPayload(string scheme)
    {
        await using CoapClient client = await ClientAsync(scheme);
        await using IAsyncEnumerator<CoapResponse> light = Observe(client, "/o", "light");
        await using IAsyncEnumerator<CoapResponse> heat = Observe(client, "/o", "heat");
        Assert.Equal("light is 0", (await NextAsync(light)).GetText());
        Assert.Equal("heat is 0", (await NextAsync(heat)).GetText());
        Assert.Equal(2, _server.ObservedResourceCount);

        _state = 1;
        await _server.NotifyAsync("/o");

        Assert.Equal("light is 1", (await NextAsync(light)).GetText());
        Assert.Equal("heat is 1", (await NextAsync(heat)).GetText());
        await light.DisposeAsync();
        await heat.DisposeAsync();
        await Eventually.HoldsAsync(() => _server.ObservedResourceCount == 0);

        Assert.Equal(0, _server.ObservedResourceCount);
    }

    [Theory]
    [InlineData("coap")]
    [InlineData("coap+tcp")]
    public async Task Observation_OfALargeFetch_IsCompletedInBlocks(string scheme)
    {
        await using CoapClient client = await ClientAsync(scheme);
        await using IAsyncEnumerator<CoapResponse> observation = Observe(client, "/large", "x");
        Assert.Equal(Body("x 0"), (await NextAsync(observation)).Payload.ToArray());

        _state = 1;
        await _server.NotifyAsync("/large");

        Assert.Equal(Body("x 1"), (await NextAsync(observation)).Payload.ToArray());
    }

    [Fact]
    public async Task Discovery_SaysThatItMayBeObserved()
    {
        await using CoapClient client = await ClientAsync("coap");

        Assert.Contains("</o>;obs", (await client.GetAsync("/.well-known/core")).GetText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(CoapCode.Post)]
    [InlineData(CoapCode.Put)]
    [InlineData(CoapCode.Content)]
    public void MethodThatActs_CannotBeObserved(CoapCode method) =>
        Assert.Throws<ArgumentException>(() => _router.MapObservable(method, "/post", _ => CoapResponse.Changed()));

    /// <summary>[C-145] An observer's request is held as long as it observes: one with a payload that came in blocks, up to the limit of bodies, is answered and not held.</summary>
    [Theory]
    [InlineData("coap")]
    [InlineData("coap+tcp")]
    public async Task Observation_WithALargePayload_IsAnsweredOnce(string scheme)
    {
        await using CoapClient client = await ClientAsync(scheme);
        byte[] payload = Body("x");
        CoapResponse? response = null;
        for (int number = 0; 1024 * number < payload.Length; number++)
        {
            bool more = 1024 * (number + 1) < payload.Length;
            var request = new CoapRequest(CoapCode.Fetch, "/o") { Payload = payload.AsMemory(1024 * number, Math.Min(1024, payload.Length - (1024 * number))) };
            request.Options.Add(CoapOptionNumber.Block1, new CoapBlock(number, more, 6).Value);
            request.Options.Add(CoapOptionNumber.Observe, 0u);
            response = await client.SendAsync(request);
            Assert.Equal(more ? CoapCode.Continue : CoapCode.Content, response.Code);
        }

        Assert.False(response!.Options.TryFind(CoapOptionNumber.Observe, out _));
        Assert.Equal(0, _server.ObservedResourceCount);
    }

    private static IAsyncEnumerator<CoapResponse> Observe(CoapClient client, string path, string payload) =>
        client.ObserveAsync(new CoapRequest(CoapCode.Fetch, path) { Payload = System.Text.Encoding.UTF8.GetBytes(payload) }).GetAsyncEnumerator();

    private static async Task<CoapResponse> NextAsync(IAsyncEnumerator<CoapResponse> observation)
    {
        Assert.True(await observation.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit));
        return observation.Current;
    }

    private static async Task<ReadOnlyMemory<byte>> BlockAsync(CoapClient client, string payload, int number)
    {
        var request = new CoapRequest(CoapCode.Fetch, "/r") { Payload = System.Text.Encoding.UTF8.GetBytes(payload) };
        request.Options.Add(CoapOptionNumber.Block2, new CoapBlock(number, false, 6).Value);
        CoapResponse response = await client.SendAsync(request);
        Assert.Equal(CoapCode.Content, response.Code);
        return response.Payload;
    }

    private static byte[] Body(string asked)
    {
        var body = new byte[5000];
        new Random(string.GetHashCode(asked, StringComparison.Ordinal)).NextBytes(body);
        return body;
    }

    private Task<CoapClient> ClientAsync(string scheme) =>
        CoapClient.ConnectAsync(new Uri($"{scheme}://127.0.0.1:{(scheme == "coap" ? _server.UdpEndPoint : _server.TcpEndPoint)!.Port}"));
}

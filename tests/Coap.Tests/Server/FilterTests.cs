using System.Net;
using Flint.Coap.Tests.Rfc8323;

namespace Flint.Coap.Tests.Server;

public sealed class FilterTests
{
    private readonly List<string> _seen = [];

    [Fact]
    public async Task Filters_OfARouter_SeeTheRequestInOrderAndTheResponseInReverse()
    {
        CoapRouter router = new CoapRouter().Use(Named("a")).MapGet("/x", _ => Answer("handler")).Use(Named("b"));

        CoapResponse response = await router.HandleAsync(new CoapRequest(CoapCode.Get, "/x"), default);

        Assert.Equal("handler", response.GetText());
        Assert.Equal(["a in", "b in", "handler", "b out", "a out"], _seen);
    }

    [Fact]
    public async Task Filter_OfARouter_SeesWhatNoRouteAnswers()
    {
        CoapRouter router = new CoapRouter().Use(Named("a"));

        Assert.Equal(CoapCode.NotFound, (await router.HandleAsync(new CoapRequest(CoapCode.Get, "/none"), default)).Code);
        Assert.Equal(["a in", "a out"], _seen);
    }

    [Fact]
    public async Task Filter_ThatAnswersItself_KeepsTheRequestFromTheHandler()
    {
        CoapRouter router = new CoapRouter()
            .Use((_, _, _) => new(CoapResponse.Error(CoapCode.Unauthorized)))
            .MapGet("/x", _ => Answer("handler"));

        Assert.Equal(CoapCode.Unauthorized, (await router.HandleAsync(new CoapRequest(CoapCode.Get, "/x"), default)).Code);
        Assert.Empty(_seen);
    }

    [Fact]
    public async Task Group_PutsItsPrefixAndFiltersBeforeItsRoutesOnly()
    {
        var router = new CoapRouter();
        router.Use(Named("all"));
        CoapRouter group = router.MapGroup("/a/{tenant}").Use(Named("group"));
        group.MapGet("/v/{name}", request => Answer(request.Route("tenant") + " " + request.Route("name")));
        group.MapGroup("/deep").Use(Named("deep")).MapGet("/", _ => Answer("deep"));
        router.MapGet("/other", _ => Answer("other"));

        Assert.Equal("t n", (await router.HandleAsync(new CoapRequest(CoapCode.Get, "/a/t/v/n"), default)).GetText());
        await router.HandleAsync(new CoapRequest(CoapCode.Get, "/other"), default);
        Assert.Equal("deep", (await group.HandleAsync(new CoapRequest(CoapCode.Get, "/a/t/deep"), default)).GetText());

        Assert.Equal(
            ["all in", "group in", "t n", "group out", "all out", "all in", "other", "all out", "all in", "group in", "deep in", "deep", "deep out", "group out", "all out"], _seen);
    }

    [Fact]
    public void Group_WithAFilterAfterARoute_IsRefused()
    {
        CoapRouter group = new CoapRouter().MapGroup("/a");
        group.MapGroup("/b").MapGet("/c", _ => Answer(""));

        Assert.Throws<InvalidOperationException>(() => group.Use(Named("late")));
    }

    [Theory]
    [InlineData("/a/{*rest}")]
    [InlineData("a")]
    [InlineData("/a{b")]
    public void Group_UnderWhichNothingCanStand_IsRefused(string prefix) => Assert.Throws<ArgumentException>(() => new CoapRouter().MapGroup(prefix));

    [Fact]
    public void Group_MappingWhatIsMapped_IsRefused()
    {
        CoapRouter router = new CoapRouter().MapGet("/a/b", _ => Answer(""));

        Assert.Throws<ArgumentException>(() => router.MapGroup("/a").MapGet("/b", _ => Answer("")));
    }

    [Fact]
    public async Task Request_ThroughARouterWithOrWithoutFilters_AllocatesNothing()
    {
        CoapResponse cached = CoapResponse.Content("22.3");
        CoapRouter plain = new CoapRouter().MapGet("/v/{name}", _ => cached);
        CoapRouter filtered = new CoapRouter().Use((request, next, token) => next(request, token)).Use((request, next, token) => next(request, token));
        filtered.MapGroup("/v").Use((request, next, token) => next(request, token)).MapGet("/{name}", _ => cached);
        var get = new CoapRequest(CoapCode.Get, "/v/temperature");

        Assert.Equal(0, await AllocatedByAsync(plain, get));
        Assert.Equal(0, await AllocatedByAsync(filtered, get));
    }

    [Theory]
    [InlineData("coap")]
    [InlineData("coap+tcp")]
    public async Task Filters_OfAClient_StandBeforeTheTransport(string scheme)
    {
        await using CoapServer server = CoapServer.Start(
            (request, _) => new(CoapResponse.Content(request.Query("token") ?? "none")),
            new CoapServerOptions { Udp = new IPEndPoint(IPAddress.Loopback, 0), Tcp = new IPEndPoint(IPAddress.Loopback, 0) });
        int port = (scheme == "coap" ? server.UdpEndPoint : server.TcpEndPoint)!.Port;
        var options = new CoapClientOptions();
        options.Filters.Add(Named("a"));
        options.Filters.Add((request, next, token) =>
        {
            request.Options.Add(CoapOptionNumber.UriQuery, "token=7");
            return next(request, token);
        });
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"{scheme}://127.0.0.1:{port}"), options);

        Assert.Equal("7", (await client.GetAsync("/")).GetText());
        Assert.Equal(["a in", "a out"], _seen);
    }

    [Fact]
    public async Task Filter_OfAClientThatRepeats_GetsASecondResponse()
    {
        int calls = 0;
        await using CoapServer server = CoapServer.Start(
            (_, _) => new(++calls == 1 ? CoapResponse.Error(CoapCode.ServiceUnavailable) : CoapResponse.Content("now")), new CoapServerOptions { Udp = new IPEndPoint(IPAddress.Loopback, 0) });
        var options = new CoapClientOptions();
        options.Filters.Add(async (request, next, token) =>
        {
            CoapResponse response = await next(request, token);
            return response.Code == CoapCode.ServiceUnavailable ? await next(request, token) : response;
        });
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://127.0.0.1:{server.UdpEndPoint!.Port}"), options);

        Assert.Equal("now", (await client.GetAsync("/")).GetText());
    }

    [Fact]
    public async Task Filter_ThatThrows_IsFiveHundredWithoutDetails()
    {
        CoapRouter router = new CoapRouter().Use((_, _, _) => throw new InvalidDataException("secret")).MapGet("/x", _ => Answer("handler"));
        var pair = new PipePair();
        CoapConnection server = CoapConnection.Start(pair.Far, new CoapConnectionOptions { Handler = router.HandleAsync });
        CoapConnection client = CoapConnection.Start(pair.Near);

        CoapResponse response = await client.GetAsync("/x");

        Assert.Equal((CoapCode.InternalServerError, ""), (response.Code, response.GetText()));
        await client.CloseAsync();
        await server.CloseAsync();
    }

    private static async Task<long> AllocatedByAsync(CoapRouter router, CoapRequest request)
    {
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 100; i++)
            {
                await router.HandleAsync(request, default);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private CoapFilter Named(string name) => async (request, next, token) =>
    {
        _seen.Add(name + " in");
        CoapResponse response = await next(request, token);
        _seen.Add(name + " out");
        return response;
    };

    private CoapResponse Answer(string text)
    {
        _seen.Add(text);
        return CoapResponse.Content(text);
    }
}

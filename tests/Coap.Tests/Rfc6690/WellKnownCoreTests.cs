using System.Globalization;
using System.Net;

namespace Flint.Coap.Tests.Rfc6690;

/// <summary>Section 4: /.well-known/core from a router's routes, filtered, and over the wire.</summary>
public sealed class WellKnownCoreTests
{
    [Theory]
    [InlineData("", "</a>;obs,</b/c>,</group/x>,</v/1>;rt=\"temperature\";ct=0,</v/2>;rt=\"humidity\",</dynamic>")]
    [InlineData("?rt=temperature", "</v/1>;rt=\"temperature\";ct=0")]
    [InlineData("?rt=*", "</v/1>;rt=\"temperature\";ct=0,</v/2>;rt=\"humidity\"")]
    [InlineData("?href=/v/*", "</v/1>;rt=\"temperature\";ct=0,</v/2>;rt=\"humidity\"")]
    [InlineData("?href=/v/*&rt=hum*", "</v/2>;rt=\"humidity\"")]
    [InlineData("?obs", "</a>;obs")]
    [InlineData("?rt=nothing", "")]
    public async Task Query_Filters(string query, string expected)
    {
        CoapResponse response = await Router().HandleAsync(new CoapRequest(CoapCode.Get, "/.well-known/core" + query), default);

        Assert.Equal(CoapCode.Content, response.Code);
        Assert.Equal(CoapContentFormat.LinkFormat, response.ContentFormat);
        Assert.Equal(expected, response.GetText());
    }

    [Fact]
    public async Task Accept_OfAnotherFormat_IsNotAcceptable() => Assert.Equal(
        CoapCode.NotAcceptable, (await Router().HandleAsync(new CoapRequest(CoapCode.Get, "/.well-known/core") { Accept = CoapContentFormat.Cbor }, default)).Code);

    [Fact]
    public async Task Description_GivenAgain_TakesThePlace()
    {
        CoapRouter router = new CoapRouter().MapObservable("/a", _ => CoapResponse.Content("a")).MapWellKnownCore()
            .Describe(new CoapLink("/a") { Title = "old" }).Describe(new CoapLink("/a") { Title = "new" });

        Assert.Equal("</a>;title=\"new\";obs", (await router.HandleAsync(new CoapRequest(CoapCode.Get, "/.well-known/core"), default)).GetText());
    }

    [Theory]
    [InlineData("coap")]
    [InlineData("coap+tcp")]
    public async Task Client_GetsTheLinks(string scheme)
    {
        await using CoapServer server = Start(Router());
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"{scheme}://127.0.0.1:{(scheme == "coap" ? server.UdpEndPoint : server.TcpEndPoint)!.Port}"));

        Assert.Equal(["/a", "/b/c", "/group/x", "/v/1", "/v/2", "/dynamic"], (await client.GetLinksAsync()).Select(link => link.Target));
        CoapLink one = Assert.Single(await client.GetLinksAsync("rt=temperature"));
        Assert.Equal([CoapContentFormat.TextPlain], one.ContentFormats);
        Assert.Empty(await client.GetLinksAsync("rt=nothing"));
    }

    [Fact]
    public async Task ManyLinks_GoInBlocks()
    {
        CoapRouter router = new CoapRouter().MapWellKnownCore(
            () => Enumerable.Range(0, 500).Select(i => new CoapLink("/v/" + i.ToString(CultureInfo.InvariantCulture)) { ResourceTypes = ["variable"] }));
        await using CoapServer server = Start(router);
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://{server.UdpEndPoint}"));

        Assert.Equal(500, (await client.GetLinksAsync()).Count);
    }

    [Theory]
    [InlineData("<a", "ProtocolViolation")]
    [InlineData(null, "ErrorResponse")]
    public async Task Client_GivenNoLinks_SaysWhy(string? payload, string error)
    {
        CoapRouter router = new CoapRouter();
        if (payload is not null)
        {
            router.MapGet("/.well-known/core", _ => CoapResponse.Content(System.Text.Encoding.UTF8.GetBytes(payload), CoapContentFormat.LinkFormat));
        }

        await using CoapServer server = Start(router);
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://{server.UdpEndPoint}"));

        Assert.Equal(error, (await Assert.ThrowsAsync<CoapException>(() => client.GetLinksAsync())).Error.ToString());
    }

    private static CoapServer Start(CoapRouter router) =>
        CoapServer.Start(router.HandleAsync, new() { Udp = new IPEndPoint(IPAddress.Loopback, 0), Tcp = new IPEndPoint(IPAddress.Loopback, 0) });

    private static CoapRouter Router()
    {
        CoapRouter router = new CoapRouter()
            .MapObservable("/a", _ => CoapResponse.Content("a"))
            .MapPut("/a", _ => CoapResponse.Changed())
            .MapGet("/b/c", _ => CoapResponse.Content("not listed twice"))
            .MapGet("/v/{name}", request => CoapResponse.Content(request.Route("name")))
            .Describe(new CoapLink("/v/1") { ResourceTypes = ["temperature"], ContentFormats = [CoapContentFormat.TextPlain] })
            .Describe(new CoapLink("/v/2") { ResourceTypes = ["humidity"] })
            .MapWellKnownCore(() => [new CoapLink("/dynamic")]);
        router.MapGroup("/group").MapGet("/x", _ => CoapResponse.Content("x"));
        return router;
    }
}

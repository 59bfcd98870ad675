namespace Flint.Coap.Tests;

public sealed class RouterTests
{
    [Theory]
    [InlineData(CoapCode.Get, "/v/temperature", "variable temperature")]
    [InlineData(CoapCode.Get, "/v/fixed", "fixed")]
    [InlineData(CoapCode.Get, "/v/a%2Fb", "variable a/b")]
    [InlineData(CoapCode.Post, "/e/motion/hall", "event motion/hall")]
    [InlineData(CoapCode.Post, "/e/motion", "event motion")]
    [InlineData(CoapCode.Get, "/", "root")]
    public async Task Request_GoesToTheMostLiteralRoute(CoapCode method, string path, string expected) =>
        Assert.Equal(expected, (await Router().HandleAsync(new CoapRequest(method, path), default)).GetText());

    [Theory]
    [InlineData(CoapCode.Get, "/x", CoapCode.NotFound)]
    [InlineData(CoapCode.Get, "/v", CoapCode.NotFound)]
    [InlineData(CoapCode.Get, "/v/a/b", CoapCode.NotFound)]
    [InlineData(CoapCode.Post, "/e", CoapCode.NotFound)]
    [InlineData(CoapCode.Put, "/v/a", CoapCode.MethodNotAllowed)]
    [InlineData((CoapCode)31, "/", CoapCode.MethodNotAllowed)]
    public async Task Request_WithoutARoute_IsRefused(CoapCode method, string path, CoapCode expected) =>
        Assert.Equal(expected, (await Router().HandleAsync(new CoapRequest(method, path), default)).Code);

    [Theory]
    [InlineData("v")]
    [InlineData("/v/{}")]
    [InlineData("/v/x{name}")]
    [InlineData("/{*rest}/x")]
    public void Template_Malformed_IsTheCallersBug(string template) =>
        Assert.Throws<ArgumentException>(() => new CoapRouter().MapGet(template, _ => CoapResponse.Changed()));

    [Fact]
    public void Template_MappedTwice_IsTheCallersBug() =>
        Assert.Throws<ArgumentException>(() => Router().MapGet("/v/{other}", _ => CoapResponse.Changed()));

    [Fact]
    public async Task Route_WithoutTheParameter_IsTheCallersBug()
    {
        var router = new CoapRouter().MapGet("/v/{name}", request => CoapResponse.Content(request.Route("nmae")));

        await Assert.ThrowsAsync<KeyNotFoundException>(async () => await router.HandleAsync(new CoapRequest(CoapCode.Get, "/v/x"), default));
    }

    private static CoapRouter Router() => new CoapRouter()
        .MapPost("/e/{*name}", request => CoapResponse.Content("event " + request.Route("name")))
        .MapGet("/v/{name}", request => CoapResponse.Content("variable " + request.Route("name")))
        .MapGet("/v/fixed", _ => CoapResponse.Content("fixed"))
        .MapGet("/", _ => CoapResponse.Content("root"));
}

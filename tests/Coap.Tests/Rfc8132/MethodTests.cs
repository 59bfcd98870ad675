using System.Net;

namespace Flint.Coap.Tests.Rfc8132;

/// <summary>FETCH, PATCH and iPATCH between real ends, over both transports.</summary>
public sealed class MethodTests : IAsyncLifetime
{
    private CoapServer _server = null!;

    public ValueTask InitializeAsync()
    {
        CoapRouter router = new CoapRouter()
            .MapFetch("/r", request => request.ContentFormat == CoapContentFormat.Json
                ? CoapResponse.Content("what " + request.GetText())
                : CoapResponse.Error(CoapCode.UnsupportedContentFormat))
            .MapPatch("/r", request => request.GetText() switch
            {
                "conflict" => CoapResponse.Error(CoapCode.Conflict, "not in this state"),
                "nonsense" => CoapResponse.Error(CoapCode.UnprocessableEntity),
                string changes => CoapResponse.Changed("patched " + changes),
            })
            .MapIPatch("/r", request => CoapResponse.Changed("ipatched " + request.GetText()));
        _server = CoapServer.Start(router.HandleAsync, new() { Udp = new IPEndPoint(IPAddress.Loopback, 0), Tcp = new IPEndPoint(IPAddress.Loopback, 0) });
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("coap")]
    [InlineData("coap+tcp")]
    public async Task Methods_ReachTheirHandlers(string scheme)
    {
        await using CoapClient client = await ClientAsync(scheme);

        Assert.Equal("what a", (await client.FetchAsync("/r", "a"u8.ToArray(), CoapContentFormat.Json)).EnsureSuccess().GetText());
        Assert.Equal("patched b", (await client.PatchAsync("/r", "b"u8.ToArray(), CoapContentFormat.MergePatch)).EnsureSuccess().GetText());
        Assert.Equal("ipatched c", (await client.IPatchAsync("/r", "c"u8.ToArray(), CoapContentFormat.JsonPatch)).EnsureSuccess().GetText());
        Assert.Equal(CoapCode.MethodNotAllowed, (await client.GetAsync("/r")).Code);
    }

    /// <summary>Section 2.3.1 and section 3.4.</summary>
    [Fact]
    public async Task Errors_HaveTheirCodes()
    {
        await using CoapClient client = await ClientAsync("coap");

        Assert.Equal(CoapCode.UnsupportedContentFormat, (await client.FetchAsync("/r", "a"u8.ToArray(), CoapContentFormat.Xml)).Code);
        Assert.Equal(CoapCode.Conflict, (await client.PatchAsync("/r", "conflict"u8.ToArray(), CoapContentFormat.Json)).Code);
        Assert.Equal(CoapCode.UnprocessableEntity, (await client.PatchAsync("/r", "nonsense"u8.ToArray(), CoapContentFormat.Json)).Code);
    }

    [Fact]
    public void Methods_AreSafeAndIdempotentAsDefined()
    {
        Assert.True(CoapCode.Fetch.IsSafe() && CoapCode.Fetch.IsIdempotent());
        Assert.False(CoapCode.Patch.IsSafe() || CoapCode.Patch.IsIdempotent());
        Assert.True(!CoapCode.IPatch.IsSafe() && CoapCode.IPatch.IsIdempotent());
    }

    [Fact]
    public async Task Connection_HasThemToo()
    {
        var pair = new Rfc8323.PipePair();
        CoapRouter router = new CoapRouter().MapFetch("/r", request => CoapResponse.Content(request.GetText())).MapPatch("/r", _ => CoapResponse.Changed()).MapIPatch("/r", _ => CoapResponse.Changed());
        await using CoapConnection near = CoapConnection.Start(pair.Near);
        await using CoapConnection far = CoapConnection.Start(pair.Far, new() { Handler = router.HandleAsync });

        Assert.Equal("a", (await near.FetchAsync("/r", "a"u8.ToArray(), CoapContentFormat.Json)).GetText());
        Assert.Equal(CoapCode.Changed, (await near.PatchAsync("/r", "a"u8.ToArray(), CoapContentFormat.Json)).Code);
        Assert.Equal(CoapCode.Changed, (await near.IPatchAsync("/r", "a"u8.ToArray(), CoapContentFormat.Json)).Code);
    }

    private Task<CoapClient> ClientAsync(string scheme) =>
        CoapClient.ConnectAsync(new Uri($"{scheme}://127.0.0.1:{(scheme == "coap" ? _server.UdpEndPoint : _server.TcpEndPoint)!.Port}"));
}

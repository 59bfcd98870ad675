using System.Net;
using Flint.Coap.Tests.Rfc8323;

namespace Flint.Coap.Tests.Server;

/// <summary>A handler of the program's own before a router: where it names the router, bodies are read as they come.</summary>
public sealed class WrappedRouterTests
{
    private readonly CoapRouter _router = new();
    private int _wrapped;

    public WrappedRouterTests() => _router.MapUpload(CoapCode.Put, "/up", async (_, body, cancellationToken) =>
    {
        using var all = new MemoryStream();
        await body.CopyToAsync(all, cancellationToken);
        return CoapResponse.Changed($"{all.Length} bytes");
    });

    [Theory]
    [InlineData("coap", true, CoapCode.Changed)]
    [InlineData("coap+tcp", true, CoapCode.Changed)]
    [InlineData("coap", false, CoapCode.RequestEntityTooLarge)]
    [InlineData("coap+tcp", false, CoapCode.RequestEntityTooLarge)]
    public async Task Upload_BehindAHandler_IsReadAsItComesWhereTheRouterIsNamed(string scheme, bool isNamed, CoapCode expected)
    {
        await using CoapServer server = CoapServer.Start(Wrap, new()
        {
            Router = isNamed ? _router : null,
            Udp = new IPEndPoint(IPAddress.Loopback, 0),
            Tcp = new IPEndPoint(IPAddress.Loopback, 0),
            UdpOptions = new() { BlockSizes = new() { MaxBody = 2000 } },
            ConnectionOptions = new() { MaxBody = 2000, MaxMessageSize = 2048 },
        });
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"{scheme}://127.0.0.1:{(scheme == "coap" ? server.UdpEndPoint : server.TcpEndPoint)!.Port}"));

        await AssertUploadAsync(client.SendAsync(Upload()), expected);
    }

    [Theory]
    [InlineData(true, CoapCode.Changed)]
    [InlineData(false, CoapCode.RequestEntityTooLarge)]
    public async Task Upload_OverAPipe_IsReadAsItComesWhereTheRouterIsNamed(bool isNamed, CoapCode expected)
    {
        var pair = new PipePair();
        await using CoapConnection near = CoapConnection.Start(pair.Near);
        await using CoapConnection far = CoapConnection.Start(pair.Far, new() { Handler = Wrap, Router = isNamed ? _router : null, MaxBody = 2000, MaxMessageSize = 2048 });

        await AssertUploadAsync(near.SendAsync(Upload()), expected);
    }

    private async Task AssertUploadAsync(Task<CoapResponse> sending, CoapCode expected)
    {
        CoapResponse response = await sending;

        Assert.Equal(expected, response.Code);
        Assert.Equal(expected == CoapCode.Changed ? ("50000 bytes", 1) : ("", 0), (response.GetText(), _wrapped));
    }

    private static CoapRequest Upload() => new(CoapCode.Put, "/up") { Payload = new byte[50_000] };

    private ValueTask<CoapResponse> Wrap(CoapRequest request, CancellationToken cancellationToken)
    {
        _wrapped++;
        return _router.HandleAsync(request, cancellationToken);
    }
}

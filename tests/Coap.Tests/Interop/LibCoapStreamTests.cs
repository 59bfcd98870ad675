using System.Net;
using Flint.Testing;

namespace Flint.Coap.Tests.Interop;

/// <summary>libcoap and we over TCP: observation and bodies above Max-Message-Size, both ways (RFC 8323 sections 6 and 7).</summary>
public sealed class LibCoapStreamTests : IAsyncLifetime
{
    private readonly Dictionary<string, byte[]> _store = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("flint-coap-").FullName;
    private CoapServer _server = null!;
    private int _ticks;

    public ValueTask InitializeAsync()
    {
        CoapRouter router = new CoapRouter()
            .MapGet("/s/{name}", request => CoapResponse.Content(_store[request.Route("name")]))
            .MapGet("/file/{name}", request => new CoapResponse(CoapCode.Content) { Body = CoapBody.FromStream(File.OpenRead(Path.Combine(_folder, request.Route("name")))) })
            .MapPut("/s/{name}", request =>
            {
                _store[request.Route("name")] = request.Payload.ToArray();
                return CoapResponse.Changed();
            })
            .MapUpload(CoapCode.Put, "/file/{name}", async (request, body, cancellationToken) =>
            {
                await using FileStream file = File.Create(Path.Combine(_folder, request.Route("name")));
                await body.CopyToAsync(file, cancellationToken);
                return CoapResponse.Changed();
            })
            .MapObservable("/ticks", _ => CoapResponse.Content($"tick {_ticks};"));
        _server = CoapServer.Start(router.HandleAsync, new()
        {
            Udp = new IPEndPoint(IPAddress.Loopback, 0),
            Tcp = new IPEndPoint(IPAddress.Loopback, 0),
            ConnectionOptions = new() { MaxMessageSize = 8192 },
        });
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>TD_COAP_BLOCK_01 and 03 over TCP, with a server that takes 8 KiB at once and reads and writes in parts.</summary>
    [Theory]
    [InlineData("s", 5_000)]
    [InlineData("s", 1_000_000)]
    [InlineData("file", 5_000)]
    [InlineData("file", 1_000_000)]
    public async Task TheirClient_LargeBody_ThereAndBack(string kind, int length)
    {
        LibCoapProgram.Require();
        string from = Path.Combine(_folder, "from");
        string to = Path.Combine(_folder, "to");
        await File.WriteAllBytesAsync(from, Body(length));

        string output = await LibCoapProgram.ClientAsync("-m", "put", "-f", from, $"coap+tcp://{_server.TcpEndPoint}/{kind}/big");
        byte[] arrived = kind == "s" ? _store.GetValueOrDefault("big", []) : await File.ReadAllBytesAsync(Path.Combine(_folder, "big"));
        Assert.True(Body(length).AsSpan().SequenceEqual(arrived), $"{arrived.Length} bytes; {output}");
        output = await LibCoapProgram.ClientAsync("-m", "get", "-o", to, $"coap+tcp://{_server.TcpEndPoint}/{kind}/big");

        Assert.True(File.Exists(to), output);
        Assert.Equal(Body(length), await File.ReadAllBytesAsync(to));
        Assert.Equal(0, _server.BodyCount);
    }

    /// <summary>TD_COAP_OBS_01 and 02 over TCP: it observes for three seconds, then leaves.</summary>
    [Fact]
    public async Task TheirClient_Observes()
    {
        LibCoapProgram.Require();

        Task<string> client = LibCoapProgram.ClientAsync("-s", "3", "-m", "get", $"coap+tcp://{_server.TcpEndPoint}/ticks");
        while (!client.IsCompleted)
        {
            await Task.Delay(200);
            _ticks++;
            await _server.NotifyAsync("/ticks");
        }

        string output = await client;
        Assert.Contains("tick 0;", output, StringComparison.Ordinal);
        Assert.True(output.Split(';').Distinct().Count() > 5, output);
        await Eventually.HoldsAsync(() => _server.ObservedResourceCount == 0);

        Assert.Equal(0, _server.ObservedResourceCount);
    }

    [Theory]
    [InlineData(5_000)]
    [InlineData(1_000_000)]
    public async Task TheirServer_LargeBody_ThereAndBack(int length)
    {
        LibCoapProgram.Require();
        using LibCoapProgram.RunningServer server = await LibCoapProgram.ServerAsync();
        await using CoapClient client = await CoapClient.ConnectAsync(server.Tcp);
        await using ICoapBody body = CoapBody.FromStream(new MemoryStream(Body(length)));
        using var back = new MemoryStream();

        CoapResponse put = await client.SendAsync(new CoapRequest(CoapCode.Put, "/example_data") { Body = body });
        Assert.True(put.Code.IsSuccess(), put.Code.ToDotted() + " " + put.GetText());
        CoapResponse got = await client.DownloadAsync("/example_data", back);

        Assert.Equal(CoapCode.Content, got.Code);
        Assert.Equal(Body(length), back.ToArray());
    }

    private static byte[] Body(int length)
    {
        var body = new byte[length];
        new Random(1).NextBytes(body);
        return body;
    }
}

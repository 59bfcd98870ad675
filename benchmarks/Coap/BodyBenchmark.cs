using System.Net;
using BenchmarkDotNet.Attributes;
using Flint.Coap;

namespace Flint.Benchmarks.Coap;

/// <summary>A body fetched over UDP on loopback, block by block (RFC 7959) and in bursts (RFC 9177).</summary>
[MemoryDiagnoser]
public class BodyBenchmark
{
    private CoapServer _server = null!;
    private CoapClient _blocks = null!;
    private CoapClient _bursts = null!;

    [Params(100_000, 1_000_000)]
    public int Length { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        var body = new byte[Length];
        new Random(1).NextBytes(body);
        CoapRouter router = new CoapRouter().MapGet("/x", _ => CoapResponse.Content(body));
        _server = CoapServer.Start(router.HandleAsync, new CoapServerOptions { Udp = new IPEndPoint(IPAddress.Loopback, 0) });
        _blocks = await ClientAsync(bursts: false);
        _bursts = await ClientAsync(bursts: true);
        if (await Blocks() != Length || await Bursts() != Length)
        {
            throw new InvalidOperationException("The body that arrived is another one.");
        }
    }

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        await _blocks.DisposeAsync();
        await _bursts.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Benchmark(Baseline = true)]
    public async Task<int> Blocks() => (await _blocks.GetAsync("/x")).Payload.Length;

    [Benchmark]
    public async Task<int> Bursts() => (await _bursts.GetAsync("/x")).Payload.Length;

    private Task<CoapClient> ClientAsync(bool bursts) =>
        CoapClient.ConnectAsync(new Uri($"coap://{_server.UdpEndPoint}"), new CoapClientOptions { Udp = new CoapUdpOptions { QBlock = new CoapQBlockOptions { Use = bursts } } });
}

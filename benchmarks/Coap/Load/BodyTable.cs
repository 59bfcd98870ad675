using System.Diagnostics;
using System.Globalization;
using System.Net;
using Flint.Coap;

namespace Flint.Benchmarks.Coap.Load;

/// <summary>
/// Bodies over UDP, block by block (RFC 7959) and in bursts (RFC 9177): how long they take, what both ends together cost in processor time, and how many datagrams go either way. On loopback the ends speak without anything in between;
/// there the datagrams are counted in a transfer of their own.
/// </summary>
internal static class BodyTable
{
    public static async Task<int> RunAsync()
    {
        Console.WriteLine($"{"way",-22} {"body",10} {"method",6}   {"blocks: ms",12} {"CPU ms",8} {"datagrams",9}   {"bursts: ms",12} {"CPU ms",8} {"datagrams",9}");
        foreach ((string way, TimeSpan delay, double loss) in new (string, TimeSpan, double)[]
            { ("loopback", TimeSpan.Zero, 0), ("20 ms each way", TimeSpan.FromMilliseconds(20), 0), ("20 ms, 5 % lost", TimeSpan.FromMilliseconds(20), 0.05) })
        {
            // A way of 40 ms there and back takes 40 s for each MB block by block: the arithmetic needs no proof.
            foreach (int length in delay == TimeSpan.Zero ? (int[])[100_000, 1_000_000] : [100_000])
            {
                foreach (CoapCode method in loss == 0 ? (CoapCode[])[CoapCode.Get, CoapCode.Put] : [CoapCode.Get])
                {
                    Cost blocks = await RunAsync(delay, loss, length, method, bursts: false);
                    Cost bursts = await RunAsync(delay, loss, length, method, bursts: true);
                    Console.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{way,-22} {length,10} {method.ToString().ToUpperInvariant(),6}   {blocks.Milliseconds,12:0} {blocks.Processor,8:0.0} {blocks.Datagrams,9}   {bursts.Milliseconds,12:0} {bursts.Processor,8:0.0} {bursts.Datagrams,9}"));
                }
            }
        }

        return 0;
    }

    private static async Task<Cost> RunAsync(TimeSpan delay, double loss, int length, CoapCode method, bool bursts)
    {
        var body = new byte[length];
        new Random(length).NextBytes(body);
        byte[] stored = [];
        CoapRouter router = new CoapRouter().MapGet("/x", _ => CoapResponse.Content(body)).MapPut("/x", request =>
        {
            stored = request.Payload.ToArray();
            return CoapResponse.Changed();
        });
        await using CoapServer server = CoapServer.Start(router.HandleAsync, new CoapServerOptions { Udp = new IPEndPoint(IPAddress.Loopback, 0) });
        bool isDirect = delay == TimeSpan.Zero;
        long datagrams;
        await using (var path = new SlowWay(server.UdpEndPoint!, delay, loss, seed: 1))
        {
            await using CoapClient counted = await ClientAsync(path.Address, bursts);
            if (isDirect)
            {
                await TransferAsync(counted, method, body, () => stored);
                datagrams = path.Count;
            }
            else
            {
                return await MeasureAsync(counted, method, body, () => stored, times: 1, () => path.Count);
            }
        }

        await using CoapClient client = await ClientAsync(new Uri($"coap://{server.UdpEndPoint}"), bursts);
        Cost cost = await MeasureAsync(client, method, body, () => stored, times: 9, () => 0);
        return cost with { Datagrams = datagrams };
    }

    /// <summary>The median of several transfers, after one that warms up; over a slow way a single one.</summary>
    private static async Task<Cost> MeasureAsync(CoapClient client, CoapCode method, byte[] body, Func<byte[]> stored, int times, Func<long> datagrams)
    {
        if (times > 1)
        {
            await TransferAsync(client, method, body, stored);
        }

        var costs = new List<Cost>();
        for (int i = 0; i < times; i++)
        {
            TimeSpan processor = Process.GetCurrentProcess().TotalProcessorTime;
            long before = datagrams();
            long start = Stopwatch.GetTimestamp();
            await TransferAsync(client, method, body, stored);
            costs.Add(new Cost(Stopwatch.GetElapsedTime(start).TotalMilliseconds, (Process.GetCurrentProcess().TotalProcessorTime - processor).TotalMilliseconds, datagrams() - before));
        }

        return costs.OrderBy(cost => cost.Milliseconds).ElementAt(costs.Count / 2);
    }

    private static async Task TransferAsync(CoapClient client, CoapCode method, byte[] body, Func<byte[]> stored)
    {
        CoapResponse response = (await client.SendAsync(new CoapRequest(method, "/x") { Payload = method == CoapCode.Put ? body : default })).EnsureSuccess();
        ReadOnlySpan<byte> arrived = method == CoapCode.Put ? stored() : response.Payload.Span;
        if (!arrived.SequenceEqual(body))
        {
            throw new InvalidOperationException("The body that arrived is another one.");
        }
    }

    private static Task<CoapClient> ClientAsync(Uri server, bool bursts) =>
        CoapClient.ConnectAsync(server, new CoapClientOptions { Udp = new CoapUdpOptions { QBlock = new CoapQBlockOptions { Use = bursts } } });

    /// <summary>What a transfer costs; the processor time is that of both ends, and of the way where there is one between them.</summary>
    private readonly record struct Cost(double Milliseconds, double Processor, long Datagrams);
}

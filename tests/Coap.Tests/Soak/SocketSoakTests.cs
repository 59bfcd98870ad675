using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Flint.Testing;

namespace Flint.Coap.Tests.Soak;

/// <summary>The same traffic through real sockets into a whole server: router, handlers, blocks, observers. It goes on serving, its handlers never see what is malformed, and its memory stays flat (counted for the whole process, so nothing runs beside it).</summary>
[Collection(nameof(SoakTests))]
public sealed class SocketSoakTests
{
    [Fact]
    public async Task Server_UnderHostileDatagrams_GoesOnServing()
    {
        int batches = (int)(Wanted(5_000_000) / 100 / Batch);
        int handled = 0;
        CoapRouter router = new CoapRouter()
            .MapObservable("/a", _ => CoapResponse.Content($"{handled++}"))
            .MapGet("/b", _ => throw new InvalidOperationException("a handler's bug"))
            .MapPut("/{*any}", request => CoapResponse.Content(request.Payload))
            .MapPost("/{*any}", async (request, cancellationToken) =>
            {
                await Task.Delay(1, cancellationToken);
                return CoapResponse.Content(new byte[3000]);
            });
        await using CoapServer server = CoapServer.Start(router.HandleAsync, new CoapServerOptions
        {
            Udp = new IPEndPoint(IPAddress.Loopback, 0),
            UdpOptions = new CoapUdpOptions { MessageLayer = Limits, MaxUploads = 32, BlockSizes = new CoapBlockSizes { MaxBody = 4096 } },
            MaxObservedResources = 16,
        });
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://{server.UdpEndPoint}"));
        Socket[] strangers = [.. Enumerable.Range(0, 64).Select(i => Open(server.UdpEndPoint!, i))];
        var traffic = new SoakTraffic((int)PropertyRunner.Seed);
        var buffer = new byte[SoakTraffic.MaxLength];
        long early = 0;
        long sent = 0;
        for (int batch = 0; batch < batches; batch++)
        {
            for (int i = 0; i < Batch; i++)
            {
                int length = traffic.Next(buffer, out int address);
                strangers[address % strangers.Length].Send(buffer.AsSpan(0, length));
                sent++;
            }

            // What was sent before is worked off when this is answered: nothing is lost to a full socket.
            Ping(strangers[0]);
            Array.ForEach(strangers, Discard);
            await server.NotifyAsync("/a");
            if (batch == batches / 4)
            {
                early = GC.GetTotalMemory(forceFullCollection: true);
            }
        }

        long late = GC.GetTotalMemory(forceFullCollection: true);
        Array.ForEach(strangers, socket => socket.Dispose());

        Assert.Equal(CoapCode.Content, (await client.PutAsync("/still", "there"u8.ToArray())).Code);
        Assert.True(late - early < MaxGrowth, $"{early} bytes, then {late}");
        Assert.True(server.InspectUdp(layer => layer.Counters.Received) > sent * 9 / 10);
        Assert.True(server.InspectUdp(layer => layer.Counters.Malformed(CoapReadStatus.TruncatedOptionValue)) > 0);
        Assert.True(handled > batches);
        Assert.InRange(server.InspectUdp(layer => layer.PeerCount), 1, Limits.MaxPeers);
        Assert.InRange(server.InspectUdp(layer => layer.ExchangeCount), 0, Limits.MaxExchanges);
        Assert.InRange(server.InspectUdp(layer => layer.SendCount), 0, Limits.MaxSends);
    }

    /// <summary>Sends an empty confirmable message until its reset comes (RFC 7252 section 4.3).</summary>
    private static void Ping(Socket socket)
    {
        Span<byte> buffer = stackalloc byte[2048];
        for (int i = 0; i < 200; i++)
        {
            socket.Send([0x40, 0x00, 0xee, 0xee]);
            long start = Environment.TickCount64;
            while (Environment.TickCount64 - start < PingMilliseconds && socket.Poll(1000 * PingMilliseconds, SelectMode.SelectRead))
            {
                int length = socket.Receive(buffer);
                if (buffer[..length].SequenceEqual((ReadOnlySpan<byte>)[0x70, 0x00, 0xee, 0xee]))
                {
                    return;
                }
            }
        }

        Assert.Fail("The server does not answer any more.");
    }

    private static void Discard(Socket socket)
    {
        Span<byte> buffer = stackalloc byte[2048];
        while (socket.Available > 0)
        {
            socket.Receive(buffer);
        }
    }

    /// <summary>Loopback has 127.0.0.0/8: each stranger has an address of its own.</summary>
    private static Socket Open(IPEndPoint server, int number)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(OperatingSystem.IsLinux() ? new IPAddress([127, 0, 1, (byte)(number + 1)]) : IPAddress.Loopback, 0));
        socket.Connect(server);
        return socket;
    }

    private static long Wanted(long otherwise) =>
        long.TryParse(Environment.GetEnvironmentVariable("FLINT_SOAK"), NumberStyles.None, CultureInfo.InvariantCulture, out long wanted) ? wanted : otherwise;

    private static readonly CoapMessageLayerOptions Limits = new()
    {
        MaxPeers = 80,
        MaxExchanges = 64,
        MaxExchangesPerPeer = 16,
        MaxSends = 200,
        MaxSendsPerPeer = 8,
        DeduplicationBytes = 1 << 20,
        IdempotentDeduplicationBytes = 1 << 18,
        MaxOutputBytes = 1 << 16,
    };

    private const long MaxGrowth = 4 << 20;
    private const int Batch = 25;
    private const int PingMilliseconds = 50;
}

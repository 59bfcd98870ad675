using BenchmarkDotNet.Attributes;
using Flint.Coap;

namespace Flint.Benchmarks.Coap;

/// <summary>A confirmable GET through the whole message layer and its piggybacked response out again, against reading the datagram alone; with 1, 100 and 10,000 peers in turn.</summary>
[MemoryDiagnoser]
public class ExchangeBenchmark
{
    private readonly byte[] _request = CoapMessages.All[1].Bytes.Span.ToArray();
    private readonly byte[] _response = new byte[256];
    private CoapMessageLayer _layer = null!;
    private CoapPeerHandle[] _peers = [];
    private int _responseLength;
    private long _now = TimeSpan.TicksPerSecond;
    private int _turn;

    [Params(1, 100, 10_000)]
    public int Peers { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _layer = new CoapMessageLayer(new CoapMessageLayerOptions(), new byte[16]);
        _peers = new CoapPeerHandle[Peers];
        for (int i = 0; i < Peers; i++)
        {
            _layer.TryAddPeer(new TimeSpan(_now), out _peers[i]);
        }

        CoapMessageReader.TryRead(_request, out CoapMessageReader message);
        var writer = new CoapMessageWriter(_response);
        writer.WriteHeader(CoapType.Acknowledgement, CoapCode.Content, 0, message.Token);
        writer.WritePayload("22.3 C"u8);
        writer.TryComplete(out _responseLength);
        if (Exchange() != _responseLength)
        {
            throw new InvalidOperationException("The output is wrong.");
        }
    }

    [Benchmark(Baseline = true)]
    public int Decode() => CoapMessages.Decode(_request);

    [Benchmark]
    public int Exchange()
    {
        // 60,000 requests a second: a message id of a peer is met again only after its lifetime or after it has given way.
        _now += TimeSpan.TicksPerSecond / 60_000;
        var now = new TimeSpan(_now);
        int turn = unchecked(_turn++ & int.MaxValue);
        int id = turn / Peers;
        _request[2] = unchecked((byte)(id >> 8));
        _request[3] = unchecked((byte)id);
        CoapReceived received = _layer.OnDatagram(_peers[turn % Peers], _request, now);
        if (received.Kind == CoapReceivedKind.Request)
        {
            _layer.TryRespond(received.Exchange, _response.AsSpan(0, _responseLength), now);
        }

        int sent = 0;
        while (_layer.TryTakeDatagram(out _, out ReadOnlyMemory<byte> datagram))
        {
            sent += datagram.Length;
        }

        if (_layer.NextDeadline <= now)
        {
            _layer.OnDeadline(now);
        }

        return sent;
    }
}

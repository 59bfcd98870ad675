namespace Flint.Coap.Tests.Exchange;

/// <summary>In steady state a message costs no allocation, whichever way it goes.</summary>
public sealed class MessageLayerAllocationTests
{
    [Theory]
    [InlineData(CoapCode.Get, CoapType.Confirmable)]
    [InlineData(CoapCode.Post, CoapType.Confirmable)]
    [InlineData(CoapCode.Get, CoapType.NonConfirmable)]
    public void Request_AnsweredAtOnce_AllocatesNothing(CoapCode method, CoapType type)
    {
        var pair = new Pair(method, type);
        pair.Run(70_000);

        long before = GC.GetAllocatedBytesForCurrentThread();
        pair.Run(20_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Datagram_MalformedOrUnexpected_AllocatesNothing()
    {
        var layer = new LayerUnderTest();
        byte[][] datagrams =
        [
            [], [0x40], [0x80, 1, 0, 1], [0x49, 1, 0, 2], [0x40, 1, 0, 3, 0xf0], Datagrams.Empty(CoapType.Confirmable, 4), Datagrams.Empty(CoapType.Reset, 5),
            Datagrams.Empty(CoapType.Acknowledgement, 6), Datagrams.Response(CoapCode.Content, "aa", CoapType.Confirmable, 7),
        ];
        Action run = () =>
        {
            foreach (byte[] datagram in datagrams)
            {
                layer.Receive(datagram);
                while (layer.Layer.TryTakeDatagram(out _, out _))
                {
                }
            }
        };
        run();
        run();
        long before = GC.GetAllocatedBytesForCurrentThread();
        run();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>A client and a server, hand to hand. Every seventh answer is a separate one, every eleventh datagram is lost and comes with the retransmission.</summary>
    private sealed class Pair
    {
        private readonly CoapMessageLayer _client = new(new CoapMessageLayerOptions(), new byte[16]);
        private readonly CoapMessageLayer _server = new(new CoapMessageLayerOptions { DeduplicationBytes = 1 << 22, MaxDeduplicatedPerPeer = 1 << 20 }, new byte[16]);
        private readonly CoapPeerHandle _toServer;
        private readonly CoapPeerHandle _toClient;
        private readonly byte[] _request;
        private readonly byte[] _response = Datagrams.Response(CoapCode.Content, "0000", payload: new byte[40]);
        private readonly object _state = new();
        private TimeSpan _now = TimeSpan.FromSeconds(1);
        private int _count;
        private bool _done;

        public Pair(CoapCode method, CoapType type)
        {
            _client.TryAddPeer(_now, out _toServer);
            _server.TryAddPeer(_now, out _toClient);
            _request = Datagrams.Request(method, "0000", type, payload: new byte[20]);
        }

        public void Run(int requests)
        {
            for (int i = 0; i < requests; i++)
            {
                _now += TimeSpan.FromMilliseconds(50);
                _count++;
                _request[4] = _response[4] = (byte)(_count & 0xff);
                _request[5] = _response[5] = (byte)(_count >> 8 & 0xff);
                _done = false;
                _client.TryRequest(_toServer, _request, false, null, _state, _now, out _);
                while (!_done)
                {
                    while (Exchange())
                    {
                    }

                    if (!_done)
                    {
                        TimeSpan next = _client.NextDeadline!.Value;
                        _now = next > _now ? next : _now;
                        _client.OnDeadline(_now);
                        _server.OnDeadline(_now);
                    }
                }
            }
        }

        private bool Exchange()
        {
            bool any = false;
            while (_client.TryTakeDatagram(out _, out ReadOnlyMemory<byte> datagram))
            {
                any = true;
                if (_count % 11 != 0 || _server.Counters.Received % 11 != 3)
                {
                    Answer(_server.OnDatagram(_toClient, datagram.Span, _now));
                }
                else
                {
                    _server.OnDatagram(_toClient, [], _now);
                }
            }

            while (_server.TryTakeDatagram(out _, out ReadOnlyMemory<byte> datagram))
            {
                any = true;
                _done |= _client.OnDatagram(_toServer, datagram.Span, _now).Kind == CoapReceivedKind.Response;
            }

            while (_client.TryTakeEnded(out _))
            {
                _done = true;
            }

            return any;
        }

        private void Answer(CoapReceived received)
        {
            if (received.Kind == CoapReceivedKind.Request)
            {
                if (_count % 7 == 0)
                {
                    _server.Acknowledge(received.Exchange);
                }

                _server.TryRespond(received.Exchange, _response, _now);
            }
        }
    }
}

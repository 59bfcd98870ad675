namespace Flint.Coap.Tests.Exchange;

/// <summary>[C-106] Every store is bounded, refuses before it stores, and is empty at the end.</summary>
public sealed class LimitTests
{
    [Fact]
    public void Exchanges_OnePeer_IsRefusedWith429()
    {
        var layer = new LayerUnderTest(new CoapMessageLayerOptions { MaxExchangesPerPeer = 2 });
        for (ushort id = 0; id < 2; id++)
        {
            layer.ReceiveRequest(Datagrams.Request(CoapCode.Get, "aa", messageId: id));
        }

        Assert.Equal(CoapReceivedKind.None, layer.Receive(Datagrams.Request(CoapCode.Get, "bb", messageId: 7)).Kind);
        Assert.Equal(["ACK 4.29 0007 bb"], layer.Sent());
        Assert.Equal(CoapReceivedKind.None, layer.Receive(Datagrams.Request(CoapCode.Get, "bb", CoapType.NonConfirmable, 8)).Kind);
        Assert.Empty(layer.Sent());
        Assert.Equal(2, layer.Layer.Counters.Refused);
        Assert.Equal(CoapReceivedKind.Request, layer.Layer.OnDatagram(layer.AddPeer(), Datagrams.Request(CoapCode.Get, "bb"), layer.Now).Kind);
    }

    [Fact]
    public void Exchanges_All_AreRefusedWith503()
    {
        var layer = new LayerUnderTest(new CoapMessageLayerOptions { MaxExchanges = 1 });
        CoapExchangeHandle exchange = layer.ReceiveRequest(Datagrams.Request(CoapCode.Get, "aa", messageId: 1));
        CoapPeerHandle other = layer.AddPeer();
        Assert.Equal(CoapReceivedKind.None, layer.Layer.OnDatagram(other, Datagrams.Request(CoapCode.Get, "bb", messageId: 2), layer.Now).Kind);
        Assert.Equal(["ACK 5.03 0002 bb"], layer.Sent());

        layer.Respond(exchange, Datagrams.Response(CoapCode.Content, "aa"));
        Assert.Equal(CoapReceivedKind.Request, layer.Layer.OnDatagram(other, Datagrams.Request(CoapCode.Get, "bb", messageId: 2), layer.Now).Kind);
    }

    /// <summary>What must not be done twice is refused, never forgotten.</summary>
    [Fact]
    public void Deduplication_NonIdempotent_RefusesWhenFullAndNeverForgets()
    {
        var layer = new LayerUnderTest(new CoapMessageLayerOptions { DeduplicationBytes = 1 << 17, MaxDeduplicatedPerPeer = 1 << 20 });
        var accepted = new List<byte[]>();
        for (ushort id = 0; ; id++)
        {
            byte[] request = Datagrams.Request(CoapCode.Post, "aa", messageId: id);
            CoapReceived received = layer.Receive(request);
            if (received.Kind != CoapReceivedKind.Request)
            {
                break;
            }

            layer.Respond(received.Exchange, Datagrams.Response(CoapCode.Changed, "aa", payload: [(byte)(id & 0xff), (byte)(id >> 8)]));
            layer.Sent();
            accepted.Add(request);
        }

        Assert.Equal($"ACK 5.03 {accepted.Count:x4} aa", Assert.Single(layer.Sent()));
        Assert.InRange(accepted.Count, 256, 4096);
        foreach (byte[] request in accepted)
        {
            Assert.Equal(CoapReceivedKind.None, layer.Receive(request).Kind);
            Assert.Equal($"ACK 2.04 {LayerUnderTest.MessageIdOf(request):x4} aa {request[3]:x2}{request[2]:x2}", Assert.Single(layer.Sent()));
        }

        layer.Pass(247);
        layer.ReceiveRequest(Datagrams.Request(CoapCode.Post, "aa", messageId: 0));
    }

    [Fact]
    public void Deduplication_LargeResponses_AreKeptWhole()
    {
        var layer = new LayerUnderTest(new CoapMessageLayerOptions { DeduplicationBytes = 1 << 16 });
        var random = new Random(5);
        var kept = new List<(byte[] Request, byte[] Response)>();
        for (ushort id = 0; ; id++)
        {
            byte[] request = Datagrams.Request(CoapCode.Post, "aa", messageId: id);
            CoapReceived received = layer.Receive(request);
            if (received.Kind != CoapReceivedKind.Request)
            {
                break;
            }

            var payload = new byte[random.Next(1, 1100)];
            random.NextBytes(payload);
            layer.Sent();
            layer.Respond(received.Exchange, Datagrams.Response(CoapCode.Content, "aa", payload: payload));
            kept.Add((request, layer.SentOne()));
        }

        Assert.InRange(kept.Count, 20, 64);
        layer.Sent();
        foreach ((byte[] request, byte[] response) in kept)
        {
            layer.Receive(request);
            Assert.Equal(response, layer.SentOne());
        }

        layer.AssertEmptyAtTheEnd();
    }

    [Fact]
    public void Deduplication_OnePeer_CannotFillTheStore()
    {
        var layer = new LayerUnderTest(new CoapMessageLayerOptions { MaxDeduplicatedPerPeer = 10 });
        for (ushort id = 0; id < 10; id++)
        {
            layer.Respond(layer.ReceiveRequest(Datagrams.Request(CoapCode.Post, "aa", messageId: id)), Datagrams.Response(CoapCode.Changed, "aa"));
        }

        layer.Sent();
        layer.Receive(Datagrams.Request(CoapCode.Post, "aa", messageId: 10));
        Assert.Equal(["ACK 4.29 000a aa"], layer.Sent());
        Assert.Equal(CoapReceivedKind.Request, layer.Layer.OnDatagram(layer.AddPeer(), Datagrams.Request(CoapCode.Post, "aa"), layer.Now).Kind);
    }

    /// <summary>Section 4.5: what may be done twice is forgotten when memory runs short.</summary>
    [Fact]
    public void Deduplication_Idempotent_ForgetsTheOldest()
    {
        var layer = new LayerUnderTest(new CoapMessageLayerOptions { IdempotentDeduplicationBytes = 1 << 15 });
        for (int i = 0; i < 60000; i++)
        {
            layer.Respond(layer.ReceiveRequest(Datagrams.Request(CoapCode.Get, "aa", messageId: (ushort)(i % 65536))), Datagrams.Response(CoapCode.Content, "aa"));
            layer.Sent();
        }

        Assert.Equal(CoapReceivedKind.None, layer.Receive(Datagrams.Request(CoapCode.Get, "aa", messageId: 59999)).Kind);
        Assert.Single(layer.Sent());
        layer.ReceiveRequest(Datagrams.Request(CoapCode.Get, "aa", messageId: 0));
    }

    [Fact]
    public void Sends_PeerAndAll_AreLimited()
    {
        var layer = new LayerUnderTest(new CoapMessageLayerOptions { MaxSends = 3, MaxSendsPerPeer = 2 });
        CoapPeerHandle other = layer.AddPeer();
        layer.Request(Datagrams.Request(CoapCode.Get, "01"));
        layer.Request(Datagrams.Request(CoapCode.Get, "02"));
        Assert.Equal(CoapSendStatus.TooManyMessages, TryRequest(layer, layer.Peer, "03"));
        Assert.Equal(CoapSendStatus.Ok, TryRequest(layer, other, "03"));
        Assert.Equal(CoapSendStatus.TooManyMessages, TryRequest(layer, other, "04"));
        layer.Pass(300);
        Assert.Equal(CoapSendStatus.TooManyMessages, TryRequest(layer, other, "04"));
        Assert.Equal(3, layer.Ended().Count);
        Assert.Equal(CoapSendStatus.Ok, TryRequest(layer, other, "04"));
    }

    [Fact]
    public void Peers_All_AreLimitedAndOnlyIdleOnesGiveWay()
    {
        var layer = new LayerUnderTest(new CoapMessageLayerOptions { MaxPeers = 2 });
        CoapPeerHandle other = layer.AddPeer();
        Assert.False(layer.Layer.TryAddPeer(layer.Now, out _));

        CoapExchangeHandle exchange = layer.ReceiveRequest(Datagrams.Request(CoapCode.Post, "aa"));
        layer.Layer.TryRequest(other, Datagrams.Request(CoapCode.Get, "aa"), false, TimeSpan.FromSeconds(1), null, layer.Now, out _);
        Assert.False(layer.Layer.TryTakeIdlePeer(layer.Now, TimeSpan.Zero, out _));
        layer.Respond(exchange, Datagrams.Response(CoapCode.Changed, "aa"));
        layer.Pass(240);
        Assert.False(layer.Layer.TryTakeIdlePeer(layer.Now, TimeSpan.Zero, out _));

        layer.Pass(16);
        Assert.True(layer.Layer.TryTakeIdlePeer(layer.Now, TimeSpan.Zero, out CoapPeerHandle first));
        Assert.True(layer.Layer.TryTakeIdlePeer(layer.Now, TimeSpan.Zero, out CoapPeerHandle second));
        Assert.Equal([layer.Peer.Index, other.Index], new[] { first.Index, second.Index }.Order());
        Assert.Equal(0, layer.Layer.PeerCount);
        Assert.Equal(CoapReceivedKind.None, layer.Receive(Datagrams.Request(CoapCode.Get, "aa")).Kind);
        Assert.Equal(1, layer.Layer.Counters.FromUnknownPeer);
        Assert.NotEqual(layer.Peer, layer.AddPeer());
    }

    [Fact]
    public void RemovedPeer_EndsWhatIsUnderWay()
    {
        var layer = new LayerUnderTest();
        layer.Request(Datagrams.Request(CoapCode.Get, "01"), 1);
        CoapExchangeHandle exchange = layer.ReceiveRequest(Datagrams.Request(CoapCode.Post, "aa"));
        layer.Layer.RemovePeer(layer.Peer, layer.Now);

        Assert.Equal(["PeerRemoved 1"], layer.Ended());
        Assert.Equal(CoapSendStatus.UnknownExchange, layer.Respond(exchange, Datagrams.Response(CoapCode.Changed, "aa")));
        Assert.Equal(CoapSendStatus.UnknownPeer, TryRequest(layer, layer.Peer, "02"));
        CoapPeerHandle reused = layer.AddPeer();
        Assert.Equal(layer.Peer.Index, reused.Index);
        Assert.Equal(CoapReceivedKind.Request, layer.Layer.OnDatagram(reused, Datagrams.Request(CoapCode.Post, "aa"), layer.Now).Kind);
    }

    [Fact]
    public void Output_NotTaken_IsBounded()
    {
        var layer = new LayerUnderTest(new CoapMessageLayerOptions { MaxOutputBytes = 2304 });
        for (int i = 0; i < 1000; i++)
        {
            layer.Receive(Datagrams.Empty(CoapType.Confirmable, (ushort)i));
        }

        Assert.Equal(576, layer.Sent().Count);
        Assert.Equal(424, layer.Layer.Counters.OutputDropped);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Options_OutOfRange_AreRefused(int which)
    {
        CoapMessageLayerOptions options = which switch
        {
            0 => new() { AckTimeout = TimeSpan.Zero },
            1 => new() { AckRandomFactor = 0.9 },
            2 => new() { MaxRetransmit = 17 },
            3 => new() { NStart = 0 },
            4 => new() { AcknowledgementDelay = TimeSpan.FromSeconds(2) },
            _ => new() { DeduplicationBytes = 100 },
        };

        Assert.ThrowsAny<ArgumentException>(() => new CoapMessageLayer(options, new byte[16]));
        Assert.ThrowsAny<ArgumentException>(() => new CoapMessageLayer(new CoapMessageLayerOptions(), new byte[15]));
    }

    private static CoapSendStatus TryRequest(LayerUnderTest layer, CoapPeerHandle peer, string token) =>
        layer.Layer.TryRequest(peer, Datagrams.Request(CoapCode.Get, token), false, null, null, layer.Now, out _);
}

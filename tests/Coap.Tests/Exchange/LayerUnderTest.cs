namespace Flint.Coap.Tests.Exchange;

/// <summary>A message layer with one peer and a clock that the test moves; datagrams go in by hand and come out as text.</summary>
internal sealed class LayerUnderTest
{
    public LayerUnderTest(CoapMessageLayerOptions? options = null, byte entropy = 1)
    {
        Options = options ?? new CoapMessageLayerOptions { AckRandomFactor = 1 };
        Layer = new CoapMessageLayer(Options, [.. Enumerable.Range(entropy, 16).Select(i => (byte)i)]);
        Peer = AddPeer();
    }

    public CoapMessageLayerOptions Options { get; }

    public CoapMessageLayer Layer { get; }

    public CoapPeerHandle Peer { get; }

    public TimeSpan Now { get; private set; } = TimeSpan.FromSeconds(1000);

    public CoapPeerHandle AddPeer()
    {
        Assert.True(Layer.TryAddPeer(Now, out CoapPeerHandle peer));
        return peer;
    }

    public CoapReceived Receive(byte[] datagram, bool multicast = false) => Layer.OnDatagram(Peer, datagram, Now, multicast);

    /// <summary>Receives a request that must be new, and gives its exchange.</summary>
    public CoapExchangeHandle ReceiveRequest(byte[] datagram)
    {
        CoapReceived received = Receive(datagram);
        Assert.Equal(CoapReceivedKind.Request, received.Kind);
        return received.Exchange;
    }

    public CoapSendHandle Request(byte[] request, object? state = null, bool keepOpen = false, TimeSpan? timeout = null)
    {
        Assert.Equal(CoapSendStatus.Ok, Layer.TryRequest(Peer, request, keepOpen, timeout, state, Now, out CoapSendHandle handle));
        return handle;
    }

    public CoapSendStatus Respond(CoapExchangeHandle exchange, byte[] response) => Layer.TryRespond(exchange, response, Now);

    /// <summary>Lets time pass, deadline by deadline; gives what came out as "seconds: message".</summary>
    public List<string> Pass(double seconds)
    {
        TimeSpan end = Now + TimeSpan.FromSeconds(seconds);
        TimeSpan start = Now;
        var sent = new List<string>();
        while (Layer.NextDeadline is TimeSpan deadline && deadline <= end)
        {
            Now = deadline > Now ? deadline : Now;
            Layer.OnDeadline(Now);
            sent.AddRange(Sent().Select(text => $"{(Now - start).TotalSeconds:0.###}: {text}"));
        }

        Now = end;
        return sent;
    }

    /// <summary>What waits to be sent, as text.</summary>
    public List<string> Sent() => [.. SentBytes().Select(bytes => Datagrams.Describe(bytes))];

    public List<byte[]> SentBytes()
    {
        var sent = new List<byte[]>();
        while (Layer.TryTakeDatagram(out _, out ReadOnlyMemory<byte> datagram))
        {
            sent.Add(datagram.ToArray());
        }

        return sent;
    }

    /// <summary>The one datagram that waits to be sent.</summary>
    public byte[] SentOne() => Assert.Single(SentBytes());

    public static ushort MessageIdOf(byte[] datagram)
    {
        Assert.Equal(CoapReadStatus.Ok, CoapHeader.TryRead(datagram, out CoapHeader header));
        return header.MessageId;
    }

    /// <summary>What ended, as "reason state".</summary>
    public List<string> Ended()
    {
        var ended = new List<string>();
        while (Layer.TryTakeEnded(out CoapEnded end))
        {
            ended.Add($"{end.Reason} {end.State}".TrimEnd());
        }

        return ended;
    }

    /// <summary>Waits until nothing is remembered, and checks that nothing is.</summary>
    public void AssertEmptyAtTheEnd()
    {
        Pass(2000);
        Ended();
        Assert.True(Layer.IsEmpty);
        Assert.Null(Layer.NextDeadline);
    }
}

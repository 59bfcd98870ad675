using Flint.Coap.Tests.Exchange;
using Flint.Coap.Tests.Vectors;

namespace Flint.Coap.Tests.Rfc7252;

/// <summary>RFC 7252 section 4: messages, without a look at what they carry.</summary>
public sealed class Section4_MessageTransmissionTests
{
    /// <summary>[C-101] Section 4.2 and 4.3, for every malformed datagram of the vectors.</summary>
    [Fact]
    public void Malformed_EveryVector_IsResetWhereConfirmableAndElseIgnoredAndCounted()
    {
        foreach (CoapVector vector in CoapVector.Load("datagram.json").Values.Where(vector => vector.Result != CoapReadStatus.Ok && vector.MaxTokenLength <= 8))
        {
            var layer = new LayerUnderTest();
            bool hasHeader = CoapHeader.TryRead(vector.Input, out CoapHeader header) == CoapReadStatus.Ok;

            Assert.Equal(CoapReceivedKind.None, layer.Receive(vector.Input).Kind);
            Assert.Equal(hasHeader && header.Type == CoapType.Confirmable ? [$"RST 0.00 {header.MessageId:x4}"] : [], layer.Sent());
            Assert.Equal(1, layer.Layer.Counters.Malformed(vector.Result));
            Assert.True(layer.Layer.IsEmpty);

            Assert.Equal(CoapReceivedKind.None, layer.Receive(vector.Input, multicast: true).Kind);
            Assert.Empty(layer.Sent());
        }
    }

    /// <summary>Section 4.2 and 4.8.2: 2, 4, 8, 16 seconds between transmissions, and MAX_TRANSMIT_WAIT until the end.</summary>
    [Fact]
    public void Confirmable_WithoutAcknowledgement_IsSentFiveTimesAndTimesOut()
    {
        var layer = new LayerUnderTest();
        layer.Request(Datagrams.Request(CoapCode.Get, "aa"), "mine");
        string message = Datagrams.Describe(layer.SentOne());

        Assert.Equal([$"2: {message}", $"6: {message}", $"14: {message}", $"30: {message}"], layer.Pass(61.999));
        Assert.Empty(layer.Ended());
        Assert.Empty(layer.Pass(0.001));
        Assert.Equal(["TimedOut mine"], layer.Ended());
        Assert.Equal(4, layer.Layer.Counters.Retransmissions);
        layer.AssertEmptyAtTheEnd();
    }

    [Fact]
    public void Timeout_First_LiesBetweenAckTimeoutAndRandomFactor()
    {
        var seen = new HashSet<TimeSpan>();
        for (byte entropy = 0; entropy < 50; entropy++)
        {
            var layer = new LayerUnderTest(new CoapMessageLayerOptions(), entropy);
            layer.Request(Datagrams.Request(CoapCode.Get, "aa"));
            TimeSpan first = layer.Layer.NextDeadline!.Value - layer.Now;
            Assert.InRange(first, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3));
            seen.Add(first);
        }

        Assert.True(seen.Count > 40);
        Assert.True(seen.Max() - seen.Min() > TimeSpan.FromSeconds(0.8));
    }

    [Fact]
    public void Parameters_Defaults_AreThoseOfTable2And3()
    {
        var options = new CoapMessageLayerOptions();

        Assert.Equal(TimeSpan.FromSeconds(45), options.MaxTransmitSpan);
        Assert.Equal(TimeSpan.FromSeconds(93), options.MaxTransmitWait);
        Assert.Equal(TimeSpan.FromSeconds(247), options.ExchangeLifetime);
        Assert.Equal(TimeSpan.FromSeconds(145), options.NonLifetime);
    }

    [Fact]
    public void Acknowledgement_Empty_StopsRetransmission()
    {
        var layer = new LayerUnderTest();
        layer.Request(Datagrams.Request(CoapCode.Get, "aa"));
        ushort id = LayerUnderTest.MessageIdOf(layer.SentOne());
        layer.Receive(Datagrams.Empty(CoapType.Acknowledgement, id));

        Assert.Empty(layer.Pass(100));
        Assert.Equal(CoapReceivedKind.Response, layer.Receive(Datagrams.Response(CoapCode.Content, "aa", CoapType.Confirmable, 7)).Kind);
        Assert.Equal(["ACK 0.00 0007"], layer.Sent());
        layer.AssertEmptyAtTheEnd();
    }

    [Fact]
    public void Reset_ToARequest_EndsItOnce()
    {
        foreach (CoapType type in new[] { CoapType.Confirmable, CoapType.NonConfirmable })
        {
            var layer = new LayerUnderTest();
            layer.Request(Datagrams.Request(CoapCode.Get, "aa", type), 5);
            ushort id = LayerUnderTest.MessageIdOf(layer.SentOne());

            Assert.Equal(CoapReceivedKind.None, layer.Receive(Datagrams.Empty(CoapType.Reset, id)).Kind);
            Assert.Equal(["Reset 5"], layer.Ended());
            Assert.Equal(CoapReceivedKind.Reset, layer.Receive(Datagrams.Empty(CoapType.Reset, id)).Kind);
            Assert.Empty(layer.Ended());
            layer.AssertEmptyAtTheEnd();
        }
    }

    [Fact]
    public void Ping_EmptyConfirmable_IsReset()
    {
        var layer = new LayerUnderTest();
        layer.Receive(Datagrams.Empty(CoapType.Confirmable, 0x1234));

        Assert.Equal(["RST 0.00 1234"], layer.Sent());
        layer.Receive(Datagrams.Empty(CoapType.Confirmable, 0x1234), multicast: true);
        Assert.Empty(layer.Sent());
        Assert.True(layer.Layer.IsEmpty);
    }

    [Fact]
    public void AcknowledgementAndReset_OfNothing_AreIgnored()
    {
        var layer = new LayerUnderTest();

        Assert.Equal(CoapReceivedKind.None, layer.Receive(Datagrams.Empty(CoapType.Acknowledgement, 1)).Kind);
        Assert.Equal(CoapReceivedKind.None, layer.Receive(Datagrams.Response(CoapCode.Content, "aa", CoapType.Acknowledgement, 1)).Kind);
        Assert.Equal(CoapReceivedKind.Reset, layer.Receive(Datagrams.Empty(CoapType.Reset, 1)).Kind);
        Assert.Empty(layer.Sent());
        Assert.Equal(3, layer.Layer.Counters.Unmatched);
    }

    [Fact]
    public void Peer_Other_CannotAcknowledgeOrReset()
    {
        var layer = new LayerUnderTest();
        layer.Request(Datagrams.Request(CoapCode.Get, "aa"));
        ushort id = LayerUnderTest.MessageIdOf(layer.SentOne());
        CoapPeerHandle other = layer.AddPeer();

        layer.Layer.OnDatagram(other, Datagrams.Empty(CoapType.Reset, id), layer.Now);
        layer.Layer.OnDatagram(other, Datagrams.Response(CoapCode.Content, "aa", CoapType.Acknowledgement, id), layer.Now);
        Assert.Equal(CoapReceivedKind.None, layer.Layer.OnDatagram(other, Datagrams.Response(CoapCode.Content, "aa", CoapType.NonConfirmable, 1), layer.Now).Kind);
        Assert.Equal(CoapReceivedKind.Response, layer.Receive(Datagrams.Response(CoapCode.Content, "aa", CoapType.Acknowledgement, id)).Kind);
    }

    /// <summary>[C-103] Section 4.5: the same acknowledgement again, and the request is not processed again.</summary>
    [Theory]
    [InlineData(CoapCode.Get)]
    [InlineData(CoapCode.Post)]
    public void Duplicate_Confirmable_GetsTheSameAcknowledgement(CoapCode method)
    {
        var layer = new LayerUnderTest();
        byte[] request = Datagrams.Request(method, "aa", messageId: 9);
        CoapExchangeHandle exchange = layer.ReceiveRequest(request);
        Assert.Equal(CoapReceivedKind.None, layer.Receive(request).Kind);
        Assert.Empty(layer.Sent());

        layer.Respond(exchange, Datagrams.Response(CoapCode.Changed, "aa", payload: [1, 2]));
        Assert.Equal(["ACK 2.04 0009 aa 0102"], layer.Sent());
        for (int i = 0; i < 3; i++)
        {
            layer.Pass(77);
            Assert.Equal(CoapReceivedKind.None, layer.Receive(request).Kind);
            Assert.Equal(["ACK 2.04 0009 aa 0102"], layer.Sent());
        }

        layer.Pass(1);
        layer.ReceiveRequest(request);
        Assert.Equal(4, layer.Layer.Counters.Duplicates);
    }

    [Fact]
    public void Duplicate_OfARejectedRequest_IsResetAgain()
    {
        var layer = new LayerUnderTest();
        byte[] request = Datagrams.Request(CoapCode.Post, "aa", messageId: 9);
        Assert.True(layer.Layer.Reject(layer.ReceiveRequest(request), layer.Now));
        layer.Receive(request);

        Assert.Equal(["RST 0.00 0009", "RST 0.00 0009"], layer.Sent());
        layer.AssertEmptyAtTheEnd();
    }

    /// <summary>[C-103] Section 4.3: a non-confirmable message is never acknowledged, nor one to a group, even where a confirmable one had the same message id.</summary>
    [Theory]
    [InlineData(CoapType.NonConfirmable, CoapCode.Get, false)]
    [InlineData(CoapType.NonConfirmable, CoapCode.Content, false)]
    [InlineData(CoapType.Confirmable, CoapCode.Get, true)]
    public void Duplicate_OfAnotherType_IsNotAcknowledged(CoapType type, CoapCode code, bool multicast)
    {
        var layer = new LayerUnderTest();
        layer.Respond(layer.ReceiveRequest(Datagrams.Request(CoapCode.Get, "aa", messageId: 9)), Datagrams.Response(CoapCode.Content, "aa"));
        layer.Sent();

        byte[] again = code == CoapCode.Get ? Datagrams.Request(code, "aa", type, 9) : Datagrams.Response(code, "aa", type, 9);

        Assert.Equal(CoapReceivedKind.None, layer.Receive(again, multicast).Kind);
        Assert.Empty(layer.Sent());
        Assert.Equal(1, layer.Layer.Counters.Duplicates);
    }

    [Fact]
    public void Duplicate_NonConfirmable_IsIgnored()
    {
        var layer = new LayerUnderTest();
        byte[] request = Datagrams.Request(CoapCode.Post, "aa", CoapType.NonConfirmable, 9);
        layer.Respond(layer.ReceiveRequest(request), Datagrams.Response(CoapCode.Changed, "aa"));
        Assert.StartsWith("NON 2.04 ", Assert.Single(layer.Sent()), StringComparison.Ordinal);

        Assert.Equal(CoapReceivedKind.None, layer.Receive(request).Kind);
        Assert.Empty(layer.Sent());
        layer.Pass(130);
        layer.ReceiveRequest(request);
    }

    [Fact]
    public void Duplicate_OfASeparateResponse_IsAcknowledgedAgainAndNotDelivered()
    {
        var layer = new LayerUnderTest();
        layer.Request(Datagrams.Request(CoapCode.Get, "aa"));
        layer.Sent();
        byte[] response = Datagrams.Response(CoapCode.Content, "aa", CoapType.Confirmable, 3);

        Assert.Equal(CoapReceivedKind.Response, layer.Receive(response).Kind);
        Assert.Equal(CoapReceivedKind.None, layer.Receive(response).Kind);
        Assert.Equal(["ACK 0.00 0003", "ACK 0.00 0003"], layer.Sent());
        layer.AssertEmptyAtTheEnd();
    }

    /// <summary>Section 4.4: from a random start, one after another.</summary>
    [Fact]
    public void MessageIds_ToOnePeer_FollowEachOtherFromARandomStart()
    {
        var starts = new HashSet<ushort>();
        for (byte entropy = 0; entropy < 20; entropy++)
        {
            var layer = new LayerUnderTest(entropy: entropy);
            ushort previous = SendNon(layer);
            starts.Add(previous);
            for (int i = 0; i < 100; i++)
            {
                ushort next = SendNon(layer);
                Assert.Equal(unchecked((ushort)(previous + 1)), next);
                previous = next;
            }
        }

        Assert.True(starts.Count > 15);
    }

    /// <summary>[C-108] Section 4.4: none is used twice within EXCHANGE_LIFETIME; when they run out, messages are refused or wait.</summary>
    [Fact]
    public void MessageIds_RunOut_AreUsedAgainOnlyAfterExchangeLifetime()
    {
        var layer = new LayerUnderTest();
        byte[] response = Datagrams.Response(CoapCode.Content, "aa");
        var ids = new HashSet<ushort>();
        while (layer.Layer.TrySendNonConfirmable(layer.Peer, response, layer.Now, out ushort id) == CoapSendStatus.Ok)
        {
            Assert.True(ids.Add(id));
            layer.Sent();
        }

        Assert.InRange(ids.Count, 61440, 65536);
        Assert.Equal(CoapSendStatus.Ok, layer.Layer.TrySendConfirmable(layer.Peer, response, "waits", layer.Now, out _));
        Assert.Empty(layer.Sent());
        Assert.Empty(layer.Pass(232));
        Assert.Equal(CoapSendStatus.NoMessageId, layer.Layer.TrySendNonConfirmable(layer.Peer, response, layer.Now, out _));
        Assert.Single(layer.Pass(2));
    }

    /// <summary>[C-107] Section 4.7.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void NStart_Reached_TheOthersWaitTheirTurn(int nstart)
    {
        var layer = new LayerUnderTest(new CoapMessageLayerOptions { NStart = nstart });
        for (int i = 0; i < 5; i++)
        {
            layer.Request(Datagrams.Request(CoapCode.Get, $"0{i}"));
        }

        List<byte[]> sent = layer.SentBytes();
        Assert.Equal(nstart, sent.Count);
        layer.Receive(Datagrams.Empty(CoapType.Acknowledgement, LayerUnderTest.MessageIdOf(sent[0])));
        Assert.EndsWith($" 0{nstart}", Assert.Single(layer.Sent()), StringComparison.Ordinal);
        CoapPeerHandle other = layer.AddPeer();
        Assert.Equal(CoapSendStatus.Ok, layer.Layer.TryRequest(other, Datagrams.Request(CoapCode.Get, "00"), false, null, null, layer.Now, out _));
        Assert.Single(layer.Sent());
    }

    /// <summary>Section 4.7: a silent peer gets PROBING_RATE bytes a second.</summary>
    [Fact]
    public void ProbingRate_SilentPeer_IsNotExceeded()
    {
        var layer = new LayerUnderTest(new CoapMessageLayerOptions { ProbingRate = 2 });
        byte[] request = Datagrams.Request(CoapCode.Get, "00", CoapType.NonConfirmable, payload: new byte[34]);
        Assert.Equal(40, request.Length);
        for (int i = 0; i < 4; i++)
        {
            request[4] = (byte)i;
            layer.Request(request);
        }

        Assert.Single(layer.Sent());
        Assert.Equal(["20", "40", "60"], layer.Pass(100).Select(text => text.Split(':')[0]));
    }

    [Fact]
    public void Unreachable_Peer_EndsEverythingUnderWayToIt()
    {
        var layer = new LayerUnderTest();
        layer.Request(Datagrams.Request(CoapCode.Get, "01"), 1);
        layer.Request(Datagrams.Request(CoapCode.Get, "02"), 2);
        layer.Layer.TrySendConfirmable(layer.Peer, Datagrams.Response(CoapCode.Content, "03"), 3, layer.Now, out _);
        CoapPeerHandle other = layer.AddPeer();
        layer.Layer.TryRequest(other, Datagrams.Request(CoapCode.Get, "01"), false, null, 4, layer.Now, out _);
        layer.Sent();

        layer.Layer.OnUnreachable(layer.Peer, layer.Now);
        Assert.Equal(["Unreachable 1", "Unreachable 2", "Unreachable 3"], layer.Ended().Order());
        Assert.Empty(layer.Sent());
        Assert.Equal(1, layer.Layer.SendCount);
        layer.Pass(100);
        Assert.Equal(["TimedOut 4"], layer.Ended());
        layer.AssertEmptyAtTheEnd();
    }

    private static ushort SendNon(LayerUnderTest layer)
    {
        Assert.Equal(CoapSendStatus.Ok, layer.Layer.TrySendNonConfirmable(layer.Peer, Datagrams.Response(CoapCode.Content, "aa"), layer.Now, out ushort id));
        Assert.Equal(id, LayerUnderTest.MessageIdOf(layer.SentOne()));
        return id;
    }
}

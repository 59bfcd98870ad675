using Flint.Coap.Tests.Exchange;

namespace Flint.Coap.Tests.Rfc7252;

/// <summary>RFC 7252 section 5.2 to 5.4: which response belongs to which request, and in which message it goes.</summary>
public sealed class Section5_RequestResponseTests
{
    /// <summary>[C-104] Section 5.3.2: message id and token of a piggybacked response.</summary>
    [Fact]
    public void Piggybacked_OtherTokenOrOtherId_IsNotTheResponse()
    {
        var layer = new LayerUnderTest();
        layer.Request(Datagrams.Request(CoapCode.Get, "aabb"), "mine");
        byte[] sent = layer.SentOne();
        ushort id = LayerUnderTest.MessageIdOf(sent);

        Assert.Equal(CoapReceivedKind.None, layer.Receive(Datagrams.Response(CoapCode.Content, "aabc", messageId: id)).Kind);
        Assert.Equal(CoapReceivedKind.None, layer.Receive(Datagrams.Response(CoapCode.Content, "", messageId: id)).Kind);
        Assert.Equal(CoapReceivedKind.None, layer.Receive(Datagrams.Response(CoapCode.Content, "aabb", messageId: (ushort)(id ^ 1))).Kind);
        Assert.Equal(["2: " + Datagrams.Describe(sent)], layer.Pass(3));

        CoapReceived received = layer.Receive(Datagrams.Response(CoapCode.Content, "aabb", messageId: id, payload: [7]));
        Assert.Equal(CoapReceivedKind.Response, received.Kind);
        Assert.Equal("mine", received.State);
        Assert.Equal([7], received.Message.Payload.ToArray());
        Assert.Empty(layer.Sent());
        layer.AssertEmptyAtTheEnd();
    }

    /// <summary>The empty token is a token (section 5.3.1).</summary>
    [Fact]
    public void Token_Empty_MatchesAndIsUnique()
    {
        var layer = new LayerUnderTest();
        layer.Request(Datagrams.Request(CoapCode.Get, "", CoapType.NonConfirmable));
        Assert.Equal(
            CoapSendStatus.TokenInUse,
            layer.Layer.TryRequest(layer.Peer, Datagrams.Request(CoapCode.Put, ""), false, null, null, layer.Now, out _));
        Assert.Equal(CoapReceivedKind.None, layer.Receive(Datagrams.Response(CoapCode.Content, "00", CoapType.NonConfirmable, 5)).Kind);
        Assert.Equal(CoapReceivedKind.Response, layer.Receive(Datagrams.Response(CoapCode.Content, "", CoapType.NonConfirmable, 6)).Kind);
        Assert.Equal(CoapReceivedKind.None, layer.Receive(Datagrams.Response(CoapCode.Content, "", CoapType.NonConfirmable, 7)).Kind);
    }

    /// <summary>Section 5.2.2: a separate response before the acknowledgement counts as one.</summary>
    [Fact]
    public void Separate_BeforeTheAcknowledgement_EndsTheRetransmissions()
    {
        var layer = new LayerUnderTest();
        layer.Request(Datagrams.Request(CoapCode.Get, "aa"));
        ushort id = LayerUnderTest.MessageIdOf(layer.SentOne());

        Assert.Equal(CoapReceivedKind.Response, layer.Receive(Datagrams.Response(CoapCode.Content, "aa", CoapType.NonConfirmable, 1)).Kind);
        layer.Receive(Datagrams.Empty(CoapType.Acknowledgement, id));
        Assert.Empty(layer.Pass(100));
        layer.AssertEmptyAtTheEnd();
    }

    [Fact]
    public void Response_ToNothing_IsResetWhereConfirmable()
    {
        var layer = new LayerUnderTest();
        layer.Receive(Datagrams.Response(CoapCode.Content, "aa", CoapType.Confirmable, 1));
        layer.Receive(Datagrams.Response(CoapCode.Content, "aa", CoapType.NonConfirmable, 2));
        layer.Receive(Datagrams.Response(CoapCode.Content, "aa", CoapType.NonConfirmable, 3, null, (CoapOptionNumber.Observe, 1)));
        layer.Receive(Datagrams.Response(CoapCode.Content, "aa", CoapType.Confirmable, 4), multicast: true);

        Assert.Equal(["RST 0.00 0001", "RST 0.00 0003"], layer.Sent());
    }

    [Fact]
    public void Response_AfterCancel_IsReset()
    {
        var layer = new LayerUnderTest();
        CoapSendHandle request = layer.Request(Datagrams.Request(CoapCode.Get, "aa"));
        layer.Receive(Datagrams.Empty(CoapType.Acknowledgement, LayerUnderTest.MessageIdOf(layer.SentOne())));
        Assert.True(layer.Layer.Cancel(request, layer.Now));
        Assert.False(layer.Layer.Cancel(request, layer.Now));

        Assert.Equal(CoapReceivedKind.None, layer.Receive(Datagrams.Response(CoapCode.Content, "aa", CoapType.Confirmable, 8)).Kind);
        Assert.Equal(["RST 0.00 0008"], layer.Sent());
        Assert.Empty(layer.Ended());
    }

    /// <summary>Section 5.2.1 and 5.2.2: piggybacked while there is time.</summary>
    [Fact]
    public void Handler_Quick_AnswersInTheAcknowledgement()
    {
        var layer = new LayerUnderTest();
        CoapExchangeHandle exchange = layer.ReceiveRequest(Datagrams.Request(CoapCode.Get, "aa", messageId: 5));
        Assert.Empty(layer.Pass(0.4));
        Assert.Equal(CoapSendStatus.Ok, layer.Respond(exchange, Datagrams.Response(CoapCode.Content, "aa", CoapType.NonConfirmable, 99)));

        Assert.Equal(["ACK 2.05 0005 aa"], layer.Sent());
        Assert.Equal(CoapSendStatus.UnknownExchange, layer.Respond(exchange, Datagrams.Response(CoapCode.Content, "aa")));
        Assert.Empty(layer.Pass(100));
        layer.AssertEmptyAtTheEnd();
    }

    [Fact]
    public void Handler_Slow_IsAcknowledgedAndAnswersByItself()
    {
        var layer = new LayerUnderTest();
        byte[] request = Datagrams.Request(CoapCode.Post, "aa", messageId: 5);
        CoapExchangeHandle exchange = layer.ReceiveRequest(request);
        Assert.Equal(["0.5: ACK 0.00 0005"], layer.Pass(10));
        layer.Receive(request);
        Assert.Equal(["ACK 0.00 0005"], layer.Sent());

        layer.Respond(exchange, Datagrams.Response(CoapCode.Changed, "aa"));
        byte[] response = layer.SentOne();
        Assert.StartsWith("CON 2.04 ", Datagrams.Describe(response), StringComparison.Ordinal);
        Assert.Equal([$"2: {Datagrams.Describe(response)}"], layer.Pass(3));
        layer.Receive(request);
        Assert.Equal(["ACK 0.00 0005"], layer.Sent());
        layer.Receive(Datagrams.Empty(CoapType.Acknowledgement, LayerUnderTest.MessageIdOf(response)));
        Assert.Empty(layer.Pass(200));
        Assert.Empty(layer.Ended());
        layer.AssertEmptyAtTheEnd();
    }

    [Fact]
    public void Handler_KnownToBeSlow_AcknowledgesAtOnce()
    {
        var layer = new LayerUnderTest();
        CoapExchangeHandle exchange = layer.ReceiveRequest(Datagrams.Request(CoapCode.Get, "aa", messageId: 5));

        Assert.True(layer.Layer.Acknowledge(exchange));
        Assert.False(layer.Layer.Acknowledge(exchange));
        Assert.Equal(["ACK 0.00 0005"], layer.Sent());
        Assert.Empty(layer.Pass(10));
    }

    [Fact]
    public void NoResponse_Confirmable_IsAcknowledgedOnly()
    {
        var layer = new LayerUnderTest();
        byte[] request = Datagrams.Request(CoapCode.Post, "aa", messageId: 5);
        Assert.True(layer.Layer.RespondNothing(layer.ReceiveRequest(request), layer.Now));
        layer.Receive(request);
        Assert.Equal(["ACK 0.00 0005", "ACK 0.00 0005"], layer.Sent());

        Assert.True(layer.Layer.RespondNothing(layer.ReceiveRequest(Datagrams.Request(CoapCode.Post, "aa", CoapType.NonConfirmable, 6)), layer.Now));
        Assert.Empty(layer.Sent());
        layer.AssertEmptyAtTheEnd();
    }

    [Fact]
    public void SeparateResponse_Reset_EndsIt()
    {
        var layer = new LayerUnderTest();
        Assert.Equal(CoapSendStatus.Ok, layer.Layer.TrySendConfirmable(layer.Peer, Datagrams.Response(CoapCode.Content, "aa"), "it", layer.Now, out _));
        layer.Receive(Datagrams.Empty(CoapType.Reset, LayerUnderTest.MessageIdOf(layer.SentOne())));

        Assert.Equal(["Reset it"], layer.Ended());
        Assert.Empty(layer.Pass(100));
    }

    /// <summary>[C-105] Section 5.4.1.</summary>
    [Fact]
    public void CriticalOption_UnknownInAResponse_RejectsIt()
    {
        foreach (CoapType type in new[] { CoapType.Acknowledgement, CoapType.Confirmable, CoapType.NonConfirmable })
        {
            var layer = new LayerUnderTest();
            layer.Request(Datagrams.Request(CoapCode.Get, "aa"));
            ushort id = type == CoapType.Acknowledgement ? LayerUnderTest.MessageIdOf(layer.SentOne()) : (ushort)77;
            layer.Sent();

            Assert.Equal(CoapReceivedKind.None, layer.Receive(Datagrams.Response(CoapCode.Content, "aa", type, id, null, ((CoapOptionNumber)9999, 1))).Kind);
            Assert.Equal(["UnrecognizedOption"], layer.Ended());
            Assert.Equal(type == CoapType.Confirmable ? ["RST 0.00 004d"] : [], layer.Sent());
            layer.AssertEmptyAtTheEnd();
        }
    }

    [Fact]
    public void Request_Unanswered_EndsAtItsTimeout()
    {
        var layer = new LayerUnderTest();
        layer.Request(Datagrams.Request(CoapCode.Get, "aa"), "short", timeout: TimeSpan.FromSeconds(5));
        layer.Request(Datagrams.Request(CoapCode.Get, "bb"), "queued", timeout: TimeSpan.FromSeconds(3));
        Assert.Single(layer.Sent());
        layer.Pass(3);
        Assert.Equal(["NoResponse queued"], layer.Ended());
        layer.Pass(2);
        Assert.Equal(["NoResponse short"], layer.Ended());

        layer.Request(Datagrams.Request(CoapCode.Get, "cc", CoapType.NonConfirmable), "non");
        Assert.Single(layer.Sent());
        layer.Pass(129.9);
        Assert.Empty(layer.Ended());
        layer.Pass(0.1);
        Assert.Equal(["NoResponse non"], layer.Ended());
        layer.AssertEmptyAtTheEnd();
    }

    [Fact]
    public void KeptOpen_Request_TakesManyResponsesAndCanBeRepeated()
    {
        var layer = new LayerUnderTest();
        CoapSendHandle handle = layer.Request(Datagrams.Request(CoapCode.Get, "aa"), "observation", keepOpen: true);
        ushort id = LayerUnderTest.MessageIdOf(layer.SentOne());
        Assert.False(layer.Layer.TryRepeat(handle, Datagrams.Request(CoapCode.Get, "aa"), true, null, layer.Now));
        Assert.Equal(CoapReceivedKind.Notification, layer.Receive(Datagrams.Response(CoapCode.Content, "aa", messageId: id)).Kind);
        layer.Pass(100000);
        Assert.Equal(CoapReceivedKind.Notification, layer.Receive(Datagrams.Response(CoapCode.Content, "aa", CoapType.Confirmable, 1)).Kind);
        Assert.Equal(["ACK 0.00 0001"], layer.Sent());

        Assert.False(layer.Layer.TryRepeat(handle, Datagrams.Request(CoapCode.Get, "ab"), true, null, layer.Now));
        Assert.True(layer.Layer.TryRepeat(handle, Datagrams.Request(CoapCode.Get, "aa"), false, null, layer.Now));
        byte[] repeated = layer.SentOne();
        Assert.Equal(["2: " + Datagrams.Describe(repeated)], layer.Pass(2));
        CoapReceived last = layer.Receive(Datagrams.Response(CoapCode.Content, "aa", messageId: LayerUnderTest.MessageIdOf(repeated)));
        Assert.Equal(CoapReceivedKind.Response, last.Kind);
        Assert.Equal(handle, last.Sent);
        Assert.Empty(layer.Ended());
        layer.AssertEmptyAtTheEnd();
    }

    [Fact]
    public void Replaced_Response_GoesOutWithANewIdAndTheOldAttempts()
    {
        var layer = new LayerUnderTest();
        layer.Layer.TrySendConfirmable(layer.Peer, Datagrams.Response(CoapCode.Content, "aa", payload: [1]), "n", layer.Now, out CoapSendHandle handle);
        ushort id = LayerUnderTest.MessageIdOf(layer.SentOne());
        Assert.True(layer.Layer.TryReplace(handle, Datagrams.Response(CoapCode.Content, "aa", payload: [2])));
        ushort next = (ushort)(id + 1);

        Assert.Equal([$"2: CON 2.05 {next:x4} aa 02", $"6: CON 2.05 {next:x4} aa 02", $"14: CON 2.05 {next:x4} aa 02", $"30: CON 2.05 {next:x4} aa 02"], layer.Pass(100));
        Assert.Equal(["TimedOut n"], layer.Ended());

        layer.Layer.TrySendConfirmable(layer.Peer, Datagrams.Response(CoapCode.Content, "aa", payload: [1]), "n", layer.Now, out handle);
        id = LayerUnderTest.MessageIdOf(layer.SentOne());
        Assert.True(layer.Layer.TryReplace(handle, Datagrams.Response(CoapCode.Content, "aa", payload: [2])));
        layer.Receive(Datagrams.Empty(CoapType.Acknowledgement, id));
        Assert.Equal(["AcknowledgedBeforeReplacement n"], layer.Ended());
        Assert.False(layer.Layer.TryReplace(handle, Datagrams.Response(CoapCode.Content, "aa")));
    }

    [Fact]
    public void Messages_OfTheWrongKind_AreTheCallersBug()
    {
        var layer = new LayerUnderTest();
        CoapExchangeHandle exchange = layer.ReceiveRequest(Datagrams.Request(CoapCode.Get, "aa"));

        Assert.Throws<ArgumentException>(() => layer.Respond(exchange, Datagrams.Request(CoapCode.Get, "aa")));
        Assert.Throws<ArgumentException>(() => layer.Respond(exchange, [0x40]));
        Assert.Throws<ArgumentException>(() => layer.Request(Datagrams.Response(CoapCode.Content, "aa")));
        Assert.Throws<ArgumentException>(() => layer.Request(Datagrams.Request(CoapCode.Get, "aa", CoapType.Acknowledgement)));
        Assert.Throws<ArgumentException>(() => layer.Request([0x48, 1, 0, 0]));
        Assert.Equal(CoapSendStatus.MessageTooLarge, layer.Respond(exchange, Datagrams.Response(CoapCode.Content, "aa", payload: new byte[1200])));
        Assert.Equal(CoapSendStatus.Ok, layer.Respond(exchange, Datagrams.Response(CoapCode.Content, "aa")));
    }
}

using Flint.Coap.Tests.Exchange;

namespace Flint.Coap.Tests.Rfc7252;

/// <summary>RFC 7252 section 8: requests to groups.</summary>
public sealed class Section8_MulticastTests
{
    /// <summary>[C-109] Section 8.2: each response after its own leisure, none in an acknowledgement.</summary>
    [Fact]
    public void Response_ToAMulticastRequest_WaitsForItsLeisure()
    {
        var delays = new HashSet<double>();
        for (byte entropy = 0; entropy < 30; entropy++)
        {
            var layer = new LayerUnderTest(entropy: entropy);
            CoapReceived received = layer.Receive(Datagrams.Request(CoapCode.Get, "aa", CoapType.NonConfirmable, 7), multicast: true);
            Assert.Equal(CoapReceivedKind.Request, received.Kind);
            Assert.Equal(CoapSendStatus.Ok, layer.Respond(received.Exchange, Datagrams.Response(CoapCode.Content, "aa")));
            Assert.Empty(layer.Sent());
            string sent = Assert.Single(layer.Pass(5));
            Assert.Contains(": NON 2.05 ", sent, StringComparison.Ordinal);
            delays.Add(double.Parse(sent.Split(':')[0]));
            Assert.Empty(layer.Ended());
            layer.AssertEmptyAtTheEnd();
        }

        Assert.True(delays.Count > 25);
        Assert.True(delays.Max() - delays.Min() > 3);
    }

    [Fact]
    public void Request_ByMulticast_IsNeverAcknowledgedResetOrRefused()
    {
        var layer = new LayerUnderTest(new CoapMessageLayerOptions { MaxExchangesPerPeer = 1 });
        CoapReceived received = layer.Receive(Datagrams.Request(CoapCode.Get, "aa", CoapType.Confirmable, 1), multicast: true);
        Assert.Equal(CoapReceivedKind.None, layer.Receive(Datagrams.Request(CoapCode.Get, "bb", CoapType.Confirmable, 2), multicast: true).Kind);
        Assert.Empty(layer.Pass(10));
        Assert.True(layer.Layer.Reject(received.Exchange, layer.Now));
        Assert.Empty(layer.Sent());
        Assert.Equal(1, layer.Layer.Counters.Refused);
    }

    /// <summary>Every answer is told, whoever sends it, until the time-out.</summary>
    [Fact]
    public void Request_ToAGroup_TakesTheResponsesOfAll()
    {
        var layer = new LayerUnderTest();
        Assert.True(layer.Layer.TryAddGroup(layer.Now, out CoapPeerHandle group));
        Assert.Equal(
            CoapSendStatus.Ok,
            layer.Layer.TryRequest(group, Datagrams.Request(CoapCode.Get, "aa", CoapType.NonConfirmable), false, TimeSpan.FromSeconds(20), "discovery", layer.Now, out _));
        Assert.Single(layer.Sent());
        for (int i = 0; i < 5; i++)
        {
            layer.Pass(1);
            CoapPeerHandle peer = layer.AddPeer();
            byte[] response = Datagrams.Response(CoapCode.Content, "aa", i == 4 ? CoapType.Confirmable : CoapType.NonConfirmable, 9);
            CoapReceived received = layer.Layer.OnDatagram(peer, response, layer.Now);
            Assert.Equal((CoapReceivedKind.Notification, "discovery"), (received.Kind, received.State));
            Assert.Equal(CoapReceivedKind.None, layer.Layer.OnDatagram(peer, response, layer.Now).Kind);
            Assert.Equal(CoapReceivedKind.None, layer.Layer.OnDatagram(peer, Datagrams.Response(CoapCode.Content, "ab", CoapType.NonConfirmable, 10), layer.Now).Kind);
        }

        Assert.Equal(["ACK 0.00 0009", "ACK 0.00 0009"], layer.Sent());
        Assert.Equal(CoapSendStatus.TokenInUse, layer.Layer.TryRequest(layer.Peer, Datagrams.Request(CoapCode.Get, "aa"), false, null, null, layer.Now, out _));
        Assert.Empty(layer.Pass(14.9));
        Assert.Empty(layer.Ended());
        layer.Pass(0.1);
        Assert.Equal(["NoResponse discovery"], layer.Ended());
        Assert.Equal(
            CoapReceivedKind.None,
            layer.Layer.OnDatagram(layer.Peer, Datagrams.Response(CoapCode.Content, "aa", CoapType.NonConfirmable, 9), layer.Now).Kind);
        layer.AssertEmptyAtTheEnd();
    }

    [Fact]
    public void Request_ConfirmableToAGroup_IsTheCallersBug()
    {
        var layer = new LayerUnderTest();
        Assert.True(layer.Layer.TryAddGroup(layer.Now, out CoapPeerHandle group));
        Assert.Throws<ArgumentException>(
            () => layer.Layer.TryRequest(group, Datagrams.Request(CoapCode.Get, "aa"), false, null, null, layer.Now, out _));
    }
}

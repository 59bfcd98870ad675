using System.Net;

namespace Flint.Coap.Tests.Rfc8768;

public sealed class HopLimitTests
{
    /// <summary>Section 3: "CoAP messages received with a Hop-Limit option set to '0' or greater than '255' MUST be rejected".</summary>
    [Theory]
    [InlineData("00", CoapCode.BadRequest)]
    [InlineData("", CoapCode.BadRequest)]
    [InlineData("0100", CoapCode.BadRequest)]
    [InlineData("01", CoapCode.Content)]
    [InlineData("ff", CoapCode.Content)]
    public async Task Server_GivenAHopLimit_RejectsOnlyWhatIsNone(string value, CoapCode expected)
    {
        CoapRouter router = new CoapRouter().MapGet("/x", _ => CoapResponse.Content("x"));
        await using CoapServer server = CoapServer.Start(router.HandleAsync, new() { Udp = new IPEndPoint(IPAddress.Loopback, 0), Tcp = new IPEndPoint(IPAddress.Loopback, 0) });
        foreach (string uri in (string[])[$"coap://{server.UdpEndPoint}", $"coap+tcp://{server.TcpEndPoint}"])
        {
            await using CoapClient client = await CoapClient.ConnectAsync(new Uri(uri));
            var request = new CoapRequest(CoapCode.Get, "/x");
            request.Options.Add(CoapOptionNumber.HopLimit, Convert.FromHexString(value));

            Assert.Equal(expected, (await client.SendAsync(request)).Code);
        }
    }

    [Fact]
    public void Forwarder_ReachingZero_AnswersHopLimitReached()
    {
        var request = new CoapRequest(CoapCode.Get, "/x") { HopLimit = 1 };

        Assert.False(CoapHopLimit.TryForward(request.Options, "p11.example.net", out CoapResponse? refusal));
        Assert.Equal(CoapCode.HopLimitReached, refusal!.Code);
        Assert.Equal("p11.example.net", refusal.GetText());
    }

    [Fact]
    public void Forwarder_GivenZero_AnswersBadRequest()
    {
        var request = new CoapRequest(CoapCode.Get, "/x");
        request.Options.Add(CoapOptionNumber.HopLimit, [0]);

        Assert.False(CoapHopLimit.TryForward(request.Options, "p", out CoapResponse? refusal));
        Assert.Equal(CoapCode.BadRequest, refusal!.Code);
    }

    [Fact]
    public void Forwarders_CountDownFromTheDefault()
    {
        var request = new CoapRequest(CoapCode.Get, "/x");
        Assert.Null(request.HopLimit);
        for (int left = CoapHopLimit.Default; left > 0; left--)
        {
            Assert.True(CoapHopLimit.TryForward(request.Options, "p", out _));
            Assert.Equal((byte)left, request.HopLimit);
        }

        Assert.False(CoapHopLimit.TryForward(request.Options, "p", out _));
    }

    /// <summary>Section 4.</summary>
    [Fact]
    public void Forwarder_OnTheWayBack_PrependsItsNameWhereThereIsRoom()
    {
        CoapResponse response = CoapResponse.Error(CoapCode.HopLimitReached, "p2 p3");

        CoapHopLimit.PrependTo(response, "p1", 8);
        Assert.Equal("p1 p2 p3", response.GetText());
        CoapHopLimit.PrependTo(response, "p0", 10);
        Assert.Equal("p1 p2 p3", response.GetText());

        CoapResponse other = CoapResponse.Content("x");
        CoapHopLimit.PrependTo(other, "p1", 100);
        Assert.Equal("x", other.GetText());
    }

    [Fact]
    public void Misuse_IsTheCallersBug()
    {
        Assert.Throws<ArgumentException>(() => CoapHopLimit.TryForward(new CoapOptionList(), "a b", out _));
        Assert.Throws<ArgumentException>(() => CoapHopLimit.TryForward(new CoapOptionList(), "", out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => CoapHopLimit.TryForward(new CoapOptionList(), "p", out _, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new CoapRequest(CoapCode.Get, "/") { HopLimit = 0 });
    }
}

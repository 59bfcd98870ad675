using System.Text;

namespace Flint.Coap.Tests.Interop;

/// <summary>Our client against libcoap's server. The names of the ETSI scenarios stand where a test covers one.</summary>
public sealed class LibCoapServerTests
{
    /// <summary>TD_COAP_CORE_01 and TD_COAP_CORE_05: GET, confirmable and not.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Get_OverUdp(bool confirmable)
    {
        LibCoapProgram.Require();
        using LibCoapProgram.RunningServer server = await LibCoapProgram.ServerAsync();
        await using CoapClient client = await CoapClient.ConnectAsync(server.Udp);

        CoapResponse response = await client.SendAsync(new CoapRequest(CoapCode.Get, "/") { IsConfirmable = confirmable });

        Assert.Equal(CoapCode.Content, response.Code);
        Assert.Contains("This is a test server made with libcoap", response.GetText(), StringComparison.Ordinal);
    }

    /// <summary>TD_COAP_CORE_02 to 04: PUT, GET and DELETE of a resource that the request makes.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PutGetDelete(bool tcp)
    {
        LibCoapProgram.Require();
        using LibCoapProgram.RunningServer server = await LibCoapProgram.ServerAsync();
        await using CoapClient client = await CoapClient.ConnectAsync(tcp ? server.Tcp : server.Udp);

        Assert.Equal(CoapCode.Created, (await client.PutAsync("/made", "one"u8.ToArray(), CoapContentFormat.TextPlain)).Code);
        Assert.Equal("one", (await client.GetAsync("/made")).GetText());
        Assert.Equal(CoapCode.Changed, (await client.PutAsync("/made", "two"u8.ToArray(), CoapContentFormat.TextPlain)).Code);
        Assert.Equal("two", (await client.GetAsync("/made")).GetText());
        Assert.Equal(CoapCode.Deleted, (await client.DeleteAsync("/made")).Code);
        Assert.Equal(CoapCode.NotFound, (await client.GetAsync("/made")).Code);
    }

    /// <summary>TD_COAP_CORE_09: a separate response.</summary>
    [Fact]
    public async Task SeparateResponse()
    {
        LibCoapProgram.Require();
        using LibCoapProgram.RunningServer server = await LibCoapProgram.ServerAsync();
        await using CoapClient client = await CoapClient.ConnectAsync(server.Udp);

        Assert.Equal("done", (await client.GetAsync("/async?1")).GetText());
    }

    /// <summary>TD_COAP_LINK_01: /.well-known/core, over both transports.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WellKnownCore(bool tcp)
    {
        LibCoapProgram.Require();
        using LibCoapProgram.RunningServer server = await LibCoapProgram.ServerAsync();
        await using CoapClient client = await CoapClient.ConnectAsync(tcp ? server.Tcp : server.Udp);

        CoapResponse response = await client.GetAsync("/.well-known/core");

        Assert.Equal(CoapContentFormat.LinkFormat, response.ContentFormat);
        Assert.Contains("</time>;if=\"clock\"", response.GetText(), StringComparison.Ordinal);
    }

    /// <summary>TD_COAP_BLOCK_01 and TD_COAP_BLOCK_03: bodies of 5 kB and 100 kB, there and back.</summary>
    [Theory]
    [InlineData(5_000)]
    [InlineData(100_000)]
    public async Task LargeBody_ThereAndBack(int length)
    {
        LibCoapProgram.Require();
        using LibCoapProgram.RunningServer server = await LibCoapProgram.ServerAsync();
        await using CoapClient client = await CoapClient.ConnectAsync(server.Udp);
        byte[] body = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, length / 10).Select(i => $"{i:000000000}\n")));

        CoapResponse put = await client.PutAsync("/example_data", body, CoapContentFormat.TextPlain);

        Assert.True(put.Code.IsSuccess(), put.Code.ToDotted() + " " + put.GetText());
        Assert.Equal(body, (await client.GetAsync("/example_data")).Payload.ToArray());
    }

    /// <summary>TD_COAP_OBS_01 and TD_COAP_OBS_04, over both transports: notifications each second, then the observer leaves.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Observe(bool tcp)
    {
        LibCoapProgram.Require();
        using LibCoapProgram.RunningServer server = await LibCoapProgram.ServerAsync();
        await using CoapClient client = await CoapClient.ConnectAsync(tcp ? server.Tcp : server.Udp);
        var seen = new List<string>();

        await foreach (CoapResponse change in client.ObserveAsync("/time"))
        {
            seen.Add(change.GetText());
            if (seen.Count == 3)
            {
                break;
            }
        }

        Assert.Equal(3, seen.Distinct().Count());
        Assert.Equal(CoapCode.Content, (await client.GetAsync("/time")).Code);
    }

    /// <summary>libcoap repeats the option in its 4.02; a response with a critical option that is not understood is rejected in its turn (RFC 7252 section 5.4.1).</summary>
    [Fact]
    public async Task UnknownCriticalOption_IsRefusedAndTheRefusalRejected()
    {
        LibCoapProgram.Require();
        using LibCoapProgram.RunningServer server = await LibCoapProgram.ServerAsync();
        await using CoapClient client = await CoapClient.ConnectAsync(server.Udp);
        var request = new CoapRequest(CoapCode.Get, "/time");
        request.Options.Add((CoapOptionNumber)65001, "x");

        Assert.Equal(CoapError.UnrecognizedOption, (await Assert.ThrowsAsync<CoapException>(() => client.SendAsync(request))).Error);
    }

    /// <summary>TD_COAP_CORE_10 and following under loss: a third of the server's datagrams is dropped.</summary>
    [Fact]
    public async Task Get_WithLoss()
    {
        LibCoapProgram.Require();
        using LibCoapProgram.RunningServer server = await LibCoapProgram.ServerAsync("-l", "30%");
        await using CoapClient client = await CoapClient.ConnectAsync(
            server.Udp, new() { Udp = new() { MessageLayer = new() { AckTimeout = TimeSpan.FromMilliseconds(100), AcknowledgementDelay = TimeSpan.FromMilliseconds(50), MaxRetransmit = 8 } } });

        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(CoapCode.Content, (await client.GetAsync("/time")).Code);
        }
    }
}

using System.Net;
using System.Net.Sockets;
using Flint.Testing;

namespace Flint.Coap.Tests.Interop;

/// <summary>Our client against libcoap's server: the ETSI scenarios by name. docs/interop.md lists them.</summary>
public sealed class EtsiServerTests : IAsyncLifetime
{
    private LibCoapProgram.RunningServer? _server;
    private CoapClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        LibCoapProgram.Require();
        _server = await LibCoapProgram.ServerAsync();
        _client = await CoapClient.ConnectAsync(_server.Udp);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _client.DisposeAsync();
            _server.Dispose();
        }
    }

    /// <summary>01 GET, 02 DELETE, 03 PUT, 04 POST, confirmable; 05 to 08 the same, non-confirmable.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CORE_01_to_08_Methods(bool confirmable)
    {
        Task<CoapResponse> SendAsync(CoapCode method, string body = "") =>
            _client.SendAsync(new CoapRequest(method, "/made") { IsConfirmable = confirmable, Payload = System.Text.Encoding.UTF8.GetBytes(body) });

        Assert.Equal(CoapCode.Created, (await SendAsync(CoapCode.Put, "one")).Code);
        Assert.Equal("one", (await SendAsync(CoapCode.Get)).GetText());
        Assert.Equal(CoapCode.Changed, (await SendAsync(CoapCode.Post, "two")).Code);
        Assert.Equal("two", (await SendAsync(CoapCode.Get)).GetText());
        Assert.Equal(CoapCode.Deleted, (await SendAsync(CoapCode.Delete)).Code);
        Assert.Equal(CoapCode.NotFound, (await SendAsync(CoapCode.Get)).Code);
    }

    /// <summary>09 a separate response, 11 with a token (ours always has one), 17 to a non-confirmable request.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CORE_09_11_17_SeparateResponse(bool confirmable) =>
        Assert.Equal("done", (await _client.SendAsync(new CoapRequest(CoapCode.Get, "/async?1") { IsConfirmable = confirmable })).GetText());

    /// <summary>12: the empty token is a token.</summary>
    [Fact]
    public async Task CORE_12_EmptyToken()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(IPAddress.Loopback, _server!.Port);
        var layer = new CoapMessageLayer(new CoapMessageLayerOptions(), [.. Enumerable.Range(0, 16).Select(i => (byte)i)]);
        layer.TryAddPeer(TimeSpan.Zero, out CoapPeerHandle peer);
        Assert.Equal(CoapSendStatus.Ok, layer.TryRequest(peer, Convert.FromHexString("40010000b474696d65"), false, null, "state", TimeSpan.Zero, out _));
        Assert.True(layer.TryTakeDatagram(out _, out ReadOnlyMemory<byte> request));
        var buffer = new byte[1500];
        await socket.SendAsync(request);
        int length = await socket.ReceiveAsync(buffer).WaitAsync(Eventually.Limit);

        CoapReceived received = layer.OnDatagram(peer, buffer.AsSpan(0, length), TimeSpan.FromMilliseconds(10));

        Assert.Equal(CoapReceivedKind.Response, received.Kind);
        Assert.Equal(CoapCode.Content, received.Message.Code);
        Assert.Equal(0, received.Message.Token.Length);
    }

    /// <summary>13 several Uri-Path options in the request, 18 as many Location-Path options in the response.</summary>
    [Fact]
    public async Task CORE_13_18_SeveralSegments()
    {
        CoapResponse response = await _client.PostAsync("/seg1/seg2/seg3", "x"u8.ToArray());

        Assert.Equal(CoapCode.Created, response.Code);
        Assert.Equal(["8: 73656731", "8: 73656732", "8: 73656733"], Messages.Describe(response.Options.View));
        Assert.Equal("x", (await _client.GetAsync("/seg1/seg2/seg3")).GetText());
    }

    /// <summary>31: an empty confirmable message is answered by a reset.</summary>
    [Fact]
    public async Task CORE_31_Ping()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(IPAddress.Loopback, _server!.Port);
        var buffer = new byte[16];
        Task<int> answer = socket.ReceiveAsync(buffer);
        for (int i = 0; i < 30 && !answer.IsCompleted; i++)
        {
            await socket.SendAsync(new byte[] { 0x40, 0x00, 0x12, 0x34 });
            await Task.WhenAny(answer, Task.Delay(1000));
        }

        Assert.True(answer.IsCompleted, "thirty pings without an answer");
        int length = await answer;

        Assert.Equal(CoapReadStatus.Ok, CoapMessageReader.TryRead(buffer.AsSpan(0, length), out CoapMessageReader message));
        Assert.Equal((CoapType.Reset, CoapCode.Empty, 0x1234), (message.Type, message.Code, (int)message.MessageId));
    }

    /// <summary>LINK 01 everything, 02 by rt, 05 by if, 07 by href, 08 by the beginning of an href.</summary>
    [Theory]
    [InlineData("", "</>", "</time>", "</example_data>")]
    [InlineData("?rt=ticks", "</time>")]
    [InlineData("?if=clock", "</time>")]
    [InlineData("?href=/time", "</time>")]
    [InlineData("?href=/t*", "</time>")]
    public async Task LINK_01_to_08_Filters(string filter, params string[] links)
    {
        CoapResponse response = await _client.GetAsync("/.well-known/core" + filter);

        Assert.Equal(CoapCode.Content, response.Code);
        Assert.Equal(CoapContentFormat.LinkFormat, response.ContentFormat);
        Assert.All(links, link => Assert.Contains(link, response.GetText(), StringComparison.Ordinal));
        Assert.Equal(links.Length == 3, response.GetText().Contains("</async>", StringComparison.Ordinal));
    }

    /// <summary>LINK 03: a value that matches nothing.</summary>
    [Fact]
    public async Task LINK_03_NothingMatches() => Assert.Equal(0, (await _client.GetAsync("/.well-known/core?rt=none")).Payload.Length);

    /// <summary>BLOCK 01 and 02 GET, 03 PUT; 5 kB and 1 MB over both transports.</summary>
    [Theory]
    [InlineData(false, 5_000)]
    [InlineData(false, 1_000_000)]
    [InlineData(true, 5_000)]
    [InlineData(true, 1_000_000)]
    public async Task BLOCK_01_02_03_LargeBody(bool tcp, int length)
    {
        byte[] body = EtsiClientTests.Text(length);
        await using CoapClient client = await CoapClient.ConnectAsync(tcp ? _server!.Tcp : _server!.Udp, new CoapClientOptions { Tcp = new CoapConnectionOptions { MaxMessageSize = 2 << 20 } });

        CoapResponse put = await client.PutAsync("/example_data", body, CoapContentFormat.TextPlain);
        Assert.True(put.Code.IsSuccess(), put.Code.ToDotted() + " " + put.GetText());
        byte[] back = (await client.GetAsync("/example_data")).Payload.ToArray();

        Assert.True(body.AsSpan().SequenceEqual(back), $"{back.Length} bytes");
    }

    /// <summary>OBS 01 notifications, 03 the observer leaves; 09 the resource is changed by PUT while it is observed.</summary>
    [Fact]
    public async Task OBS_01_03_09_ObserveWhileItChanges()
    {
        await _client.PutAsync("/example_data", "0"u8.ToArray(), CoapContentFormat.TextPlain);
        var seen = new List<string>();
        await foreach (CoapResponse change in _client.ObserveAsync("/example_data"))
        {
            seen.Add(change.GetText());
            if (seen.Count == 4)
            {
                break;
            }

            await _client.PutAsync("/example_data", System.Text.Encoding.UTF8.GetBytes($"{seen.Count}"), CoapContentFormat.TextPlain);
        }

        Assert.Equal(["0", "1", "2", "3"], seen);
        Assert.Equal(CoapCode.Content, (await _client.GetAsync("/time")).Code);
    }

    /// <summary>OBS 07: the resource is deleted while it is observed; the server says 4.04, and the observation ends with it.</summary>
    [Fact]
    public async Task OBS_07_ResourceIsDeleted()
    {
        await _client.PutAsync("/made", "0"u8.ToArray(), CoapContentFormat.TextPlain);
        var seen = new List<CoapCode>();
        await foreach (CoapResponse change in _client.ObserveAsync("/made"))
        {
            seen.Add(change.Code);
            if (seen.Count == 1)
            {
                Assert.Equal(CoapCode.Deleted, (await _client.DeleteAsync("/made")).Code);
            }
        }

        Assert.Equal(CoapCode.NotFound, seen[^1]);
    }
}

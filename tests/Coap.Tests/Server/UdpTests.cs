using System.Net;
using System.Net.Sockets;
using System.Text;
using Flint.Testing;

namespace Flint.Coap.Tests.Server;

/// <summary>Server and client over UDP on loopback; strangers speak from bare sockets.</summary>
public sealed class UdpTests : IAsyncLifetime
{
    private readonly TaskCompletionSource<CoapResponse> _slow = new();
    private readonly List<string> _events = [];
    private CoapServer _server = null!;
    private int _posts;

    public ValueTask InitializeAsync()
    {
        CoapRouter router = new CoapRouter()
            .MapGet("/v/{name}", request => CoapResponse.Content(request.Route("name") + (request.Peer is CoapUdpPeer ? " udp" : "")))
            .MapGet("/slow", (_, _) => new(_slow.Task))
            .MapGet("/throws", _ => throw new InvalidDataException("secret"))
            .MapGet("/large", _ => CoapResponse.Content(new byte[5000]))
            .MapPost("/count", _ => CoapResponse.Content($"{Interlocked.Increment(ref _posts)}"))
            .MapPost("/e/{*name}", request =>
            {
                lock (_events)
                {
                    _events.Add(request.Route("name") + "=" + request.GetText());
                }

                return CoapResponse.Changed();
            });
        _server = CoapServer.Start(router.HandleAsync, new CoapServerOptions
        {
            Udp = new IPEndPoint(IPAddress.IPv6Any, 0),
            UdpOptions = new CoapUdpOptions
            {
                HandlerFailed = (_, _) => throw new InvalidOperationException("the program's own callback"),
                MessageLayer = new CoapMessageLayerOptions { AcknowledgementDelay = TimeSpan.FromMilliseconds(50) },
            },
        });
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("40017d34f0", "70007d34")]     // reserved option delta in a CON: reset
    [InlineData("41007d3420", "70007d34")]     // empty with a token
    [InlineData("40007d34", "70007d34")]       // ping
    [InlineData("40e17d34", "70007d34")]       // reserved class
    [InlineData("40457d34", "70007d34")]       // a response that nobody asked for
    [InlineData("50017d34f0", "")]             // malformed NON: silence
    [InlineData("80017d34", "")]               // version 2: silence
    [InlineData("4001", "")]
    [InlineData("60457d34", "")]
    [InlineData("70007d34", "")]
    public async Task Stranger_SendsNonsense_GetsWhatTheRfcSays(string datagram, string answer)
    {
        using Socket socket = Connect();

        await socket.SendAsync(Convert.FromHexString(datagram));
        await socket.SendAsync(Convert.FromHexString("40000001"));   // a ping, so that there is an answer in any case

        if (answer.Length > 0)
        {
            Assert.Equal(answer, await ReceiveAsync(socket));
        }

        Assert.Equal("70000001", await ReceiveAsync(socket));
    }

    [Fact]
    public async Task Duplicate_OfAPost_IsAnsweredTheSameAndHandledOnce()
    {
        using Socket socket = Connect();
        byte[] request = Convert.FromHexString("42027d36abcd" + "b5" + Convert.ToHexString("count"u8));

        var answers = new List<string>();
        for (int i = 0; i < 3; i++)
        {
            await socket.SendAsync(request);
            answers.Add(await ReceiveAsync(socket));
        }

        Assert.Single(answers.Distinct());
        Assert.Equal(1, _posts);
    }

    [Fact]
    public async Task UnknownCriticalOption_IsRefusedInAConAndRejectedInANon()
    {
        using Socket socket = Connect();

        await socket.SendAsync(Convert.FromHexString("51017d37aa" + "9101"));
        await socket.SendAsync(Convert.FromHexString("41017d38aa" + "9101"));

        string answer = await ReceiveAsync(socket);
        Assert.StartsWith("61827d38aa", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Malformed_IsCountedByKind()
    {
        using Socket socket = Connect();
        await socket.SendAsync(Convert.FromHexString("40017d34bf"));
        await ReceiveAsync(socket);

        Assert.Equal(1, _server.InspectUdp(layer => layer.Counters.Malformed(CoapReadStatus.ReservedOptionLength)));
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("[::1]", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("[::1]", false)]
    public async Task Get_OverEitherFamily_IsAnswered(string host, bool confirmable)
    {
        await using CoapClient client = await ClientAsync(host);

        CoapResponse response = await client.SendAsync(new CoapRequest(CoapCode.Get, "/v/temperature") { IsConfirmable = confirmable });

        Assert.Equal(CoapCode.Content, response.Code);
        Assert.Equal("temperature udp", response.GetText());
    }

    [Theory]
    [InlineData("/nothing", CoapCode.NotFound)]
    [InlineData("/throws", CoapCode.InternalServerError)]
    [InlineData("/count", CoapCode.MethodNotAllowed)]
    public async Task Get_ThatFails_HasItsCode(string path, CoapCode code)
    {
        await using CoapClient client = await ClientAsync();

        Assert.Equal(code, (await client.GetAsync(path)).Code);
        Assert.Equal(code, (await client.GetAsync(path)).Code);
    }

    [Fact]
    public async Task SlowHandler_IsAcknowledgedFirst_AndAnsweredSeparately()
    {
        using Socket socket = Connect();
        await socket.SendAsync(Convert.FromHexString("41017d39bb" + "b4" + Convert.ToHexString("slow"u8)));

        Assert.Equal("60007d39", await ReceiveAsync(socket));
        _slow.SetResult(CoapResponse.Content("done"));
        string separate = await ReceiveAsync(socket);

        Assert.StartsWith("4145", separate, StringComparison.Ordinal);
        Assert.EndsWith("bb" + "c0ff" + Convert.ToHexStringLower("done"u8), separate, StringComparison.Ordinal);
        await socket.SendAsync(Convert.FromHexString("6000" + separate[4..8]));
    }

    [Fact]
    public async Task SlowHandler_ReachesOurClient()
    {
        await using CoapClient client = await ClientAsync();
        Task<CoapResponse> request = client.GetAsync("/slow");
        await Task.Delay(120);
        _slow.SetResult(CoapResponse.Content("done"));

        Assert.Equal("done", (await request).GetText());
    }

    [Fact]
    public async Task ManyClients_AtOnce_AreAllAnswered()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(async n =>
        {
            await using CoapClient client = await ClientAsync();
            for (int i = 0; i < 20; i++)
            {
                Assert.Equal($"{n}-{i} udp", (await client.GetAsync($"/v/{n}-{i}")).GetText());
            }
        }));
    }

    [Fact]
    public async Task Event_IsHandled_AndNobodyWaits()
    {
        await using CoapClient client = await ClientAsync();

        await client.PublishAsync("/e/motion/hall", "1"u8.ToArray());
        await client.GetAsync("/v/x");

        Assert.Equal(["motion/hall=1"], _events);
    }

    [Fact]
    public async Task ServerThatIsGone_IsUnreachable()
    {
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)closed.LocalEndPoint!).Port;
        closed.Close();
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://127.0.0.1:{port}"));

        Assert.Equal(CoapError.Unreachable, (await Assert.ThrowsAsync<CoapException>(() => client.GetAsync("/"))).Error);
    }

    [Fact]
    public async Task ServerThatIsSilent_IsATimeout()
    {
        using var silent = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using CoapClient client = await CoapClient.ConnectAsync(
            new Uri($"coap://{silent.LocalEndPoint}"), new() { Udp = new() { MessageLayer = new() { AckTimeout = TimeSpan.FromMilliseconds(20), AcknowledgementDelay = TimeSpan.Zero, MaxRetransmit = 2 } } });

        Assert.Equal(CoapError.TimedOut, (await Assert.ThrowsAsync<CoapException>(() => client.GetAsync("/"))).Error);
        var buffer = new byte[100];
        int transmissions = 0;
        for (; silent.Available > 0; transmissions++)
        {
            silent.Receive(buffer);
        }

        Assert.Equal(3, transmissions);
    }

    [Fact]
    public async Task PeerWithoutHandler_Rejects_AndTheRequesterLearnsIt()
    {
        using var peer = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        peer.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://{peer.LocalEndPoint}"));
        Task<CoapResponse> request = client.GetAsync("/t");
        var buffer = new byte[100];
        SocketReceiveFromResult received = await peer.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));

        await peer.SendToAsync(new byte[] { 0x70, 0, buffer[2], buffer[3] }, received.RemoteEndPoint);

        Assert.Equal(CoapError.Reset, (await Assert.ThrowsAsync<CoapException>(() => request)).Error);
    }

    [Fact]
    public async Task Cancellation_EndsTheWait()
    {
        await using CoapClient client = await ClientAsync();
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(30));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetAsync("/slow", cancellation.Token));

        Assert.Equal("x udp", (await client.GetAsync("/v/x")).GetText());
        _slow.SetResult(CoapResponse.Changed());
    }

    [Fact]
    public async Task Client_Disposed_FailsWhatIsUnderWay()
    {
        CoapClient client = await ClientAsync();
        Task<CoapResponse> request = client.GetAsync("/slow");
        await client.DisposeAsync();

        Assert.Equal(CoapError.Released, (await Assert.ThrowsAsync<CoapException>(() => request)).Error);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.GetAsync("/v/x"));
        _slow.SetResult(CoapResponse.Changed());
    }

    [Theory]
    [InlineData("http://localhost")]
    [InlineData("coaps://localhost")]
    public async Task Client_WithAnotherScheme_IsTheCallersBug(string address) =>
        await Assert.ThrowsAsync<ArgumentException>(() => CoapClient.ConnectAsync(new Uri(address)));

    private Task<CoapClient> ClientAsync(string host = "127.0.0.1") => CoapClient.ConnectAsync(new Uri($"coap://{host}:{_server.UdpEndPoint!.Port}"));

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(IPAddress.Loopback, _server.UdpEndPoint!.Port);
        return socket;
    }

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        var buffer = new byte[2048];
        using var timeout = new CancellationTokenSource(Eventually.Limit);
        int length = await socket.ReceiveAsync(buffer, SocketFlags.None, timeout.Token);
        return Convert.ToHexStringLower(buffer.AsSpan(0, length));
    }
}

using System.Net;
using System.Net.Sockets;
using Flint.Testing;

namespace Flint.Coap.Tests.Server;

/// <summary>Observation over UDP on loopback (RFC 7641).</summary>
public sealed class ObserveTests : IAsyncLifetime
{
    private CoapServer _server = null!;
    private volatile string _temperature = "20";
    private volatile bool _gone;

    public ValueTask InitializeAsync()
    {
        CoapRouter router = new CoapRouter()
            .MapObservable("/v/{name}", _ => _gone ? CoapResponse.NotFound() : CoapResponse.Content(_temperature))
            .MapGet("/plain", _ => CoapResponse.Content("plain"));
        _server = CoapServer.Start(router.HandleAsync, new CoapServerOptions
        {
            Udp = new IPEndPoint(IPAddress.Loopback, 0),
            UdpOptions = new CoapUdpOptions { Observers = new CoapObserversOptions { NonConfirmableInterval = TimeSpan.FromMilliseconds(1) } },
        });
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Changes_AreDelivered_UntilTheObserverLeaves()
    {
        await using CoapClient client = await ClientAsync();
        await using IAsyncEnumerator<CoapResponse> changes = client.ObserveAsync("/v/t").GetAsyncEnumerator();

        Assert.Equal("20", await NextAsync(changes));
        for (int i = 21; i < 30; i++)
        {
            _temperature = $"{i}";
            await _server.NotifyAsync("/v/t");
            Assert.Equal($"{i}", await NextAsync(changes));
        }

        await changes.DisposeAsync();
        await client.GetAsync("/plain");
    }

    [Fact]
    public async Task ManyObservers_SeeTheLastState()
    {
        await using CoapClient client = await ClientAsync();
        Task<string>[] observers = [.. Enumerable.Range(0, 8).Select(async n =>
        {
            await foreach (CoapResponse change in client.ObserveAsync("/v/t"))
            {
                if (change.GetText() == "end")
                {
                    return "seen";
                }
            }

            return "lost";
        })];

        for (int i = 0; i < 20; i++)
        {
            _temperature = $"{i}";
            await _server.NotifyAsync("/v/t");
            await Task.Delay(2);
        }

        _temperature = "end";
        await _server.NotifyAsync("/v/t");

        Assert.All(await Task.WhenAll(observers).WaitAsync(Eventually.Limit), seen => Assert.Equal("seen", seen));
    }

    [Fact]
    public async Task Error_EndsTheObservation()
    {
        await using CoapClient client = await ClientAsync();
        await using IAsyncEnumerator<CoapResponse> changes = client.ObserveAsync("/v/t").GetAsyncEnumerator();
        await NextAsync(changes);

        _gone = true;
        await _server.NotifyAsync("/v/t");

        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(CoapCode.NotFound, changes.Current.Code);
        Assert.False(await changes.MoveNextAsync());
    }

    [Fact]
    public async Task ResourceThatIsNotObservable_GivesItsStateAndEnds()
    {
        await using CoapClient client = await ClientAsync();
        var seen = new List<string>();

        await foreach (CoapResponse change in client.ObserveAsync("/plain"))
        {
            seen.Add(change.GetText());
        }

        Assert.Equal(["plain"], seen);
    }

    [Fact]
    public async Task LargeState_IsFetchedInBlocks()
    {
        _temperature = new string('x', 3000);
        await using CoapClient client = await ClientAsync();
        await using IAsyncEnumerator<CoapResponse> changes = client.ObserveAsync("/v/t").GetAsyncEnumerator();
        Assert.Equal(_temperature, await NextAsync(changes));

        _temperature = new string('y', 4000);
        await _server.NotifyAsync("/v/t");

        Assert.Equal(_temperature, await NextAsync(changes));
    }

    [Fact]
    public async Task ResourcesThatNobodyObserves_MakeRoom()
    {
        CoapRouter router = new CoapRouter().MapObservable("/v/{name}", request => CoapResponse.Content(request.Route("name")));
        await using CoapServer server = CoapServer.Start(
            router.HandleAsync, new() { Udp = new IPEndPoint(IPAddress.Loopback, 0), Tcp = new IPEndPoint(IPAddress.Loopback, 0), MaxObservedResources = 2 });
        foreach (Uri uri in new[] { new Uri($"coap://{server.UdpEndPoint}"), new Uri($"coap+tcp://{server.TcpEndPoint}") })
        {
            await using CoapClient client = await CoapClient.ConnectAsync(uri);
            for (int i = 0; i < 6; i++)
            {
                await using IAsyncEnumerator<CoapResponse> changes = client.ObserveAsync($"/v/{i}").GetAsyncEnumerator();
                Assert.Equal($"{i}", await NextAsync(changes));
                await server.NotifyAsync($"/v/{i}");
                Assert.Equal($"{i}", await NextAsync(changes));
                await changes.DisposeAsync();
                await Eventually.HoldsAsync(() => server.ObservedResourceCount == 0);
            }
        }
    }

    [Fact]
    public async Task ResourcesAboveTheLimit_AreAnsweredAndNotObserved()
    {
        CoapRouter router = new CoapRouter().MapObservable("/v/{name}", request => CoapResponse.Content(request.Route("name")));
        await using CoapServer server = CoapServer.Start(router.HandleAsync, new() { Udp = new IPEndPoint(IPAddress.Loopback, 0), MaxObservedResources = 1 });
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://{server.UdpEndPoint}"));
        await using IAsyncEnumerator<CoapResponse> first = client.ObserveAsync("/v/a").GetAsyncEnumerator();
        Assert.Equal("a", await NextAsync(first));
        await using IAsyncEnumerator<CoapResponse> second = client.ObserveAsync("/v/b").GetAsyncEnumerator();

        Assert.Equal("b", await NextAsync(second));
        Assert.False(await second.MoveNextAsync());
        Assert.Equal(1, server.ObservedResourceCount);
    }

    [Fact]
    public async Task Reset_ToANotification_EndsIt()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(_server.UdpEndPoint!);
        await socket.SendAsync(Convert.FromHexString("41010001aa" + "60" + "5176" + "0174"));
        string first = await ReceiveAsync(socket);
        Assert.StartsWith("61450001aa", first, StringComparison.Ordinal);

        await _server.NotifyAsync("/v/t");
        string notification = await ReceiveAsync(socket);
        await socket.SendAsync(Convert.FromHexString("7000" + notification[4..8]));
        await socket.SendAsync(Convert.FromHexString("40000002"));
        Assert.Equal("70000002", await ReceiveAsync(socket));
        await Task.Delay(20);
        await _server.NotifyAsync("/v/t");
        await socket.SendAsync(Convert.FromHexString("40000003"));

        Assert.Equal("70000003", await ReceiveAsync(socket));
    }

    private static async Task<string> NextAsync(IAsyncEnumerator<CoapResponse> changes)
    {
        Assert.True(await changes.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit));
        return changes.Current.GetText();
    }

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        var buffer = new byte[2048];
        using var timeout = new CancellationTokenSource(Eventually.Limit);
        return Convert.ToHexStringLower(buffer.AsSpan(0, await socket.ReceiveAsync(buffer, SocketFlags.None, timeout.Token)));
    }

    private Task<CoapClient> ClientAsync() => CoapClient.ConnectAsync(new Uri($"coap://{_server.UdpEndPoint}"));
}

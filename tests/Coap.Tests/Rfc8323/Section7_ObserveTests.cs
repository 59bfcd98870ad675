using System.Globalization;
using Flint.Coap.Tests.Properties;
using Flint.Testing;

namespace Flint.Coap.Tests.Rfc8323;

/// <summary>RFC 8323 section 7: observation over a stream, where either end may observe the other.</summary>
public sealed class Section7_ObserveTests
{
    private volatile string _temperature = "20";
    private volatile bool _gone;

    [Fact]
    public async Task Changes_AreDeliveredBothWays()
    {
        await using Ends ends = Ends.Start(Observable(), Observable());
        await using IAsyncEnumerator<CoapResponse> near = ends.Near.ObserveAsync("/v/t").GetAsyncEnumerator();
        await using IAsyncEnumerator<CoapResponse> far = ends.Far.ObserveAsync("/v/t").GetAsyncEnumerator();
        Assert.Equal("20", await NextAsync(near));
        Assert.Equal("20", await NextAsync(far));

        for (int i = 21; i < 30; i++)
        {
            _temperature = $"{i}";
            await ends.Near.NotifyAsync("/v/t");
            await ends.Far.NotifyAsync("/v/t");
            Assert.Equal($"{i}", await NextAsync(near));
            Assert.Equal($"{i}", await NextAsync(far));
        }
    }

    [Fact]
    public async Task Leaving_Deregisters()
    {
        await using Ends ends = Ends.Start(far: Observable());
        await foreach (CoapResponse change in ends.Near.ObserveAsync("/v/t"))
        {
            Assert.Equal(1, ends.Far.ObserverCount);
            break;
        }

        await Eventually.HoldsAsync(() => ends.Far.ObserverCount == 0 && ends.Near.ObservationCount == 0);
        Assert.Equal("20", (await ends.Near.GetAsync("/v/t")).GetText());
    }

    [Fact]
    public async Task EndOfTheConnection_EndsTheObservationAndTheObservers()
    {
        await using Ends ends = Ends.Start(far: Observable());
        await using IAsyncEnumerator<CoapResponse> changes = ends.Near.ObserveAsync("/v/t").GetAsyncEnumerator();
        await NextAsync(changes);

        await ends.Far.CloseAsync();

        Assert.Equal(CoapError.Released, (await Assert.ThrowsAsync<CoapException>(() => NextAsync(changes))).Error);
        Assert.Equal(0, ends.Far.ObserverCount);
        Assert.Equal(0, ends.Near.ObservationCount);
        await ends.Far.NotifyAsync("/v/t");
    }

    /// <summary>RFC 7959 section 3.4: the size that is asked for with the registration holds for the notifications.</summary>
    [Fact]
    public async Task SmallBlocks_AskedForWithTheRegistration_AreKeptTo()
    {
        _temperature = new string('1', 200);
        var pair = new PipePair();
        await using CoapConnection far = CoapConnection.Start(pair.Far, Observable());
        var peer = new ScriptedPeer(pair.Near);
        await peer.SendCsmAsync();
        await peer.ReceiveAsync();

        await peer.SendAsync(CoapCode.Get, [7], [(CoapOptionNumber.Observe, []), (CoapOptionNumber.UriPath, "v"u8.ToArray()), (CoapOptionNumber.UriPath, "t"u8.ToArray()), (CoapOptionNumber.Block2, [0x02])]);
        Assert.Equal(64, (await peer.ReceiveAsync())!.Payload.Length);
        _temperature = new string('2', 200);
        await far.NotifyAsync("/v/t");

        PlainMessage? notification = await peer.ReceiveAsync();
        Assert.Equal(new string('2', 64), System.Text.Encoding.UTF8.GetString(notification!.Payload));
        Assert.Contains(notification.Options, option => option.Number == CoapOptionNumber.Block2 && option.Value is [0x0a]);
    }

    [Fact]
    public async Task TransportThatIsCut_EndsBothSides()
    {
        var pair = new PipePair();
        CoapConnection far = CoapConnection.Start(pair.Far, Observable());
        CoapConnection near = CoapConnection.Start(pair.Near);
        await using IAsyncEnumerator<CoapResponse> changes = near.ObserveAsync("/v/t").GetAsyncEnumerator();
        await NextAsync(changes);

        await pair.CutAsync();
        await Task.WhenAll(near.Completion, far.Completion).WaitAsync(Eventually.Limit);

        Assert.Equal(CoapError.ConnectionLost, (await Assert.ThrowsAsync<CoapException>(() => NextAsync(changes))).Error);
        Assert.Equal(0, far.ObserverCount);
        Assert.Equal(0, near.ObservationCount);
    }

    [Fact]
    public async Task Error_EndsTheObservation()
    {
        await using Ends ends = Ends.Start(far: Observable());
        await using IAsyncEnumerator<CoapResponse> changes = ends.Near.ObserveAsync("/v/t").GetAsyncEnumerator();
        await NextAsync(changes);

        _gone = true;
        await ends.Far.NotifyAsync("/v/t");

        Assert.True(await changes.MoveNextAsync());
        Assert.Equal(CoapCode.NotFound, changes.Current.Code);
        Assert.False(await changes.MoveNextAsync());
        Assert.Equal(0, ends.Far.ObserverCount);
    }

    [Fact]
    public async Task ResourceThatIsNotObservable_GivesItsStateAndEnds()
    {
        await using Ends ends = Ends.Start(far: Observable());
        var seen = new List<string>();

        await foreach (CoapResponse change in ends.Near.ObserveAsync("/plain"))
        {
            seen.Add(change.GetText());
        }

        Assert.Equal(["plain"], seen);
    }

    [Fact]
    public async Task LargeState_IsFetchedInBlocks_AndItsHandlerRunsOnceForAChange()
    {
        int asked = 0;
        CoapRouter router = new CoapRouter().MapObservable("/v/t", _ =>
        {
            asked++;
            return CoapResponse.Content(_temperature);
        });
        _temperature = new string('x', 200_000);
        await using Ends ends = Ends.Start(far: new() { Handler = router.HandleAsync });
        await using IAsyncEnumerator<CoapResponse> changes = ends.Near.ObserveAsync("/v/t").GetAsyncEnumerator();
        Assert.Equal(_temperature, await NextAsync(changes));

        _temperature = new string('y', 300_000);
        await ends.Far.NotifyAsync("/v/t");

        Assert.Equal(_temperature, await NextAsync(changes));
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task SlowReader_GetsTheLastState()
    {
        await using Ends ends = Ends.Start(far: Observable());
        await using IAsyncEnumerator<CoapResponse> changes = ends.Near.ObserveAsync("/v/t").GetAsyncEnumerator();
        await NextAsync(changes);

        for (int i = 0; i < 200; i++)
        {
            _temperature = i.ToString(CultureInfo.InvariantCulture);
            await ends.Far.NotifyAsync("/v/t");
        }

        string last = "";
        for (int i = 0; i < 200 && last != "199"; i++)
        {
            last = await NextAsync(changes);
        }

        Assert.Equal("199", last);
    }

    [Fact]
    public async Task ObserversAboveTheLimit_AreAnsweredAndNotAdded()
    {
        CoapConnectionOptions options = Observable();
        await using Ends ends = Ends.Start(far: new() { Handler = options.Handler, MaxObservers = 1 });
        await using IAsyncEnumerator<CoapResponse> first = ends.Near.ObserveAsync("/v/a").GetAsyncEnumerator();
        await NextAsync(first);
        await using IAsyncEnumerator<CoapResponse> second = ends.Near.ObserveAsync("/v/b").GetAsyncEnumerator();

        Assert.Equal("20", await NextAsync(second));
        Assert.False(await second.MoveNextAsync());
        Assert.Equal(1, ends.Far.ObserverCount);
    }

    [Fact]
    public async Task ObservationsAboveTheLimit_AreATypedError()
    {
        await using Ends ends = Ends.Start(near: new() { MaxObservations = 1 }, far: Observable());
        await using IAsyncEnumerator<CoapResponse> first = ends.Near.ObserveAsync("/v/a").GetAsyncEnumerator();
        await NextAsync(first);
        await using IAsyncEnumerator<CoapResponse> second = ends.Near.ObserveAsync("/v/b").GetAsyncEnumerator();

        Assert.Equal(CoapError.TooManyRequests, (await Assert.ThrowsAsync<CoapException>(() => NextAsync(second))).Error);
    }

    [Fact]
    public async Task Server_TellsObserversOfEveryTransport_AndAsksTheHandlerOnce()
    {
        int asked = 0;
        CoapRouter router = new CoapRouter().MapObservable("/v/t", _ =>
        {
            Interlocked.Increment(ref asked);
            return CoapResponse.Content(_temperature);
        });
        await using CoapServer server = CoapServer.Start(router.HandleAsync, new()
        {
            Udp = new(System.Net.IPAddress.Loopback, 0),
            Tcp = new(System.Net.IPAddress.Loopback, 0),
        });
        await using CoapClient udp = await CoapClient.ConnectAsync(new Uri($"coap://{server.UdpEndPoint}"));
        await using CoapClient tcp = await CoapClient.ConnectAsync(new Uri($"coap+tcp://{server.TcpEndPoint}"));
        await using CoapClient other = await CoapClient.ConnectAsync(new Uri($"coap+tcp://{server.TcpEndPoint}"));
        IAsyncEnumerator<CoapResponse>[] all = [.. new[] { udp, tcp, other }.Select(client => client.ObserveAsync("/v/t").GetAsyncEnumerator())];
        foreach (IAsyncEnumerator<CoapResponse> one in all)
        {
            Assert.Equal("20", await NextAsync(one));
        }

        Assert.Equal(3, asked);
        _temperature = "21";
        await server.NotifyAsync("/v/t");

        foreach (IAsyncEnumerator<CoapResponse> one in all)
        {
            Assert.Equal("21", await NextAsync(one));
        }

        Assert.Equal(4, asked);
        Assert.Equal(1, server.ObservedResourceCount);
        foreach (IAsyncEnumerator<CoapResponse> one in all)
        {
            await one.DisposeAsync();
        }

        await Eventually.HoldsAsync(() => server.ObservedResourceCount == 0);
    }

    [Fact]
    public async Task Notification_HasAnEmptyObserve_AndNoneComesAfterTheDeregistration()
    {
        var pair = new PipePair();
        var peer = new ScriptedPeer(pair.Far);
        await using CoapConnection connection = CoapConnection.Start(pair.Near, WithShortClose(Observable()));
        await peer.SendCsmAsync();
        await peer.ReceiveAsync();
        (CoapOptionNumber, byte[])[] path = [(CoapOptionNumber.UriPath, "v"u8.ToArray()), (CoapOptionNumber.UriPath, "t"u8.ToArray())];

        await peer.SendAsync(CoapCode.Get, [7], [(CoapOptionNumber.Observe, []), .. path]);
        Assert.Contains((await peer.ReceiveAsync())!.Options, option => option.Number == CoapOptionNumber.Observe && option.Value.Length == 0);
        await connection.NotifyAsync("/v/t");
        PlainMessage notification = (await peer.ReceiveAsync())!;
        Assert.Equal([7], notification.Token);
        Assert.Contains(notification.Options, option => option.Number == CoapOptionNumber.Observe && option.Value.Length == 0);

        await peer.SendAsync(CoapCode.Get, [7], [(CoapOptionNumber.Observe, [1]), .. path]);
        PlainMessage last = (await peer.ReceiveAsync())!;
        Assert.DoesNotContain(last.Options, option => option.Number == CoapOptionNumber.Observe);
        await connection.NotifyAsync("/v/t");
        await peer.SendAsync(CoapCode.Ping, [8]);
        Assert.Equal(CoapCode.Pong, (await peer.ReceiveAsync())!.Code);
        await peer.EndAsync();
    }

    private CoapConnectionOptions Observable()
    {
        CoapRouter router = new CoapRouter()
            .MapObservable("/v/{name}", _ => _gone ? CoapResponse.NotFound() : CoapResponse.Content(_temperature))
            .MapGet("/plain", _ => CoapResponse.Content("plain"));
        return new CoapConnectionOptions { Handler = router.HandleAsync };
    }

    private static CoapConnectionOptions WithShortClose(CoapConnectionOptions options) => new() { Handler = options.Handler, CloseTimeout = TimeSpan.FromMilliseconds(20) };

    private static async Task<string> NextAsync(IAsyncEnumerator<CoapResponse> changes)
    {
        Assert.True(await changes.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit));
        return changes.Current.GetText();
    }
}

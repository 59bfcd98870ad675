using System.Net;
using Flint.Testing;

namespace Flint.Coap.Tests.Rfc7641;

/// <summary>
/// RFC 7641 appendix A.2, where a proxy observes an origin. The package has no proxy, but what one is made of: a client that observes and a server that is observed, in one program.
/// </summary>
public sealed class AppendixA2_ProxyTests : IAsyncLifetime
{
    private readonly SemaphoreSlim _told = new(0);
    private CoapServer _origin = null!;
    private CoapServer _proxy = null!;
    private CoapClient _toOrigin = null!;
    private CoapClient _client = null!;
    private Task _observing = Task.CompletedTask;
    private readonly CancellationTokenSource _end = new();
    private string _state = "ready";
    private int _asked;
    private volatile CoapResponse? _cached;

    public async ValueTask InitializeAsync()
    {
        _origin = Serve(new CoapRouter().MapObservable("/status", _ =>
        {
            _asked++;
            return CoapResponse.Content(_state);
        }));
        _proxy = Serve(new CoapRouter().MapObservable("/status", _ => CoapResponse.Content(_cached!.Payload, CoapContentFormat.TextPlain)));
        _toOrigin = await CoapClient.ConnectAsync(new Uri($"coap://{_origin.UdpEndPoint}"));
        _client = await CoapClient.ConnectAsync(new Uri($"coap://{_proxy.UdpEndPoint}"));
        _observing = ObserveOriginAsync();
        await ToldAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _observing);
        await _client.DisposeAsync();
        await _toOrigin.DisposeAsync();
        await _proxy.DisposeAsync();
        await _origin.DisposeAsync();
        _told.Dispose();
        _end.Dispose();
    }

    /// <summary>Figure 6: the proxy observes the origin to keep its cache up to date; its clients' requests reach the origin no more.</summary>
    [Fact]
    public async Task Figure6_CacheIsKeptUpToDate_ByNotifications()
    {
        Assert.Equal("ready", (await _client.GetAsync("/status")).GetText());
        Assert.Equal("ready", (await _client.GetAsync("/status")).GetText());
        Assert.Equal(1, _asked);

        _state = "busy";
        await _origin.NotifyAsync("/status");
        await ToldAsync();

        Assert.Equal("busy", (await _client.GetAsync("/status")).GetText());
        Assert.Equal(2, _asked);
    }

    /// <summary>Figure 7: a client observes through the proxy; one change of the origin is one notification on either side.</summary>
    [Fact]
    public async Task Figure7_ClientObserves_ThroughTheProxy()
    {
        await using IAsyncEnumerator<CoapResponse> observation = _client.ObserveAsync("/status").GetAsyncEnumerator();
        Assert.True(await observation.MoveNextAsync());
        Assert.Equal("ready", observation.Current.GetText());

        _state = "busy";
        await _origin.NotifyAsync("/status");

        Assert.True(await observation.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit));
        Assert.Equal("busy", observation.Current.GetText());
        Assert.Equal(2, _asked);
    }

    private async Task ObserveOriginAsync()
    {
        await foreach (CoapResponse response in _toOrigin.ObserveAsync("/status", _end.Token))
        {
            _cached = response;
            await _proxy.NotifyAsync("/status");
            _told.Release();
        }
    }

    private async Task ToldAsync() => Assert.True(await _told.WaitAsync(Eventually.Limit));

    private static CoapServer Serve(CoapRouter router) => CoapServer.Start(router.HandleAsync, new CoapServerOptions { Udp = new IPEndPoint(IPAddress.Loopback, 0) });
}

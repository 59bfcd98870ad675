using System.Net;
using System.Text;
using Flint.Coap.Tests.Rfc8323;
using Flint.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Flint.Coap.Tests.Devices;

/// <summary>docs/spec/device-mapping.md: devices and a server, the whole way, over connections and over UDP.</summary>
public sealed class GatewayTests : IAsyncLifetime
{
    private readonly DeviceGateway _gateway = new();
    private readonly CoapServer _server;
    private readonly List<CoapConnection> _devices = [];
    private double _temperature = 22.3;

    public GatewayTests()
    {
        var router = new CoapRouter();
        _server = new CoapServer(router.HandleAsync, new CoapServerOptions
        {
            Udp = new IPEndPoint(IPAddress.Loopback, 0),
            ConnectionStarted = _gateway.Add,
            DrainTimeout = TimeSpan.FromMilliseconds(200),
        });
        _gateway.MapTo(router, _server);
    }

    public ValueTask InitializeAsync()
    {
        _server.Listen();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        foreach (CoapConnection device in _devices)
        {
            await device.CloseAsync();
        }
    }

    [Fact]
    public async Task Device_ThatIsConnected_IsCalledByItsIdentity()
    {
        Connect("3f00");
        Connect("4a00");
        await Eventually.HoldsAsync(() => _gateway.Devices.Count == 2);

        DeviceProxy device = _gateway.Device("3f00");
        Assert.Equal(2, await device.CallAsync("length", "on"));
        Assert.Equal(22.3, await device.ReadAsync<double>("temperature"));
        Assert.Equal(["length"], (await device.DescribeAsync()).Functions);
        Assert.Equal(CoapError.Unreachable, Assert.Throws<CoapException>(() => _gateway.Device("none")).Error);
    }

    [Fact]
    public async Task Device_ThatConnectsAnew_IsReachedOverTheNewConnection()
    {
        CoapConnection old = Connect("3f00");
        await Eventually.HoldsAsync(() => _gateway.Devices.Count == 1);
        CoapConnection renewed = Connect("3f00");
        await renewed.PingAsync();
        await old.CloseAsync();

        Assert.Equal(3, await _gateway.Device("3f00").CallAsync("length", "abc"));
        await renewed.CloseAsync();
        await Eventually.HoldsAsync(() => _gateway.Devices.Count == 0);
        Assert.False(_gateway.TryGetDevice("3f00", out _));
    }

    [Fact]
    public async Task Peers_WithoutAnIdentity_AreNoDevices()
    {
        var pair = new PipePair();
        _ = _server.RunAsync(pair.Far, CoapPeer.Anonymous);
        CoapConnection stranger = CoapConnection.Start(pair.Near);
        _devices.Add(stranger);
        await stranger.PingAsync();

        Assert.Empty(_gateway.Devices);
    }

    [Fact]
    public async Task Variable_ThatIsObserved_TellsItsChanges()
    {
        using var stop = new CancellationTokenSource();
        CoapConnection connection = Connect("3f00", out DeviceResources resources);
        Task watching = resources.WatchAsync(connection.NotifyAsync, TimeSpan.FromMilliseconds(10), stop.Token);
        await Eventually.HoldsAsync(() => _gateway.Devices.Count == 1);
        await using IAsyncEnumerator<double> values = _gateway.Device("3f00").ObserveAsync<double>("temperature").GetAsyncEnumerator();

        Assert.True(await values.MoveNextAsync());
        Assert.Equal(22.3, values.Current);
        Volatile.Write(ref _temperature, 23.5);
        Assert.True(await values.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit));
        Assert.Equal(23.5, values.Current);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);
    }

    [Fact]
    public async Task Event_OfADevice_ReachesTheProgramAndOtherDevices()
    {
        var publisher = new ServerProxy(Connect("3f00"));
        var subscriber = new ServerProxy(Connect("4a00"));
        await Eventually.HoldsAsync(() => _gateway.Devices.Count == 2);
        await using IAsyncEnumerator<DeviceEvent> ofDevice = _gateway.Device("3f00").EventsAsync("motion/").GetAsyncEnumerator();
        ValueTask<bool> next = ofDevice.MoveNextAsync();
        await using IAsyncEnumerator<DeviceEvent> heard = subscriber.EventsAsync("mo").GetAsyncEnumerator();
        ValueTask<bool> hears = heard.MoveNextAsync();
        await Eventually.HoldsAsync(() => _gateway.Events.SubscriberCount == 1);
        await ((CoapConnection)_devices[1]).PingAsync();

        await publisher.PublishAsync(new DeviceEvent("motion/hall", "1") { TimeToLive = TimeSpan.FromSeconds(30) });

        Assert.True(await next.AsTask().WaitAsync(Eventually.Limit));
        Assert.Equal(("motion/hall", "1", "3f00", TimeSpan.FromSeconds(30)), (ofDevice.Current.Name, ofDevice.Current.GetText(), ofDevice.Current.Publisher, ofDevice.Current.TimeToLive));
        Assert.True(await hears.AsTask().WaitAsync(Eventually.Limit));
        Assert.Equal(("motion/hall", "1", "3f00", 1ul), (heard.Current.Name, heard.Current.GetText(), heard.Current.Publisher, heard.Current.Number));
        await publisher.PublishAndConfirmAsync(new DeviceEvent("motion/garden", "2"));
        Assert.True(await heard.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit));
        Assert.Equal(("motion/garden", "2"), (heard.Current.Name, heard.Current.GetText()));
    }

    [Fact]
    public async Task PrivateEvent_IsHeardByTheProgramOnly()
    {
        var publisher = new ServerProxy(Connect("3f00"));
        await using CoapClient other = await ClientAsync();
        await using IAsyncEnumerator<DeviceEvent> program = _gateway.Events.SubscribeAsync().GetAsyncEnumerator();
        ValueTask<bool> next = program.MoveNextAsync();

        await publisher.PublishAndConfirmAsync(new DeviceEvent("secret", "1") { IsPrivate = true });

        Assert.True(await next.AsTask().WaitAsync(Eventually.Limit));
        Assert.True(program.Current.IsPrivate);
        Assert.Equal(0, (await other.GetAsync("/e")).Payload.Length);
        Assert.Equal(CoapCode.MethodNotAllowed, (await other.GetAsync("/E/secret")).Code);
    }

    [Fact]
    public async Task Subscriber_OverUdp_HearsTheNewestAndEachEventOnce()
    {
        await using CoapClient client = await ClientAsync();
        _gateway.Events.Publish(new DeviceEvent("a/0", "0"));
        await using IAsyncEnumerator<DeviceEvent> heard = new ServerProxy(client).EventsAsync("a/").GetAsyncEnumerator();

        Assert.True(await heard.MoveNextAsync());
        Assert.Equal("a/0", heard.Current.Name);
        _gateway.Events.Publish(new DeviceEvent("b/1", "1"));
        _gateway.Events.Publish(new DeviceEvent("a/2", "2"));
        Assert.True(await heard.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit));
        Assert.Equal(("a/2", 3ul), (heard.Current.Name, heard.Current.Number));
    }

    [Fact]
    public async Task Refusal_OfTheServer_ReachesThePublisher()
    {
        await using CoapClient client = await ClientAsync();
        var server = new ServerProxy(client);

        await Assert.ThrowsAsync<ArgumentException>(() => server.PublishAsync(new DeviceEvent("no name", "x")));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => server.PublishAsync(new DeviceEvent("a", new byte[1025])));
        Assert.Throws<ArgumentException>(() => server.EventsAsync("no prefix"));
        Assert.Equal(CoapCode.BadRequest, (await client.PostAsync("/e/no%20name", default)).Code);
    }

    [Fact]
    public async Task Time_IsThatOfTheServer()
    {
        await using CoapClient client = await ClientAsync();

        DateTimeOffset time = await new ServerProxy(client).GetTimeAsync();

        Assert.InRange((DateTimeOffset.UtcNow - time).TotalSeconds, -1, 30);
        CoapResponse response = await client.GetAsync("/t");
        Assert.Equal((CoapContentFormat.TextPlain, TimeSpan.Zero), (response.ContentFormat, response.MaxAge));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("soon")]
    [InlineData("99999999999999")]
    public async Task Time_ThatIsNone_IsAnError(string text)
    {
        await using CoapServer other = CoapServer.Start((_, _) => new(CoapResponse.Content(text)), new CoapServerOptions { Udp = new IPEndPoint(IPAddress.Loopback, 0) });
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://127.0.0.1:{other.UdpEndPoint!.Port}"));

        Assert.Equal(CoapError.NotAValue, (await Assert.ThrowsAsync<CoapException>(() => new ServerProxy(client).GetTimeAsync())).Error);
    }

    [Fact]
    public async Task Gateway_OfAContainer_KnowsTheDevicesOfTheServer()
    {
        var collection = new ServiceCollection();
        collection.AddCoapServer(options => options.Udp = null).MapDevices();
        await using ServiceProvider services = collection.BuildServiceProvider();
        IHostedService host = services.GetServices<IHostedService>().Single();
        await host.StartAsync(default);
        var pair = new PipePair();
        _ = services.GetRequiredService<CoapServer>().RunAsync(pair.Far, new CoapPeer("3f00"));
        CoapConnection device = CoapConnection.Start(pair.Near);

        await new ServerProxy(device).PublishAndConfirmAsync(new DeviceEvent("a", "x"));

        Assert.Equal(["3f00"], services.GetRequiredService<DeviceGateway>().Devices);
        await device.CloseAsync();
        await host.StopAsync(default);
    }

    private CoapConnection Connect(string identity) => Connect(identity, out _);

    private CoapConnection Connect(string identity, out DeviceResources resources)
    {
        var router = new CoapRouter();
        resources = new DeviceResources()
            .AddFunction("length", argument => argument.Length)
            .AddVariable("temperature", () => Volatile.Read(ref _temperature));
        resources.MapTo(router);
        var pair = new PipePair();
        _ = _server.RunAsync(pair.Far, new CoapPeer(identity));
        CoapConnection device = CoapConnection.Start(pair.Near, new CoapConnectionOptions { Handler = router.HandleAsync, CloseTimeout = TimeSpan.FromMilliseconds(200) });
        _devices.Add(device);
        return device;
    }

    private Task<CoapClient> ClientAsync() => CoapClient.ConnectAsync(new Uri($"coap://127.0.0.1:{_server.UdpEndPoint!.Port}"));
}

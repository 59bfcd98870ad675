using System.IO.Pipelines;
using System.Security.Cryptography;
using Flint.Coap;
using Flint.SecureTunnel;
using Flint.Testing;

namespace Flint.Integration.Tests;

/// <summary>The identity that a tunnel has authenticated is what handlers see, limits count and the gateway calls by.</summary>
public sealed class TunnelIdentityTests : IAsyncLifetime
{
    private readonly SecureTunnelServerKey _key = new(RSA.Create(2048), SecureTunnelKeyUsage.Encryption);
    private readonly InMemoryDeviceStore _devices = new();
    private readonly CoapRouter _router = new();
    private readonly DeviceGateway _gateway = new();
    private readonly CoapServer _server;

    public TunnelIdentityTests()
    {
        _router.Use(new CoapPeerLimiter(new CoapPeerLimits { Burst = 3, RequestsPerSecond = 0.001 }).FilterAsync);
        _router.MapGet("/who", request => CoapResponse.Content(request.Peer.Identity));
        _server = new CoapServer(_router.HandleAsync, new CoapServerOptions { ConnectionStarted = _gateway.Add, DrainTimeout = TimeSpan.FromMilliseconds(500) });
        _gateway.MapTo(_router, _server);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _key.Dispose();
    }

    [Fact]
    public async Task DeviceId_OfTheTunnel_ReachesTheHandler()
    {
        await using CoapConnection first = await ConnectAsync("3f0022000b47");
        await using CoapConnection second = await ConnectAsync("sensor-17");

        Assert.Equal("3f0022000b47", (await first.GetAsync("/who")).GetText());
        Assert.Equal("sensor-17", (await second.GetAsync("/who")).GetText());
    }

    [Fact]
    public async Task Limits_OfAnIdentity_HoldOverAllOfItsConnections()
    {
        await using CoapConnection first = await ConnectAsync("3f0022000b47");
        await using CoapConnection second = await ConnectAsync("3f0022000b47");
        await using CoapConnection other = await ConnectAsync("sensor-17");

        Assert.Equal(CoapCode.Content, (await first.GetAsync("/who")).Code);
        Assert.Equal(CoapCode.Content, (await second.GetAsync("/who")).Code);
        Assert.Equal(CoapCode.Content, (await first.GetAsync("/who")).Code);
        Assert.Equal(CoapCode.TooManyRequests, (await second.GetAsync("/who")).Code);
        Assert.Equal(CoapCode.Content, (await other.GetAsync("/who")).Code);
    }

    [Fact]
    public async Task Gateway_CallsADeviceByItsAuthenticatedIdentity_AndNamesItAsPublisher()
    {
        await using CoapConnection device = await ConnectAsync("3f0022000b47");
        await using IAsyncEnumerator<DeviceEvent> events = _gateway.Events.SubscribeAsync("motion/").GetAsyncEnumerator();
        ValueTask<bool> next = events.MoveNextAsync();

        await new ServerProxy(device).PublishAsync(new DeviceEvent("motion/hall", "1"));

        Assert.True(await next.AsTask().WaitAsync(Eventually.Limit));
        Assert.Equal("3f0022000b47", events.Current.Publisher);
        Assert.Equal(1, await _gateway.Device("3f0022000b47").CallAsync("led", "on"));
    }

    /// <summary>Both ends of a tunnel in memory, the server's with the server.</summary>
    private async Task<CoapConnection> ConnectAsync(string deviceId)
    {
        byte[] psk = RandomNumberGenerator.GetBytes(32);
        _devices.Set(new SecureTunnelDeviceId(deviceId), SecureTunnelDevice.FromPsk(psk));
        var (up, down) = (new Pipe(), new Pipe());
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(
            new Duplex(up.Reader, down.Writer), new SecureTunnelServerOptions { Keys = [_key], Devices = _devices }).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(new Duplex(down.Reader, up.Writer), new SecureTunnelClientOptions
        {
            Pins = new SecureTunnelPinSet(_key.ToPin()),
            DeviceId = new SecureTunnelDeviceId(deviceId),
            Credential = SecureTunnelCredential.FromPsk(psk),
        });
        SecureTunnelConnection server = await accepting;
        _ = _server.RunAsync(server, new CoapPeer(server.Peer.DeviceId.ToString()));

        var functions = new CoapRouter();
        new DeviceResources().AddFunction("led", argument => argument == "on" ? 1 : 0).MapTo(functions);
        return CoapConnection.Start(device, new CoapConnectionOptions { Handler = functions.HandleAsync, CloseTimeout = TimeSpan.FromMilliseconds(500) });
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

extern alias nano;

using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;
using Flint.Coap;
using Flint.Integration.Tests.Support;
using Flint.Ota;
using Flint.SecureTunnel;
using Flint.Testing;
using OtaState = nano::Flint.Ota.OtaState;

namespace Flint.Integration.Tests;

/// <summary>
/// The agent of Flint.Device.Nano, over its own adapters, against the servers that users write: the quickstart's gateway in its own process, and a
/// <see cref="DeviceGateway"/> whose program speaks to devices through <see cref="DeviceProxy"/>.
/// </summary>
public sealed class NanoAgentTests : IDisposable
{
    private static readonly RSA TunnelKey = RSA.Create(2048);
    private static readonly RSA ReleaseKey = RSA.Create(2048);
    private readonly byte[] _first = RandomNumberGenerator.GetBytes(20_000);
    private readonly byte[] _second = RandomNumberGenerator.GetBytes(64_000);
    private NanoBoard? _board;

    public void Dispose() => _board?.Dispose();

    [Fact]
    public async Task Quickstart_HandshakeCallsResumptionAndAnUpdateWithKills_EndInTheNewImage()
    {
        (OtaRelease first, OtaRelease second) = (Release(1, _first), Release(2, _second));
        _board = new NanoBoard(TunnelKey, ReleaseKey, "flint/quickstart/1"u8.ToArray());
        _board.InstallFirst(first, ReleaseKey);
        using var gateway = new QuickstartGateway(TunnelKey, NanoBoard.Id, _board.Psk, ("1.0.0", first, _first), ("2.0.0", second, _second));

        _board.Start(gateway.Port);
        AssertConnected(gateway, resumed: false);
        JsonElement boot = gateway.Await("event");
        Assert.Equal(("device/boot", "0 1 "), (boot.GetProperty("name").GetString(), boot.GetProperty("payload").GetString()![..4]));
        gateway.Say("call", ("function", "led"), ("argument", "on"));
        AssertAnswer(gateway.Await("called"), "2.04", "1");
        gateway.Say("read", ("variable", "temperature"));
        AssertAnswer(gateway.Await("read"), "2.05", "22.5");
        gateway.Say("call", ("function", "none"), ("argument", ""));
        AssertAnswer(gateway.Await("called"), "4.04", "");

        // The power goes in the middle of the image, after what was received was verified.
        gateway.Say("forge", ("release", "1.0.0"));
        gateway.Await("forged");
        gateway.Say("offer", ("release", "1.0.0"));
        Assert.Equal("4.03", gateway.Await("offered").GetProperty("code").GetString());
        gateway.Say("hold", ("bytes", 33_000));
        gateway.Say("offer", ("release", "2.0.0"));
        AssertAnswer(gateway.Await("offered"), "2.04", "0", "status");
        gateway.Await("holding");
        await Eventually.HoldsAsync(() => _board.Engine!.Progress.VerifiedBytes > 20_000);
        _board.Kill();
        gateway.Say("hold", ("bytes", 0));

        _board.Start(gateway.Port);
        Assert.Equal((1u, OtaState.Downloading), (_board.Engine!.Boot.Sequence, _board.Engine.State));
        Assert.True(_board.Engine.Progress.ResumedBytes > 20_000);
        AssertConnected(gateway, resumed: true);
        await Eventually.HoldsAsync(() => !_board.IsRunning);

        // The new image's first boot loses its power before it has reached the gateway; its second confirms it.
        _board.Start(1);
        Assert.Equal((2u, OtaState.Trial), (_board.Engine.Boot.Sequence, _board.Engine.State));
        _board.Kill();
        _board.Start(gateway.Port);

        // The boot that was killed had taken the ticket out of the store, as one is used once.
        AssertConnected(gateway, resumed: false);
        await Eventually.HoldsAsync(() => _board.Engine.State == OtaState.Idle);
        _board.Kill();

        _board.Start(gateway.Port);
        Assert.Equal(2u, _board.Engine.Boot.Sequence);
        Assert.Equal(_second, _board.RunningImage());
        AssertConnected(gateway, resumed: true);
    }

    [Fact]
    public async Task DeviceProxy_CallsReadsObservesAndHearsEvents_AlsoAfterACut()
    {
        _board = new NanoBoard(TunnelKey, ReleaseKey, []);
        _board.InstallFirst(Release(1, _first), ReleaseKey);
        var devices = new InMemoryDeviceStore();
        devices.Set(new SecureTunnelDeviceId(NanoBoard.Id), SecureTunnelDevice.FromPsk(_board.Psk));
        using var key = new SecureTunnelServerKey(TunnelKey, SecureTunnelKeyUsage.Encryption);
        using var ring = new SecureTunnelTicketRing(RandomNumberGenerator.GetBytes(SecureTunnelTicketRing.KeyLength));
        var gateway = new DeviceGateway();
        var router = new CoapRouter();
        await using var server = new CoapServer(router.HandleAsync, new CoapServerOptions { ConnectionStarted = gateway.Add, DrainTimeout = TimeSpan.FromMilliseconds(500) });
        gateway.MapTo(router, server);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using IAsyncEnumerator<DeviceEvent> events = gateway.Events.SubscribeAsync("device/").GetAsyncEnumerator();
        ValueTask<bool> nextEvent = events.MoveNextAsync();

        _board.Start(((IPEndPoint)listener.LocalEndpoint).Port);
        for (int connection = 0; connection < 2; connection++)
        {
            using Socket socket = await listener.AcceptSocketAsync();
            await using var stream = new NetworkStream(socket);
            SecureTunnelConnection tunnel = await SecureTunnelServer.AcceptAsync(
                SecureTunnelTransport.FromStream(stream),
                new SecureTunnelServerOptions { Keys = [key], Devices = devices, Tickets = ring, Suites = [SecureTunnelSuite.RsaOaepAes128Ccm] });
            Assert.Equal(connection == 1, tunnel.Resumed);
            _ = server.RunAsync(tunnel, new CoapPeer(tunnel.Peer.DeviceId.ToString()));
            await Eventually.HoldsAsync(() => gateway.Devices.Contains(NanoBoard.Id));

            DeviceProxy device = gateway.Device(NanoBoard.Id);
            Assert.Equal(1, await device.CallAsync("led", "on"));
            Assert.Equal(0, await device.CallAsync("led", "off"));
            Assert.Equal(22.5, await device.ReadAsync<double>("temperature"));
            DeviceDescription description = await device.DescribeAsync();
            Assert.Equal(["led", "temperature"], description.Functions.Concat(description.Variables));
            CoapException missing = await Assert.ThrowsAnyAsync<CoapException>(() => device.CallAsync("none"));
            Assert.Contains("4.04", missing.Message, StringComparison.Ordinal);

            await using IAsyncEnumerator<double> values = device.ObserveAsync<double>("temperature").GetAsyncEnumerator();
            Assert.True(await values.MoveNextAsync());
            Assert.Equal(22.5, values.Current);
            for (int degrees = 23; degrees < 26; degrees++)
            {
                _board.Temperature = degrees.ToString(System.Globalization.CultureInfo.InvariantCulture);
                Assert.True(await values.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit));
                Assert.Equal(degrees, values.Current);
            }

            _board.Temperature = "22.5";
            Assert.True(await nextEvent.AsTask().WaitAsync(Eventually.Limit));
            Assert.Equal((NanoBoard.Id, "device/boot"), (events.Current.Publisher, events.Current.Name));
            nextEvent = connection == 0 ? events.MoveNextAsync() : default;
            socket.Close();
            await Eventually.HoldsAsync(() => !gateway.Devices.Contains(NanoBoard.Id));
        }
    }

    private static OtaRelease Release(uint sequence, byte[] firmware)
    {
        OtaImage image = OtaImage.Create(firmware);
        byte[] manifest = new OtaManifestBuilder { Product = NanoBoard.Product, Sequence = sequence }.Add(0, $"{sequence}.0.0", image).Build();
        return new OtaRelease(OtaSigner.Sign(manifest, ReleaseKey), image);
    }

    private static void AssertConnected(QuickstartGateway gateway, bool resumed)
    {
        JsonElement report = gateway.Await("connected");
        Assert.Equal(
            (NanoBoard.Id, nameof(SecureTunnelSuite.RsaOaepAes128Ccm), resumed),
            (report.GetProperty("device").GetString(), report.GetProperty("suite").GetString(), report.GetProperty("resumed").GetBoolean()));
    }

    private static void AssertAnswer(JsonElement report, string code, string payload, string member = "payload") =>
        Assert.Equal((code, payload), (report.GetProperty("code").GetString(), report.GetProperty(member).GetString()));
}

extern alias ota;

using Flint.Device.Nano.Tests.Costs;
using Flint.Device.Nano.Tests.Support;
using Flint.Ota;
using Flint.Testing;
using OtaImage = ota::Flint.Ota.OtaImage;
using OtaManifestBuilder = ota::Flint.Ota.OtaManifestBuilder;
using OtaRelease = ota::Flint.Ota.OtaRelease;
using OtaSigner = ota::Flint.Ota.OtaSigner;

namespace Flint.Device.Nano.Tests.EndToEnd;

/// <summary>
/// A file system of which each call takes long, on the device's own clock: a whole update over it against the gateway. The watchdog is fed by files
/// that were worked on and by turns of the loop, the connection holds, and nothing is fetched twice.
/// </summary>
public sealed class SlowFileTests : IDisposable
{
    private const int Chunks = 48 + 1;
    private static readonly System.Security.Cryptography.RSA SigningKey = TunnelFixture.Key("signing");
    private readonly Gateway _gateway = new();
    private readonly WatchedPlatform _platform;
    private readonly string _folder = Directory.CreateTempSubdirectory("flint-nano-slow-").FullName + Path.DirectorySeparatorChar;

    public SlowFileTests()
    {
        _platform = new WatchedPlatform(new TestPlatform(_gateway.Port));
        FactoryFlash.InstallFirst(new DeviceFileFlash(_folder, 4096, 64), Release(1), SigningKey);
        _gateway.Release = Release(2);
    }

    public void Dispose()
    {
        _gateway.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(3000)]
    public void Update_EachFileTakesLong_IsWholeAndTheWatchdogIsFedInTime(int milliseconds)
    {
        Run(milliseconds, feeds: true, OtaState.Armed);
        Assert.Equal(Chunks, _gateway.ChunksServed);
        Run(milliseconds, feeds: true, OtaState.Idle);

        Assert.InRange(_platform.LongestHunger, milliseconds, milliseconds + 5000);
    }

    /// <summary>What the hook of the files is for: a bank is looked at as a whole, which no turn of the loop interrupts.</summary>
    [Fact]
    public void Update_FilesDoNotFeed_TheWatchdogWouldHaveBitten()
    {
        Run(400, feeds: false, OtaState.Armed);

        Assert.True(_platform.LongestHunger > 30_000, $"{_platform.LongestHunger} ms");
    }

    [Fact]
    public void Stall_OfTheDeviceItself_IsNotTheServersSilence()
    {
        var device = new CostedDevice();
        device.Connect();
        device.Board.Sleep(180_000);
        device.Agent.Step();
        Assert.True(device.Agent.IsConnected);

        // The answer to the Ping comes in time, counted from the Ping.
        device.Board.Sleep(50_000);
        device.Board.Send([0x00, 0xE3]);
        device.Agent.Step();
        Assert.True(device.Agent.IsConnected);

        // No answer to the next one.
        long silentSince = device.Board.Now;
        while (device.Agent.IsConnected)
        {
            device.Agent.Step();
        }

        Assert.InRange(device.Board.Now - silentSince, 120_000, 125_000);
    }

    /// <summary>One boot of the device up to a state, over one connection.</summary>
    private void Run(int milliseconds, bool feeds, OtaState until)
    {
        var flash = new DeviceFileFlash(_folder, 4096, 64);
        flash.Yield = () =>
        {
            _platform.Advance(milliseconds);
            if (feeds)
            {
                _platform.FeedWatchdog();
            }
        };
        _platform.FeedWatchdog();
        var boot = new LoaderBoot();
        var engine = new OtaEngine(
            flash, OtaLayout.Divide(flash, factory: false), new DeviceTrust([DeviceKeys.Read(SigningKey, RsaPublicKey.UsageSignature)]), boot, new OtaOptions("nano"u8.ToArray()));
        engine.Start();
        var crypto = new ManagedCrypto(new SeededEntropy(7));
        var agent = new DeviceAgent(new DeviceAgentSettings { Tunnel = TunnelFixture.Settings() }, _platform, crypto, DeviceRandom.Create(_platform, crypto));
        agent.UseUpdates(engine, boot, null);
        long end = Environment.TickCount64 + 120_000;
        while (engine.State != until || (until == OtaState.Armed && !boot.WasReset))
        {
            agent.Step();
            Assert.True(Environment.TickCount64 < end, $"still {engine.State}");
        }

        Assert.Equal(1, agent.Connections);
        _platform.FeedWatchdog();
    }

    private static OtaRelease Release(uint sequence)
    {
        byte[] firmware = new byte[48 * 1024];
        new Random((int)sequence).NextBytes(firmware);
        OtaImage image = OtaImage.Create(firmware);
        return new OtaRelease(OtaSigner.Sign(new OtaManifestBuilder { Product = "nano"u8.ToArray(), Sequence = sequence }.Add(0, "1", image).Build(), SigningKey), image);
    }

    private sealed class LoaderBoot : OtaBoot
    {
        public bool WasReset { get; private set; }

        public override int RunningBank => -1;

        public override void SetNext(int bank)
        {
        }

        public override void Reset() => WasReset = true;
    }

    /// <summary>A board that remembers how long its watchdog went without food.</summary>
    private sealed class WatchedPlatform(TestPlatform inner) : IDevicePlatform
    {
        private long _lastFed = inner.Now;

        public long LongestHunger { get; private set; }

        public long Now => inner.Now;

        public void Advance(long milliseconds) => inner.Advance(milliseconds);

        public void FeedWatchdog()
        {
            LongestHunger = Math.Max(LongestHunger, Now - _lastFed);
            _lastFed = Now;
        }

        public void Sleep(int milliseconds) => inner.Sleep(milliseconds);

        public IDeviceTransport? Connect() => inner.Connect();

        public byte[]? Load(string name) => inner.Load(name);

        public bool Save(string name, byte[] value) => inner.Save(name, value);
    }
}

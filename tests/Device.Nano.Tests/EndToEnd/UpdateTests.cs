extern alias ota;

using System.Security.Cryptography;
using Flint.Coap;
using Flint.Device.Nano.Tests.Support;
using Flint.Ota;
using Flint.Testing;
using OtaImage = ota::Flint.Ota.OtaImage;
using OtaManifestBuilder = ota::Flint.Ota.OtaManifestBuilder;
using OtaRelease = ota::Flint.Ota.OtaRelease;
using OtaSigner = ota::Flint.Ota.OtaSigner;

namespace Flint.Device.Nano.Tests.EndToEnd;

/// <summary>Whole updates: the agent on file banks, with the device's own trust, against a gateway over loopback; the device is killed on the way.</summary>
public sealed class UpdateTests : IDisposable
{
    private const int Hour = 3_600_000;
    private static readonly RSA SigningKey = TunnelFixture.Key("signing");
    private readonly Gateway _gateway = new();
    private readonly TestPlatform _platform;
    private readonly string _folder = Directory.CreateTempSubdirectory("flint-nano-").FullName + Path.DirectorySeparatorChar;
    private readonly List<int> _starts = [];
    private int _requestTimeout = 30_000;
    private int _maxMessage = 1152;

    public UpdateTests()
    {
        _platform = new TestPlatform(_gateway.Port);
        Provision(Release(1, 1));
    }

    [Fact]
    public async Task Update_Whole_IsTriedAndConfirmed()
    {
        _gateway.Release = Release(2, 2);
        Device device = await RunUntil(engine => engine.Boot.Sequence == 2 && engine.State == OtaState.Idle);

        Assert.Equal([1, 2], _starts);
        await Eventually.HoldsAsync(() => _gateway.Events.Any(e => e.StartsWith("device/boot=1 2 ", StringComparison.Ordinal)));
        device.Kill();
    }

    [Fact]
    public async Task Update_KilledInTheMiddle_GoesOnWhereItWas()
    {
        _gateway.Release = Release(2, 2);
        _gateway.ChunksToServe = 20;
        Device device = Start(offerInterval: Hour);
        await Eventually.HoldsAsync(() => _gateway.ChunksServed == 20 && device.Engine.Progress.VerifiedBytes > 0);
        device.Kill();
        _gateway.ChunksToServe = int.MaxValue;
        (await RunUntil(engine => engine.Boot.Sequence == 2 && engine.State == OtaState.Idle, offerInterval: Hour)).Kill();

        // The whole image has 48 chunks and a table; of what was there only the segment under way, four chunks, is fetched again.
        Assert.InRange(_gateway.ChunksServed, 49, 49 + 4);
        Assert.Equal([1, 1, 2], _starts);
    }

    [Fact]
    public async Task Offer_PushedByTheServer_IsTakenOrRefusedWithItsStatus()
    {
        _gateway.Release = Release(2, 2);
        _gateway.Hides = true;
        Device device = Start();
        CoapConnection connection = await _gateway.Connection;
        byte[] envelope = _gateway.Release.Envelope.ToArray();
        byte[] forged = (byte[])envelope.Clone();
        forged[^300] ^= 1;

        CoapResponse refused = await connection.PostAsync("/u", forged);
        Assert.Equal((Flint.Coap.CoapCode.Forbidden, ((int)OtaStatus.SignatureInvalid).ToString(System.Globalization.CultureInfo.InvariantCulture)), (refused.Code, refused.GetText()));
        Assert.Equal(Flint.Coap.CoapCode.MethodNotAllowed, (await connection.GetAsync("/u")).Code);
        CoapResponse taken = await connection.PostAsync("/u", envelope);
        Assert.Equal((Flint.Coap.CoapCode.Changed, "0"), (taken.Code, taken.GetText()));
        await Eventually.HoldsAsync(() => !device.IsRunning);
        device.Kill();
        (await RunUntil(engine => engine.Boot.Sequence == 2 && engine.State == OtaState.Idle)).Kill();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Update_WithdrawnInTheMiddle_GivesWayToALaterOne(bool restarts)
    {
        _gateway.Release = Release(2, 2);
        _gateway.ChunksToServe = 5;
        Device device = Start();
        await Eventually.HoldsAsync(() => _gateway.ChunksServed == 5);
        if (restarts)
        {
            device.Kill();
        }

        _gateway.Release = Release(3, 3);
        _gateway.ChunksToServe = int.MaxValue;
        if (!restarts)
        {
            await Eventually.HoldsAsync(() => !device.IsRunning);
        }

        (await RunUntil(engine => engine.Boot.Sequence == 3 && engine.State == OtaState.Idle)).Kill();
        Assert.DoesNotContain(2, _starts);
    }

    [Fact]
    public async Task Update_ConnectionCutInTheMiddle_GoesOn()
    {
        _gateway.Release = Release(2, 2);
        _gateway.CutAfterChunks = 15;
        (await RunUntil(engine => engine.Boot.Sequence == 2 && engine.State == OtaState.Idle)).Kill();

        Assert.Equal([1, 2], _starts);
    }

    [Theory]
    [InlineData("5.00")]
    [InlineData("2.04")]
    [InlineData("empty")]
    [InlineData("rubbish")]
    [InlineData("too long")]
    [InlineData("another image's")]
    public async Task Update_ServerAnswersOffersAndChunksBadly_IsWholeOnceItAnswersWell(string kind)
    {
        _gateway.Release = Release(2, 2);
        OtaRelease other = Release(3, 3);
        _gateway.BadAnswers = 6;
        _requestTimeout = 1000;
        _gateway.BadAnswer = request => kind switch
        {
            "5.00" => new CoapResponse(Flint.Coap.CoapCode.InternalServerError),
            "2.04" => CoapResponse.Changed(),
            "empty" => CoapResponse.Content(ReadOnlyMemory<byte>.Empty),
            "rubbish" => CoapResponse.Content(RandomNumberGenerator.GetBytes(900)),
            "too long" => CoapResponse.Content(new byte[20_000]),
            _ => CoapResponse.Content(other.Envelope[..^1]),
        };
        (await RunUntil(engine => engine.Boot.Sequence == 2 && engine.State == OtaState.Idle)).Kill();

        Assert.Equal(0, _gateway.BadAnswers);
        Assert.Equal([1, 2], _starts);
    }

    [Fact]
    public async Task Update_WhoseSelfTestFails_RollsBackAndSaysWhy()
    {
        _gateway.Release = Release(2, 2);
        Device device = await RunUntil(engine => engine.Boot.Sequence == 1 && engine.LastReason == OtaReason.SelfTestFailed, selfTest: engine => engine.Boot.Sequence == 2 ? 42u : 0u);

        Assert.Equal([1, 2, 1], _starts);
        await Eventually.HoldsAsync(() => _gateway.Events.Any(e => e.EndsWith($" {(int)OtaReason.SelfTestFailed} 42", StringComparison.Ordinal)));

        // The rejected image is offered again, and refused.
        await Eventually.HoldsAsync(() => device.LastOffer == OtaStatus.RejectedBefore);
        device.Kill();
    }

    /// <summary>A manifest is longer than such a device's messages: it comes in blocks, asked for or pushed.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Update_OfADeviceWithShortMessages_FetchesTheManifestInBlocks(bool isPushed)
    {
        _maxMessage = 320;
        _gateway.Release = Release(2, 2);
        Assert.True(_gateway.Release.Envelope.Length > _maxMessage);
        _gateway.Hides = isPushed;
        if (isPushed)
        {
            Device device = Start();
            CoapConnection connection = await _gateway.Connection;
            await connection.PingAsync(); // behind the device's CSM: before it, 1152 bytes may come in one message
            Assert.Equal("0", (await connection.PostAsync("/u", _gateway.Release.Envelope.ToArray())).EnsureSuccess().GetText());
            await Eventually.HoldsAsync(() => !device.IsRunning);
            device.Kill();
            _starts.Clear();
        }

        (await RunUntil(engine => engine.Boot.Sequence == 2 && engine.State == OtaState.Idle)).Kill();
        Assert.Equal(isPushed ? [2] : [1, 2], _starts);
    }

    [Fact]
    public async Task Offer_NotSignedByATrustedKey_IsRefused()
    {
        using var other = RSA.Create(2048);
        _gateway.Release = Release(2, 2, other);
        Device device = Start();
        await Eventually.HoldsAsync(() => device.LastOffer == OtaStatus.SignatureInvalid);

        Assert.Equal(OtaState.Idle, device.Engine.State);
        Assert.Equal(0, _gateway.ChunksServed);
        device.Kill();
    }

    [Fact]
    public async Task Trial_ThatCannotReachTheServer_ResetsItselfAndRollsBack()
    {
        _gateway.Release = Release(2, 2);
        Device device = Start();
        await Eventually.HoldsAsync(() => !device.IsRunning);
        _platform.HasNetwork = false;
        for (int boot = 0; boot < 3; boot++)
        {
            long started = _platform.Now;
            device = Start();
            Assert.Equal((2u, OtaState.Trial), (device.Engine.Boot.Sequence, device.Engine.State));
            await Eventually.HoldsAsync(() => !device.IsRunning);
            Assert.True(device.WasReset);
            Assert.True(_platform.Now - started >= 900_000, "not before its time is over");

            // Nor does anything that computes on its thread feed the watchdog any more.
            int fed = _platform.Fed;
            device.FeedWatchdog();
            Assert.Equal(fed, _platform.Fed);
        }

        device = Start();
        Assert.Equal((1u, OtaReason.AttemptsExhausted), (device.Engine.Boot.Sequence, device.Engine.LastReason));
        device.Kill();
    }

    public void Dispose()
    {
        _gateway.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static OtaRelease Release(uint sequence, byte fill, RSA? key = null)
    {
        byte[] firmware = new byte[48 * 1024];
        new Random(fill).NextBytes(firmware);
        OtaImage image = OtaImage.Create(firmware);
        byte[] manifest = new OtaManifestBuilder { Product = "nano"u8.ToArray(), Sequence = sequence, SecurityVersion = 1 }.Add(0, $"{sequence}.0", image).Build();
        return new OtaRelease(OtaSigner.Sign(manifest, key ?? SigningKey), image);
    }

    /// <summary>The first image, by the server package's provisioner onto the same files.</summary>
    private void Provision(OtaRelease release) => FactoryFlash.InstallFirst(NewFlash(), release, SigningKey);

    private DeviceFileFlash NewFlash() => new(_folder, 4096, 64);

    private Device Start(Func<OtaEngine, uint>? selfTest = null, int offerInterval = 300)
    {
        var device = new Device(NewFlash(), _platform, selfTest, new DeviceAgentSettings { OfferInterval = offerInterval, RequestTimeout = _requestTimeout, MaxMessage = _maxMessage });
        _starts.Add((int)device.Engine.Boot.Sequence);
        return device;
    }

    /// <summary>Starts the device again whenever it resets itself, until the condition holds.</summary>
    private async Task<Device> RunUntil(Func<OtaEngine, bool> condition, Func<OtaEngine, uint>? selfTest = null, int offerInterval = 300)
    {
        for (int boot = 0; boot < 8; boot++)
        {
            Device device = Start(selfTest, offerInterval);
            await Eventually.HoldsAsync(() => !device.IsRunning || condition(device.Engine));
            if (condition(device.Engine))
            {
                return device;
            }

            device.Kill();
        }

        throw new InvalidOperationException("The device was started eight times.");
    }

    /// <summary>One boot of the device: the boot stage's decision, the agent's thread, and the end of both.</summary>
    private sealed class Device
    {
        private readonly DeviceAgent _agent;
        private readonly Thread _thread;
        private readonly BootStage _boot = new();
        private volatile bool _isRunning = true;

        public Device(DeviceFileFlash flash, TestPlatform platform, Func<OtaEngine, uint>? selfTest, DeviceAgentSettings settings)
        {
            BootStage boot = _boot;
            Engine = new OtaEngine(flash, OtaLayout.Divide(flash, factory: false), new DeviceTrust([DeviceKeys.Read(SigningKey, RsaPublicKey.UsageSignature)]), boot, new OtaOptions("nano"u8.ToArray()) { ChunkLength = settings.MaxMessage < 1152 ? 256 : 1024 });
            Engine.Start();
            _agent = AgentTests.NewAgent(platform, settings);
            _agent.UseUpdates(Engine, boot, selfTest is null ? null : () => selfTest(Engine));
            _thread = new Thread(() =>
            {
                _agent.Run();
                _isRunning = false;
            })
            { IsBackground = true };
            _thread.Start();
        }

        public OtaEngine Engine { get; }

        public bool IsRunning => _isRunning;

        public bool WasReset => _boot.WasReset;

        public void FeedWatchdog() => _agent.FeedWatchdog();

        public OtaStatus LastOffer => _agent.LastOffer;

        public void Kill()
        {
            _agent.Stop();
            _thread.Join(10_000);
        }
    }

    private sealed class BootStage : OtaBoot
    {
        public override int RunningBank => -1;

        public override void SetNext(int bank)
        {
        }

        public bool WasReset { get; private set; }

        public override void Reset() => WasReset = true;
    }
}

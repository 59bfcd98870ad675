extern alias ota;

using System.Security.Cryptography;
using System.Text;
using Flint.Device.Nano.Tests.Support;
using Flint.Ota;
using Flint.Ota.Tests.Faults;
using Flint.Testing;
using OtaImage = ota::Flint.Ota.OtaImage;
using OtaManifestBuilder = ota::Flint.Ota.OtaManifestBuilder;
using OtaRelease = ota::Flint.Ota.OtaRelease;
using OtaSigner = ota::Flint.Ota.OtaSigner;

namespace Flint.Device.Nano.Tests.EndToEnd;

/// <summary>The agent beside what fails for longer: flash that takes nothing, a server that answers nothing, a board that throws. Hours pass on the board's clock.</summary>
public sealed class TroubleTests
{
    private const int Hour = 3_600_000;
    private static readonly RSA Key = TunnelFixture.Key("signing");
    private readonly FailingFlash _flash = new(new DeviceMemoryFlash());
    private readonly Boot _boot = new();

    [Fact]
    public void Arm_WhileFlashFails_IsTriedOnceAnHourUntilItSucceeds()
    {
        OtaEngine engine = Verified();
        Device device = Connect(engine, null);
        _flash.Fails = true;
        device.Live(Hour / 2);
        int once = _flash.Refused;
        device.Live(2 * Hour);
        Assert.InRange(_flash.Refused, once + 1, once + 10);
        Assert.Equal(OtaState.Verified, engine.State);

        _flash.Fails = false;
        device.Live(Hour + 1000);
        Assert.Equal((OtaState.Armed, true), (engine.State, _boot.WasReset));
    }

    [Theory]
    [InlineData(0u, OtaState.Idle)]
    [InlineData(7u, OtaState.Rejected)]
    public void Verdict_OfATrial_WhileFlashFails_IsTriedAgainUntilItSucceeds(uint fault, OtaState expected)
    {
        Assert.Equal(OtaStatus.Ok, Verified().Arm());
        OtaEngine engine = NewEngine();
        Assert.Equal(OtaState.Trial, engine.State);
        int tests = 0;
        _flash.Fails = true;
        Device device = Connect(engine, () =>
        {
            tests++;
            return fault;
        });
        device.Live(100_000);
        Assert.Equal((OtaState.Trial, 4), (engine.State, tests));

        _flash.Fails = false;
        device.Live(31_000);
        Assert.Equal((expected, 5), (engine.State, tests));
        Assert.Equal(expected == OtaState.Rejected, _boot.WasReset);
    }

    [Fact]
    public void Offers_ThatTheServerNeverAnswers_AreAskedForAllTheSame()
    {
        Device device = Connect(NewEngine(), null);
        device.Live(12 * Hour);

        Assert.Equal(12, device.OffersAskedFor);

        // Half a minute an hour is spent in short turns, not all of it.
        Assert.InRange(device.Turns, 12 * 7200, 12 * 9000);
    }

    /// <summary>The server of a connection that holds for weeks would not hear of it otherwise.</summary>
    [Fact]
    public void Update_ThatEndsWithinAConnection_IsReported()
    {
        OtaEngine engine = Verified();
        _flash.Fails = true;
        Device device = Connect(engine, null);
        device.Live(10_000);
        Assert.Equal(["3 0 0 0"], device.Reports);

        engine.Abort();
        device.Live(10_000);
        Assert.Equal(["3 0 0 0", $"3 0 {(int)OtaReason.Aborted} 0"], device.Reports);
    }

    [Fact]
    public void Board_ThatThrowsAtEachConnection_IsAskedWithBackOff()
    {
        var board = new ThrowingBoard { ThrowsOnConnect = true };
        DeviceAgent agent = NewAgent(board);
        board.StopsAt = (agent, 30);
        agent.Run();

        // Full jitter from one second to ten minutes; the crash record is written as often, no more.
        Assert.InRange(board.Now, 60_000, 30 * 600_000);
        Assert.InRange(board.CrashesSaved, 1, 30);
    }

    /// <summary>Where memory is short, recording the fault fails as well, and so does the farewell of the connection.</summary>
    [Fact]
    public void Board_WithoutMemoryForTheRecovery_IsComeBackTo()
    {
        var board = new ThrowingBoard { ThrowsOnSave = true };
        DeviceAgent agent = NewAgent(board);
        board.StopsAt = (agent, 3);
        agent.Run();

        Assert.Equal(3, board.Connects);
        Assert.Equal(2, board.Closed);
    }

    private static DeviceAgent NewAgent(IDevicePlatform platform)
    {
        var crypto = new ManagedCrypto(new SeededEntropy(5));
        return new DeviceAgent(new DeviceAgentSettings { Tunnel = TunnelFixture.Settings() }, platform, crypto, new HedgedRandom(crypto, new byte[32], 1));
    }

    private Device Connect(OtaEngine engine, DeviceSelfTest? selfTest)
    {
        var device = new Device();
        device.Agent.UseUpdates(engine, _boot, selfTest);
        device.Connect();
        return device;
    }

    private OtaEngine NewEngine()
    {
        var engine = new OtaEngine(
            _flash, OtaLayout.Divide(_flash, factory: false), new DeviceTrust([DeviceKeys.Read(Key, RsaPublicKey.UsageSignature)]), _boot, new OtaOptions("nano"u8.ToArray()));
        engine.Start();
        return engine;
    }

    /// <summary>An engine that has downloaded all of an image.</summary>
    private OtaEngine Verified()
    {
        OtaImage image = OtaImage.Create(new byte[6000]);
        var release = new OtaRelease(OtaSigner.Sign(new OtaManifestBuilder { Product = "nano"u8.ToArray(), Sequence = 1 }.Add(0, "1", image).Build(), Key), image);
        OtaEngine engine = NewEngine();
        Assert.Equal(OtaStatus.Ok, engine.Offer(release.Envelope.ToArray(), 0, release.Envelope.Length));
        var request = new OtaRequest();
        byte[] frame = new byte[1024 + 10];
        while (engine.TryGetRequest(request))
        {
            ota::Flint.Ota.OtaChunk.TryWrite(release, request.Artifact, request.Offset, request.Length, frame, out int written);
            Assert.Equal(OtaStatus.Ok, engine.OnChunk(frame, 0, written));
        }

        Assert.Equal(OtaState.Verified, engine.State);
        return engine;
    }

    /// <summary>An agent whose server says nothing but that it lives.</summary>
    private sealed class Device
    {
        private readonly ScriptedBoard _board;

        public Device()
        {
            _board = new ScriptedBoard();
            Agent = NewAgent(_board);
        }

        public DeviceAgent Agent { get; }

        public int Turns { get; private set; }

        /// <summary>How often the device has said GET /u.</summary>
        public int OffersAskedFor => _board.Received.Zip(_board.Received.Skip(1)).Count(pair => pair == (0xB1, (byte)'u'));

        /// <summary>The payloads of POST /e/device/boot.</summary>
        public string[] Reports =>
            [.. Encoding.Latin1.GetString([.. _board.Received]).Split("\u0004boot").Skip(1).Select(message => string.Concat(message.Split('\u00FF')[1].TakeWhile(IsOfAReport)))];

        private static bool IsOfAReport(char c) => c is ' ' or (>= '0' and <= '9');

        public void Connect()
        {
            while (!Agent.IsConnected)
            {
                Agent.Step();
            }
        }

        public void Live(long milliseconds)
        {
            long end = _board.Now + milliseconds;
            for (; _board.Now < end && Agent.IsConnected; Turns++)
            {
                if (Turns % 50 == 0)
                {
                    _board.Send([0x00, 0xE3]);
                }

                Agent.Step();
            }
        }
    }

    private sealed class FailingFlash(OtaFlash inner) : ForwardingFlash(inner)
    {
        public bool Fails { get; set; }

        /// <summary>What was not done.</summary>
        public int Refused { get; private set; }

        public override bool Program(int address, byte[] buffer, int offset, int count) => !IsRefused() && base.Program(address, buffer, offset, count);

        public override bool EraseBlock(int block) => !IsRefused() && base.EraseBlock(block);

        private bool IsRefused()
        {
            Refused += Fails ? 1 : 0;
            return Fails;
        }
    }

    private sealed class Boot : OtaBoot
    {
        public bool WasReset { get; private set; }

        public override int RunningBank => -1;

        public override void SetNext(int bank)
        {
        }

        public override void Reset() => WasReset = true;
    }

    /// <summary>A board that breaks its promise not to throw.</summary>
    private sealed class ThrowingBoard : IDevicePlatform, IDeviceTransport
    {
        private long _now;

        public bool ThrowsOnConnect { get; init; }

        public bool ThrowsOnSave { get; init; }

        public (DeviceAgent Agent, int Connects) StopsAt { get; set; }

        public int Connects { get; private set; }

        public int Closed { get; private set; }

        public int CrashesSaved { get; private set; }

        public long Now => _now;

        public void Sleep(int milliseconds) => _now += milliseconds;

        public IDeviceTransport? Connect()
        {
            Connects++;
            if (Connects == StopsAt.Connects)
            {
                StopsAt.Agent.Stop();
                return null;
            }

            return ThrowsOnConnect ? throw new InvalidOperationException() : this;
        }

        public byte[]? Load(string name) => null;

        public bool Save(string name, byte[] value)
        {
            CrashesSaved += name == "crash" ? 1 : 0;
            return ThrowsOnSave ? throw new InsufficientMemoryException() : true;
        }

        public void FeedWatchdog()
        {
        }

        public int Read(byte[] buffer, int offset, int count, int timeout) => throw new InsufficientMemoryException();

        public bool Write(byte[] buffer, int offset, int count) => true;

        public void Close()
        {
            Closed++;
            throw new InsufficientMemoryException();
        }
    }
}

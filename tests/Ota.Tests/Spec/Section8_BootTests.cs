namespace Flint.Ota.Tests.Spec;

/// <summary>docs/spec/ota.md section 8: what is booted where things are not as they should be.</summary>
public sealed class Section8_BootTests
{
    private static readonly OtaRelease V1 = Lab.Release(1, 20_000);
    private static readonly OtaRelease V2 = Lab.Release(2, 21_000);

    // [OTA-084]
    [Fact]
    public void Factory_BothBanksRotten_RunsAndTakesAnUpdate()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1, blocks: 48, factory: true);
        Lab.Boot(flash, layout).Install(V2);
        Lab.Boot(flash, layout).Confirm();
        Rot(flash, layout, 0);
        Rot(flash, layout, 1);

        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaBootSource.Factory, engine.Boot.Source);
        Assert.Equal(OtaReason.ConfirmedCorrupt, engine.LastReason);
        engine.Install(Lab.Release(3, 21_000));
        Assert.Equal(OtaStatus.Ok, Lab.Boot(flash, layout).Confirm());
        Assert.Equal(3u, Lab.Boot(flash, layout).Boot.Sequence);
    }

    [Fact]
    public void Factory_SignedByStranger_IsNotRun()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1, blocks: 48, factory: true);
        Rot(flash, layout, 0);
        using var stranger = new OtaTrustStore();
        stranger.Add(Lab.OtherKey);
        var engine = new OtaEngine(flash, layout, stranger, new OtaBootStage(), Lab.Options());
        Assert.Equal(OtaBootSource.Recovery, engine.Start().Source);
    }

    [Fact]
    public void Rollback_WithoutOtherBank_GoesToRecovery()
    {
        var flash = new MemoryFlash(32 * 4096, 4096);
        OtaLayout layout = OtaLayout.Divide(flash, factory: false);
        Lab.Boot(flash, layout).Install(V1);
        Lab.Boot(flash, layout).Reject(OtaReason.SelfTestFailed, 0);
        Assert.Equal(OtaBootSource.Recovery, Lab.Boot(flash, layout).Boot.Source);
        Assert.Equal(OtaReason.SelfTestFailed, Lab.Boot(flash, layout).LastReason);
    }

    [Fact]
    public void Start_OtherBankRuns_AsksForReset()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        using OtaTrustStore trust = Lab.Trust();
        var engine = new OtaEngine(flash, layout, trust, new FixedBoot(1), Lab.Options());
        Assert.True(engine.Start().MustReset);
        Assert.Equal(OtaStatus.WrongState, engine.Offer(V2));
    }

    [Fact]
    public void VerifySignatureAtBoot_StrangersBank_IsNotRun()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        using var stranger = new OtaTrustStore();
        stranger.Add(Lab.OtherKey);
        OtaOptions options = Lab.Options();
        options.VerifySignatureAtBoot = true;
        Assert.Equal(OtaBootSource.Recovery, new OtaEngine(flash, layout, stranger, new OtaBootStage(), options).Start().Source);
    }

    [Fact]
    public void Arm_BlockRotted_IsFetchedAgain()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));
        Rot(flash, layout, 1);
        Assert.Equal(OtaStatus.BlockMismatch, engine.Arm());
        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));
        Assert.Equal(OtaStatus.Ok, engine.Arm());
        Assert.Equal(OtaBootSource.Trial, Lab.Boot(flash, layout).Boot.Source);
    }

    [Fact]
    public void Transitions_BeyondTheLimit_AreRefused()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        OtaStatus status = OtaStatus.Ok;
        int rounds = 0;
        while (status == OtaStatus.Ok && rounds++ < 50)
        {
            status = engine.Offer(V2);
            engine.Abort();
        }

        Assert.Equal(OtaStatus.TooManyTransitions, status);
        Assert.InRange(rounds, 10, OtaEngine.MaxTransitions);
    }

    [Fact]
    public void Evidence_OfUpdates_IsKeptAcrossSessionsNewestFirst()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        Lab.Boot(flash, layout).Install(V2);
        Lab.Boot(flash, layout).Reject(OtaReason.SelfTestFailed, 5);
        OtaEngine engine = Lab.Boot(flash, layout);
        OtaRelease v3 = Lab.Release(3, 9_000);
        engine.Install(v3);
        engine = Lab.Boot(flash, layout);
        engine.Confirm();
        var record = new byte[32];
        Assert.True(engine.TryReadEvidence(0, record, 0));
        Assert.Equal((byte)OtaReason.Confirmed, record[1]);
        Assert.True(engine.TryReadEvidence(1, record, 0));
        Assert.Equal((byte)OtaReason.SelfTestFailed, record[1]);
        Assert.Equal(5, record[19]);
        Assert.False(engine.TryReadEvidence(2, record, 0));
    }

    private static void Rot(MemoryFlash flash, OtaLayout layout, int bank) => flash.Bytes[layout.Bank(bank).Image(0).Start(flash) + 5000] ^= 2;

    private sealed class FixedBoot(int running) : OtaBoot
    {
        public override int RunningBank => running;

        public override void SetNext(int bank)
        {
        }

        public override void Reset()
        {
        }
    }
}

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

    // Every byte of section 4.4, for an update that is confirmed, one that a start gives up, one that the program rejects, and rot.
    [Fact]
    public void Evidence_OfFourEndings_IsWhatTheSpecificationSays()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaRelease v2 = Lab.Release(2, 9_000);
        OtaRelease v3 = Lab.Release(3, 9_000);
        OtaRelease v4 = Lab.Release(4, 9_000);
        Lab.Boot(flash, layout).Install(v2);
        Assert.Equal(OtaStatus.Ok, Lab.Boot(flash, layout).Confirm());
        Lab.Boot(flash, layout).Install(v3);
        for (int start = 0; start < 4; start++)
        {
            Lab.Boot(flash, layout);
        }

        Lab.Boot(flash, layout).Install(v4);
        Assert.Equal(OtaStatus.Ok, Lab.Boot(flash, layout).Reject((OtaReason)200, 0x01020304));
        AssertEvidence(Lab.Boot(flash, layout), 0, 200, bank: 0, number: 3, runs: 4, about: 4, detail: 0x01020304, v4);
        AssertEvidence(Lab.Boot(flash, layout), 1, (int)OtaReason.AttemptsExhausted, bank: 0, number: 2, runs: 0, about: 3, detail: 0, v3);
        AssertEvidence(Lab.Boot(flash, layout), 2, (int)OtaReason.Confirmed, bank: 1, number: 1, runs: 2, about: 2, detail: 0, v2);

        // V2 rots where V1 stands in the other bank.
        (flash, layout) = Lab.Device(V1);
        Lab.Boot(flash, layout).Install(v2);
        Assert.Equal(OtaStatus.Ok, Lab.Boot(flash, layout).Confirm());
        flash.Bytes[layout.Bank(1).Image(0).Start(flash) + 77] ^= 1;
        AssertEvidence(Lab.Boot(flash, layout), 0, (int)OtaReason.ConfirmedCorrupt, bank: 1, number: 2, runs: 0, about: 1, detail: 0, v2);
    }

    private static void AssertEvidence(OtaEngine engine, int back, int reason, byte bank, uint number, uint runs, uint about, uint detail, OtaRelease subject)
    {
        using OtaTrustStore trust = Lab.Trust();
        var manifest = new OtaManifest();
        var digest = new byte[OtaTrust.DigestLength];
        Assert.Equal(OtaStatus.Ok, manifest.TryRead(subject.Envelope.ToArray(), 0, subject.Envelope.Length));
        manifest.ComputeDigest(trust, digest, 0);
        var expected = new byte[OtaEvidence.Length];
        expected[0] = 0x45;
        expected[1] = (byte)reason;
        expected[2] = bank;
        OtaBytes.WriteUInt32(expected, 4, number);
        OtaBytes.WriteUInt32(expected, 8, runs);
        OtaBytes.WriteUInt32(expected, 12, about);
        OtaBytes.WriteUInt32(expected, 16, detail);
        digest.AsSpan(0, 8).CopyTo(expected.AsSpan(20));
        OtaBytes.WriteUInt32(expected, 28, trust.Crc32C(0, expected, 0, 28));
        var read = new byte[OtaEvidence.Length];
        Assert.True(engine.TryReadEvidence(back, read, 0));
        Assert.Equal(expected, read);
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

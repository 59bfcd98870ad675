namespace Flint.Ota.Tests.Faults;

/// <summary>docs/spec/ota.md section 4.2, [OTA-026] and [OTA-027]: what a commit that fails leaves behind on flash and in RAM.</summary>
public sealed class FailedCommitTests
{
    private static readonly OtaRelease V1 = Lab.Release(1, 9_000, securityVersion: 1);
    private static readonly OtaRelease V2 = Lab.Release(2, 9_100, securityVersion: 2);
    private static readonly OtaRelease V3 = Lab.Release(3, 9_200, securityVersion: 2);

    [Fact]
    public void Confirm_FlashFailsThenReject_RollsBackWithFloorUnchanged()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        Lab.Boot(flash, layout).Install(V2);
        OtaEngine engine = Lab.Boot(flash, layout);
        flash.OnFlush = () => false;
        Assert.Equal(OtaStatus.FlashFailed, engine.Confirm());
        Assert.Equal(1u, engine.Floor);

        flash.OnFlush = () => true;
        Assert.Equal(OtaStatus.Ok, engine.Reject(OtaReason.SelfTestFailed, 0));
        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaBootSource.Confirmed, engine.Boot.Source);
        Assert.Equal(1u, engine.Boot.Sequence);
        Assert.Equal(OtaReason.SelfTestFailed, engine.LastReason);
        Assert.Equal(1u, engine.Floor);
    }

    [Fact]
    public void Reject_FlashFailsThenConfirm_StaysConfirmed()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        Lab.Boot(flash, layout).Install(V2);
        OtaEngine engine = Lab.Boot(flash, layout);
        flash.OnFlush = () => false;
        Assert.Equal(OtaStatus.FlashFailed, engine.Reject(OtaReason.SelfTestFailed, 0));
        flash.OnFlush = () => true;
        Assert.Equal(OtaStatus.Ok, engine.Confirm());

        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaBootSource.Confirmed, engine.Boot.Source);
        Assert.Equal(2u, engine.Boot.Sequence);
    }

    [Fact]
    public void Offer_FlashFailsDuringDownload_LeavesDownloadWhole()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        engine.Fetch(V2, most: 3);
        flash.OnFlush = () => false;
        Assert.Equal(OtaStatus.FlashFailed, engine.Offer(V3));
        flash.OnFlush = () => true;

        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));
        Assert.Equal(OtaStatus.Ok, engine.Arm());
        Assert.Equal(2u, Lab.Boot(flash, layout).Boot.Sequence);
    }

    [Fact]
    public void Arm_FlashFailsThenAbort_PutsNothingOnTrial()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));
        flash.OnFlush = () => false;
        Assert.Equal(OtaStatus.FlashFailed, engine.Arm());
        flash.OnFlush = () => true;
        Assert.Equal(OtaStatus.Ok, engine.Abort());

        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaBootSource.Confirmed, engine.Boot.Source);
        Assert.Equal(OtaReason.Aborted, engine.LastReason);
    }

    // [OTA-082]
    [Fact]
    public void Trial_AttemptNotCounted_NextDownloadIntoItsBankResumes()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        Lab.Boot(flash, layout).Install(V2);
        flash.OnFlush = () => false;
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaBootSource.Confirmed, engine.Boot.Source);
        Assert.Equal(1u, engine.Boot.Sequence);
        flash.OnFlush = () => true;
        Assert.Equal(OtaStatus.Ok, engine.Offer(V3));
        engine.Fetch(V3, most: 7);

        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaState.Downloading, engine.State);
        Assert.NotEqual(0, engine.Progress.ResumedBytes);
    }

    // [OTA-022]
    [Fact]
    public void Commit_OtherBlockWorn_NeverProgramsOverTheLatestRecord()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        OtaEngine engine = Lab.Boot(flash, layout);

        // The first commit of a session erases one of the two state blocks; the other one does not erase any more.
        int worn = -1;
        flash.OnErase = block => block > 1 || (worn = worn < 0 ? 1 - block : worn) != block;
        OtaStatus status = OtaStatus.Ok;
        for (int i = 0; i < 12; i++)
        {
            status = engine.Offer(V2);
            if (status == OtaStatus.Ok)
            {
                status = engine.Abort();
            }
        }

        Assert.Equal(OtaStatus.FlashFailed, status);
        Assert.Equal(0, flash.Violations);
        Assert.Equal(OtaBootSource.Confirmed, Lab.Boot(flash, layout).Boot.Source);
    }

    // [OTA-023]
    [Fact]
    public void Load_SingleCopiesEachBelowTheNext_ComesToAnEnd()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        using OtaTrustStore trust = Lab.Trust();
        var bytes = new byte[OtaStateRecord.Length];
        flash.EraseBlock(0);
        flash.EraseBlock(1);
        for (uint i = 0; i < 3; i++)
        {
            new OtaStateRecord { Sequence = i * 0x60000000 }.Write(bytes, 0, trust);
            Assert.True(flash.Program((int)i * bytes.Length, bytes, 0, bytes.Length));
        }

        Assert.Equal(OtaBootSource.Recovery, Lab.Boot(flash, layout).Boot.Source);
    }

    [Fact]
    public void Download_BegunInTheSessionOfConfirm_ResumesAfterCut()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        engine.Fetch(V2, most: 5);

        // Resumed once, so that the journal of V2 is the second one.
        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));
        Assert.Equal(OtaStatus.Ok, engine.Arm());
        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Confirm());
        Assert.Equal(OtaStatus.Ok, engine.Offer(V3));
        engine.Fetch(V3, most: 7);

        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaState.Downloading, engine.State);
        Assert.NotEqual(0, engine.Progress.ResumedBytes);
    }

    [Fact]
    public void Trial_ManifestUnreadable_DropsNothingFromTheRejected()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        foreach (OtaRelease bad in new[] { V2, V3 })
        {
            Lab.Boot(flash, layout).Install(bad);
            Lab.Boot(flash, layout).Reject(OtaReason.SelfTestFailed, 0);
        }

        Lab.Boot(flash, layout).Install(Lab.Release(4, 9_300));
        flash.Bytes[layout.Bank(1).Manifest.Start(flash) + 40] ^= 1;
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaReason.TrialCorrupt, engine.LastReason);
        Assert.Equal(OtaStatus.RejectedBefore, engine.Offer(V2));
        Assert.Equal(OtaStatus.RejectedBefore, engine.Offer(V3));
    }

    private static (HookFlash Flash, OtaLayout Layout) Device()
    {
        var flash = new HookFlash(48);
        OtaLayout layout = OtaBoardLayout.Divide(flash, factory: false, evidence: true);
        using OtaTrustStore trust = Lab.Trust();
        Assert.Equal(OtaStatus.Ok, new OtaProvisioner(flash, layout, trust).InstallFirst(V1.Envelope.Span, V1));
        return (flash, layout);
    }
}

namespace Flint.Ota.Tests.Spec;

/// <summary>docs/spec/ota.md section 6.1: the flash after every step of an update, row by row, and what the boot loader is told meanwhile.</summary>
public sealed class Section6_StepsTests
{
    private static readonly OtaRelease V1 = Lab.Release(1, 9_000);
    private static readonly OtaRelease V2 = Lab.Release(2, 9_100, securityVersion: 2);

    // [OTA-061], [OTA-062], [OTA-082]
    [Fact]
    public void Update_EveryStep_LeavesTheRowOfTheSpecification()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        byte[] first = Bank(flash, layout, 0);
        OtaEngine engine = Lab.Boot(flash, layout);
        AssertRecord(flash, layout, confirmed: 0, trial: OtaStateRecord.NoBank, attempts: 0, floor: 1, OtaStateRecord.Empty);

        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        AssertRecord(flash, layout, confirmed: 0, trial: OtaStateRecord.NoBank, attempts: 0, floor: 1, OtaStateRecord.Writing);
        Assert.True(flash.Bytes[(layout.Bank(1).Manifest.Start(flash) + OtaBankStore.ManifestHeaderLength)..].StartsWith(V2.Envelope.Span));
        AssertJournal(flash, layout, done: 0);

        // One segment for the table, three for the image.
        int[] chunks = [1, 4, 4, 1];
        for (int segment = 0; segment < chunks.Length; segment++)
        {
            AssertJournal(flash, layout, done: segment);
            engine.Fetch(V2, chunks[segment]);
            AssertRecord(flash, layout, confirmed: 0, trial: OtaStateRecord.NoBank, attempts: 0, floor: 1, OtaStateRecord.Writing);
        }

        AssertJournal(flash, layout, chunks.Length);
        Assert.Equal(OtaState.Verified, engine.State);

        Assert.Equal(OtaStatus.Ok, engine.Arm());
        AssertRecord(flash, layout, confirmed: 0, trial: 1, attempts: 3, floor: 1, OtaStateRecord.Valid);
        engine = Lab.Boot(flash, layout);
        AssertRecord(flash, layout, confirmed: 0, trial: 1, attempts: 2, floor: 1, OtaStateRecord.Valid);
        byte[] armed = flash.Bytes.ToArray();

        Assert.Equal(OtaStatus.Ok, engine.Confirm());
        AssertRecord(flash, layout, confirmed: 1, trial: OtaStateRecord.NoBank, attempts: 0, floor: 2, OtaStateRecord.Valid);
        Assert.Equal(first, Bank(flash, layout, 0));

        // Or the other last row.
        armed.CopyTo(flash.Bytes);
        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Reject(OtaReason.SelfTestFailed, 9));
        OtaStateRecord record = AssertRecord(flash, layout, confirmed: 0, trial: OtaStateRecord.NoBank, attempts: 0, floor: 1, OtaStateRecord.Empty);
        Assert.Equal((int)OtaReason.SelfTestFailed, record.Reason);
        Assert.Equal(first, Bank(flash, layout, 0));
    }

    [Fact]
    public void BootLoader_IsToldEachBankThatIsToRunNext_AndResetIsTheProgramsToCall()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        var loader = new Loader(running: 0);
        Lab.BootFrom(loader, flash, layout).Install(V2);
        Assert.Equal([0, 1], loader.Named);

        var onTrial = new Loader(running: 1);
        OtaEngine engine = Lab.BootFrom(onTrial, flash, layout);
        Assert.Equal(OtaState.Trial, engine.State);
        Assert.Equal(OtaStatus.Ok, engine.Reject(OtaReason.SelfTestFailed, 0));
        Assert.Equal([1, 0], onTrial.Named);

        var back = new Loader(running: 0);
        Assert.Equal(OtaBootSource.Confirmed, Lab.BootFrom(back, flash, layout).Boot.Source);
        Assert.Equal([0], back.Named);
        Assert.Equal(0, loader.Resets + onTrial.Resets + back.Resets);

        var stage = new OtaBootStage();
        new OtaEngine(flash, layout, Lab.Trust(), stage, Lab.Options()).Start();
        Assert.Equal(0, stage.NextBank);
        Assert.False(stage.ResetRequested);
        stage.Reset();
        Assert.True(stage.ResetRequested);
    }

    private static byte[] Bank(MemoryFlash flash, OtaLayout layout, int bank)
    {
        int start = layout.Bank(bank).Manifest.Start(flash);
        OtaRegion image = layout.Bank(bank).Image(0);
        return flash.Bytes[start..(image.Start(flash) + image.Length(flash))].ToArray();
    }

    private static OtaStateRecord AssertRecord(MemoryFlash flash, OtaLayout layout, int confirmed, int trial, int attempts, uint floor, int bank1)
    {
        var record = new OtaStateRecord();
        using OtaTrustStore trust = Lab.Trust();
        byte[] before = flash.Bytes.ToArray();
        Assert.True(new OtaStateLog(flash, trust, layout.State0, layout.State1).Load(record));
        Assert.True(flash.Bytes.SequenceEqual(before));
        Assert.Equal((confirmed, trial, attempts, floor), (record.Confirmed, record.Trial, record.Attempts, record.Floor));
        Assert.Equal([OtaStateRecord.Valid, bank1], record.BankStatus);
        return record;
    }

    private static void AssertJournal(MemoryFlash flash, OtaLayout layout, int done)
    {
        using OtaTrustStore trust = Lab.Trust();
        var journal = new OtaJournal(flash, trust, layout.Journal0, layout.Journal1);
        Assert.True(journal.Load());
        Assert.Equal(1, journal.Bank);
        Assert.Equal(done, journal.Done);
    }
}

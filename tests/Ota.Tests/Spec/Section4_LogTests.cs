using Flint.Ota.Testing;
using Flint.Ota.Tests.Faults;

namespace Flint.Ota.Tests.Spec;

/// <summary>docs/spec/ota.md sections 4.2 and 4.3: state log and journal, copy by copy and mark by mark.</summary>
public sealed class Section4_LogTests
{
    private static readonly OtaRelease V1 = Lab.Release(1, 9_000);
    private static readonly OtaRelease V2 = Lab.Release(2, 9_100);
    private static readonly OtaRelease V3 = Lab.Release(3, 9_200);

    // [OTA-022], [OTA-024]
    [Fact]
    public void Commit_FirstOfASession_WritesThreeCopiesElsewhereUnderANumberLeftOut()
    {
        var flash = new HookFlash(4);
        OtaStateRecord record = Committed(flash);
        byte[] before = [.. flash.Bytes];
        OtaStateLog log = Log(flash);
        Assert.True(log.Load(record));
        uint sequence = record.Sequence;
        record.Detail = 5;
        Assert.True(log.Commit(record));
        Assert.Equal(sequence + 2, record.Sequence);
        Assert.True(log.Commit(record));
        Assert.Equal(sequence + 3, record.Sequence);

        // The block of the record before is as it was, and the other one has two times three copies.
        int start = before.AsSpan(0, 4).SequenceEqual("FOS1"u8) ? 1024 : 0;
        int other = 1024 - start;
        Assert.True(flash.Bytes.AsSpan(other, 1024).SequenceEqual(before.AsSpan(other, 1024)));
        for (int copy = 1; copy < 3; copy++)
        {
            Assert.True(flash.Bytes.AsSpan(start, 128).SequenceEqual(flash.Bytes.AsSpan(start + (copy * 128), 128)));
            Assert.True(flash.Bytes.AsSpan(start + (3 * 128), 128).SequenceEqual(flash.Bytes.AsSpan(start + ((3 + copy) * 128), 128)));
        }
    }

    // [OTA-023]
    [Theory]
    [InlineData(1, 7u, false)]
    [InlineData(2, 8u, true)]
    [InlineData(3, 8u, false)]
    public void Load_SoManyCopies_CountsFromTwoAndIsCommittedAgainBelowThree(int copies, uint detail, bool isCommitted)
    {
        var flash = new HookFlash(4);
        OtaStateRecord record = Committed(flash);
        OtaStateLog log = Log(flash);
        Assert.True(log.Load(record));
        record.Detail = 8;
        Assert.True(log.Commit(record));
        int block = flash.Bytes[23] == 8 ? 0 : 1024;
        for (int copy = copies; copy < 3; copy++)
        {
            flash.Bytes[block + (copy * 128) + 60] ^= 1;
        }

        byte[] before = [.. flash.Bytes];
        var loaded = new OtaStateRecord();
        Assert.True(Log(flash).Load(loaded));
        Assert.Equal(detail, loaded.Detail);
        Assert.Equal(isCommitted, !flash.Bytes.SequenceEqual(before));
    }

    // [OTA-029] Of two copies on flash one cannot be read, or reads wrong, in one look: the first or the second.
    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public void Load_ACopyIsReadWronglyOnce_IsLookedForAgain(int look, bool isSilent)
    {
        var flash = new HookFlash(4);
        OtaStateRecord record = Committed(flash);
        OtaStateLog log = Log(flash);
        Assert.True(log.Load(record));
        record.Detail = 8;
        Assert.True(log.Commit(record));
        int block = flash.Bytes[23] == 8 ? 0 : 1024;
        flash.Bytes[block + (2 * 128) + 60] ^= 1;
        byte good = flash.Bytes[block + 128];
        int looks = 0;
        flash.OnRead = address =>
        {
            bool isHit = address == block + 128 && ++looks == look;
            flash.Bytes[block + 128] = isHit ? (byte)(good ^ 1) : good;
            return !isHit || isSilent;
        };
        var loaded = new OtaStateRecord();
        Assert.True(Log(flash).Load(loaded));
        Assert.Equal(8u, loaded.Detail);
        Assert.True(looks >= look);
    }

    // [OTA-030]
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Commit_AfterALookThatReadNothing_IsRefused(bool hearsAgain)
    {
        var flash = new HookFlash(4);
        OtaStateRecord record = Committed(flash);
        byte[] before = [.. flash.Bytes];
        OtaStateLog log = Log(flash);
        flash.OnRead = _ => false;
        Assert.False(log.Load(record));
        flash.OnRead = _ => hearsAgain;
        Assert.False(log.Commit(new OtaStateRecord()));
        Assert.False(log.Commit(new OtaStateRecord()));
        Assert.Equal(before, flash.Bytes);

        flash.OnRead = _ => true;
        Assert.True(Log(flash).Load(record));
        Assert.Equal(7u, record.Detail);
    }

    // [OTA-030] What is not there is not waited for: one of the blocks never reads, the other holds nothing.
    [Fact]
    public void Commit_NoRecordAndABlockThatDoesNotRead_IsTaken()
    {
        var flash = new HookFlash(4) { OnRead = address => address >= 1024 };
        OtaStateLog log = Log(flash);
        var record = new OtaStateRecord();
        Assert.False(log.Load(record));
        record.Detail = 9;
        Assert.True(log.Commit(record));
        Assert.True(Log(flash).Load(record));
        Assert.Equal(9u, record.Detail);
    }

    // The numbers of record, journal and evidence wrap: what was written last is the latest.
    [Theory]
    [InlineData(0xFFFFFFFDu)]
    [InlineData(0xFFFFFFFEu)]
    [InlineData(0xFFFFFFFFu)]
    public void Sequence_Wraps_TheLatestIsTheOneWrittenLast(uint before)
    {
        var flash = new HookFlash(4);
        using OtaTrustStore trust = Lab.Trust();
        var bytes = new byte[OtaStateRecord.Length];
        new OtaStateRecord { Sequence = before }.Write(bytes, 0, trust);
        for (int copy = 0; copy < 3; copy++)
        {
            Assert.True(flash.Program(copy * bytes.Length, bytes, 0, bytes.Length));
        }

        for (uint i = 1; i <= 4; i++)
        {
            OtaStateLog log = Log(flash);
            var record = new OtaStateRecord();
            Assert.True(log.Load(record));
            Assert.Equal(i - 1, record.Detail);
            record.Detail = i;
            Assert.True(log.Commit(record));
            Assert.Equal(unchecked(before + (2 * i)), record.Sequence);
        }

        var journal = new OtaJournal(flash, trust, new OtaRegion(2, 1), new OtaRegion(3, 1)) { Sequence = before };
        for (int done = 1; done <= 4; done++)
        {
            Assert.True(journal.Begin(new byte[32], 1, done, 0, 1, 4096));
            journal = new OtaJournal(flash, trust, new OtaRegion(2, 1), new OtaRegion(3, 1));
            Assert.True(journal.Load());
            Assert.Equal(done, journal.Done);
        }
    }

    [Fact]
    public void Evidence_NumberWraps_TheNewestIsTheOneWrittenLast()
    {
        var flash = new HookFlash(4);
        using OtaTrustStore trust = Lab.Trust();
        var bytes = new byte[OtaEvidence.Length];
        bytes[0] = 0x45;
        OtaBytes.WriteUInt32(bytes, 4, uint.MaxValue);
        OtaBytes.WriteUInt32(bytes, 28, trust.Crc32C(0, bytes, 0, 28));
        Assert.True(flash.Program(0, bytes, 0, bytes.Length));
        for (uint i = 1; i <= 3; i++)
        {
            new OtaEvidence(flash, trust, new OtaRegion(0, 1), new OtaRegion(1, 1)).Append(new OtaStateRecord { Detail = i }, 0, 1, 2);
            for (uint back = 0; back < i; back++)
            {
                Assert.True(new OtaEvidence(flash, trust, new OtaRegion(0, 1), new OtaRegion(1, 1)).TryRead((int)back, bytes, 0));
                Assert.Equal(i - back, OtaBytes.ReadUInt32(bytes, 16));
            }
        }
    }

    // [OTA-025]
    [Fact]
    public void Commit_FlushesBeforeTheFirstCopyAndAfterTheLast()
    {
        var flash = new HookFlash(4);
        OtaStateRecord record = Committed(flash);
        OtaStateLog log = Log(flash);
        Assert.True(log.Load(record));
        var flushed = new List<byte[]>();
        flash.OnFlush = () =>
        {
            flushed.Add([.. flash.Bytes]);
            return true;
        };
        byte[] before = [.. flash.Bytes];
        Assert.True(log.Commit(record));
        Assert.Equal(2, flushed.Count);
        Assert.Equal(before, flushed[0]);
        Assert.Equal(flash.Bytes, flushed[1]);
    }

    // [OTA-035]
    [Fact]
    public void Journal_AnyReadFailsOnce_IsFoundWithTheSameMarks()
    {
        var flash = new HookFlash(4);
        var digest = new byte[OtaTrust.DigestLength];
        OtaJournal journal = Journal(flash);
        Assert.True(journal.Begin(digest, 1, 0, 0, 1, 1024));
        journal.Mark();
        journal = Journal(flash);
        Assert.True(journal.Load());
        int reads = 0;
        flash.OnRead = _ => ++reads != 1;
        Assert.True(journal.Begin(digest, 1, journal.Done, 0, 1, 1024));
        Assert.Equal(2, reads);
        journal.Mark();
        journal.Mark();
        for (int at = 1; at <= reads; at++)
        {
            reads = 0;
            flash.OnRead = _ => ++reads != at;
            journal = Journal(flash);
            Assert.True(journal.Load());
            Assert.Equal(4u, journal.Sequence);
            Assert.Equal(3, journal.Done);
        }

        Assert.True(reads > 5);
    }

    // [OTA-031]
    [Fact]
    public void Resume_MarkedSegmentRotted_IsFetchedAgain()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        engine.Fetch(V2, most: 9);
        Assert.Equal(8192, engine.Progress.VerifiedBytes);
        flash.Bytes[layout.Bank(1).Image(0).Start(flash) + 5000] ^= 1;
        engine = Lab.Boot(flash, layout);
        Assert.Equal(4096, engine.Progress.VerifiedBytes);
        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));
        Assert.Equal(OtaStatus.Ok, engine.Arm());
    }

    // [OTA-032]
    [Fact]
    public void Resume_NextSession_LeavesTheJournalBeforeAsItIs()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        engine.Fetch(V2, most: 5);
        int journal = flash.Bytes[layout.Journal0.Start(flash)] == (byte)'F' ? layout.Journal0.Start(flash) : layout.Journal1.Start(flash);
        byte[] before = flash.Bytes.Slice(journal, 4096).ToArray();
        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));
        Assert.True(flash.Bytes.Slice(journal, 4096).SequenceEqual(before));
    }

    // [OTA-033]
    [Fact]
    public void Resume_BankHoldsAnotherManifest_IsNotResumed()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        engine.Fetch(V2, most: 5);

        // The manifest of another device that downloads V3: signed, whole, and not what the record names.
        (MemoryFlash other, OtaLayout otherLayout) = Lab.Device(V1);
        Assert.Equal(OtaStatus.Ok, Lab.Boot(other, otherLayout).Offer(V3));
        int manifest = layout.Bank(1).Manifest.Start(flash);
        other.Bytes.Slice(manifest, 4096).CopyTo(flash.Bytes[manifest..]);
        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaState.Idle, engine.State);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));
    }

    // [OTA-034] The region was written anew, and the cut may have left it unsettled, whatever a journal said about it before.
    [Fact]
    public void Resume_SameManifestOfferedAgainAndCut_OlderJournalDoesNotCount()
    {
        var flash = new HookFlash(48);
        OtaLayout layout = OtaLayout.Divide(flash, factory: false);
        Assert.Equal(OtaStatus.Ok, new OtaProvisioner(flash, layout, Lab.Trust()).InstallFirst(V1.Envelope.Span, V1));
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        engine.Fetch(V2, most: 8);
        Assert.Equal(OtaStatus.Ok, engine.Abort());

        // The manifest is there, byte for byte; its journal is not.
        flash.OnErase = block => block == layout.Journal0.FirstBlock || block == layout.Journal1.FirstBlock ? throw new PowerCutException() : true;
        Assert.Throws<PowerCutException>(() => engine.Offer(V2));
        flash.OnErase = _ => true;
        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaState.Idle, engine.State);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));
        Assert.Equal(OtaState.Verified, engine.State);
    }

    // [OTA-034] The journal of the last download is gone, and that of the one before it, of the same manifest, stands: what it marks was written over since.
    [Fact]
    public void Offer_JournalOfAnEarlierSession_KeepsNothing()
    {
        (MemoryFlash flash, OtaLayout layout) = Lab.Device(V1);
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        engine.Fetch(V2, most: 9);
        Assert.Equal(8192, engine.Progress.VerifiedBytes);
        Assert.Equal(OtaStatus.Ok, engine.Abort());
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        engine.Fetch(V2, most: 7);
        int first = layout.Journal0.Start(flash);
        int second = layout.Journal1.Start(flash);
        flash.Bytes[(flash.Bytes[first + 7] > flash.Bytes[second + 7] ? first : second) + 20] ^= 1;

        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaState.Idle, engine.State);
        Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
        Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));
        Assert.Equal(0, engine.Progress.ResumedBytes);
    }

    // [OTA-028]
    [Fact]
    public void State_InLongBlocks_IsFoundWithFewReadsAndTurnsOver()
    {
        var inner = new MemoryFlash(40 * 65536, 65536);
        OtaLayout layout = OtaLayout.Divide(inner, factory: false);
        Assert.Equal(OtaStatus.Ok, new OtaProvisioner(inner, layout, Lab.Trust()).InstallFirst(V1.Envelope.Span, V1));
        var flash = new StateReads(inner, 2 * 65536);
        Assert.Equal(1u, Lab.Boot(flash, layout).Boot.Sequence);
        Assert.InRange(flash.Count, 6, 96);

        var log = new OtaStateLog(inner, Lab.Trust(), layout.State0, layout.State1);
        var record = new OtaStateRecord();
        Assert.True(log.Load(record));
        for (uint i = 1; i <= 40; i++)
        {
            record.Detail = i;
            Assert.True(log.Commit(record));
            var found = new OtaStateRecord();
            Assert.True(new OtaStateLog(inner, Lab.Trust(), layout.State0, layout.State1).Load(found));
            Assert.Equal(i, found.Detail);
        }

        Assert.Equal(-1, inner.Bytes[(48 * 128)..65536].IndexOfAnyExcept((byte)0xFF));
    }

    // [OTA-041]
    [Fact]
    public void Offer_CutAtTheFirstEraseOfTheBank_HasTheBankAsNotToBeBooted()
    {
        var flash = new HookFlash(48);
        OtaLayout layout = OtaLayout.Divide(flash, factory: false);
        Assert.Equal(OtaStatus.Ok, new OtaProvisioner(flash, layout, Lab.Trust()).InstallFirst(V1.Envelope.Span, V1));
        Lab.Boot(flash, layout).Install(V2);
        Assert.Equal(OtaStatus.Ok, Lab.Boot(flash, layout).Confirm());
        OtaEngine engine = Lab.Boot(flash, layout);
        flash.OnErase = block => block == layout.Bank(0).Manifest.FirstBlock ? throw new PowerCutException() : true;
        Assert.Throws<PowerCutException>(() => engine.Offer(V3));
        flash.OnErase = _ => true;

        // The old image stands there, whole; but nobody knows that any more.
        flash.Bytes[layout.Bank(1).Image(0).Start(flash)] ^= 1;
        Assert.Equal(OtaBootSource.Recovery, Lab.Boot(flash, layout).Boot.Source);
    }

    private sealed class StateReads(OtaFlash inner, int end) : ForwardingFlash(inner)
    {
        public int Count { get; private set; }

        public override bool Read(int address, byte[] buffer, int offset, int count)
        {
            Count += address < end ? 1 : 0;
            return base.Read(address, buffer, offset, count);
        }
    }

    private static OtaJournal Journal(OtaFlash flash) => new(flash, Lab.Trust(), new OtaRegion(0, 1), new OtaRegion(1, 1));

    private static OtaStateLog Log(OtaFlash flash) => new(flash, Lab.Trust(), new OtaRegion(0, 1), new OtaRegion(1, 1));

    private static OtaStateRecord Committed(HookFlash flash)
    {
        var record = new OtaStateRecord { Detail = 7 };
        Assert.True(Log(flash).Commit(record));
        return record;
    }
}

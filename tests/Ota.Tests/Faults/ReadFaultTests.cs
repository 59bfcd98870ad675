using Flint.Ota.Testing;

namespace Flint.Ota.Tests.Faults;

/// <summary>docs/spec/ota.md, [OTA-002], [OTA-029], [OTA-030], [OTA-035], [OTA-063], [OTA-087], [OTA-097]: reads that fail or lie, once or for good, at every place where there is one.</summary>
public sealed class ReadFaultTests
{
    private const int Block = 1024;

    private static readonly OtaRelease V1 = Lab.Release(1, 2_500);
    private static readonly byte[] V2Bytes = Lab.Bytes(2_900, 2);
    private static readonly OtaRelease V2 = Lab.Release(2, V2Bytes);

    public static TheoryData<string> Boards => ["small", "unequal", "swap"];

    [Theory]
    [MemberData(nameof(Boards))]
    public void EveryRead_FailsOrIsWrongOnce_Holds(string kind)
    {
        using var proof = new OtaProof(Board(kind));
        int phase = 0;
        foreach (OtaScenario scenario in Enum.GetValues<OtaScenario>().Where(proof.Supports))
        {
            OtaProofReport report = proof.RunReads(scenario, phase++ % OtaProof.Phases);
            Assert.True(report.Failures == 0, $"{report}\n{string.Join('\n', report.Lines)}\n{report.FlashDump}");
            Assert.True(report.Runs > 200);
        }
    }

    // [OTA-087]
    [Theory]
    [InlineData(FlashFaultKind.ReadFails, false)]
    [InlineData(FlashFaultKind.ReadFlips, false)]
    [InlineData(FlashFaultKind.ReadFails, true)]
    [InlineData(FlashFaultKind.ReadFlips, true)]
    public void Boot_AnyReadIsWrongOnce_DecidesTheSame(FlashFaultKind kind, bool onTrial)
    {
        int reads = 1;
        for (int at = 1; at <= reads; at++)
        {
            (FaultFlash flash, OtaLayout layout) = Device();
            Boot(flash, layout).Install(V2);
            if (!onTrial)
            {
                Assert.Equal(OtaStatus.Ok, Boot(flash, layout).Confirm());
            }

            int before = flash.Reads;
            flash.Add(new FlashFault(before + at, kind));
            OtaEngine engine = Boot(flash, layout);
            reads = flash.Reads - before;
            Assert.Equal(onTrial ? OtaBootSource.Trial : OtaBootSource.Confirmed, engine.Boot.Source);
            Assert.Equal(2u, engine.Boot.Sequence);
            engine = Boot(flash, layout);
            Assert.Equal(2u, engine.Boot.Sequence);
            Assert.Equal(onTrial ? 1 : 0, engine.Boot.AttemptsLeft);
        }

        Assert.True(reads > 20);
    }

    // [OTA-035], [OTA-073]
    [Theory]
    [InlineData(FlashFaultKind.ReadFails)]
    [InlineData(FlashFaultKind.ReadFlips)]
    public void Download_AnyReadIsWrongOnce_GoesOn(FlashFaultKind kind)
    {
        int reads = 1;
        for (int at = 1; at <= reads; at++)
        {
            (FaultFlash flash, OtaLayout layout) = Device();
            OtaEngine engine = Boot(flash, layout);
            int before = flash.Reads;
            flash.Add(new FlashFault(before + at, kind));
            Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
            Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));
            Assert.Equal(OtaState.Verified, engine.State);
            reads = flash.Reads - before;
        }

        Assert.True(reads > 10);
    }

    // [OTA-087]
    [Fact]
    public void Arm_AnyReadIsWrongOnce_Arms()
    {
        int reads = 1;
        for (int at = 1; at <= reads; at++)
        {
            (FaultFlash flash, OtaLayout layout) = Device();
            OtaEngine engine = Boot(flash, layout);
            Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
            Assert.Equal(OtaStatus.Ok, engine.Fetch(V2));
            int before = flash.Reads;
            flash.Add(new FlashFault(before + at, at % 2 == 0 ? FlashFaultKind.ReadFails : FlashFaultKind.ReadFlips));
            Assert.Equal(OtaStatus.Ok, engine.Arm());
            reads = flash.Reads - before;
        }

        Assert.True(reads > 5);
    }

    // [OTA-063] What is on flash went bad, which says nothing about what was signed.
    [Fact]
    public void Trial_RotsBeforeItRan_RollsBackAndIsTakenAgain()
    {
        (FaultFlash flash, OtaLayout layout) = Device();
        Boot(flash, layout).Install(V2);
        flash.Rot(layout.Bank(1).Image(0).Start(flash) + 700, 1);
        OtaEngine engine = Boot(flash, layout);
        Assert.Equal(1u, engine.Boot.Sequence);
        Assert.Equal(OtaReason.TrialCorrupt, engine.LastReason);
        engine.Install(V2);
        engine = Boot(flash, layout);
        Assert.Equal(OtaBootSource.Trial, engine.Boot.Source);
        Assert.Equal(OtaStatus.Ok, engine.Confirm());
        Assert.Equal(2u, Boot(flash, layout).Boot.Sequence);
    }

    // [OTA-063], [OTA-066]
    [Fact]
    public void Trial_RotsBeforeItRanEachTime_ComesToAnEnd()
    {
        (FaultFlash flash, OtaLayout layout) = Device();
        OtaEngine engine = Boot(flash, layout);
        OtaStatus status = OtaStatus.Ok;
        int rounds = 0;
        while (status == OtaStatus.Ok && rounds < 50)
        {
            status = engine.Offer(V2);
            if (status == OtaStatus.Ok)
            {
                rounds++;
                engine.Fetch(V2);
                Assert.Equal(OtaStatus.Ok, engine.Arm());
                flash.Rot(layout.Bank(1).Image(0).Start(flash) + 700, 1);
                engine = Boot(flash, layout);
                Assert.Equal(1u, engine.Boot.Sequence);
            }
        }

        Assert.Equal(OtaStatus.TooManyTransitions, status);
        Assert.InRange(rounds, 5, 12);

        // It never ran, so it was not listed: signed anew it is taken.
        OtaRelease again = Lab.Release(3, V2Bytes);
        engine.Install(again);
        engine = Boot(flash, layout);
        Assert.Equal(OtaBootSource.Trial, engine.Boot.Source);
    }

    // [OTA-063] It never ran, and not because of what it is.
    [Fact]
    public void Trial_TransitionsSpentBeforeItRan_IsNotListed()
    {
        (FaultFlash flash, OtaLayout layout) = Device();
        OtaEngine engine = Boot(flash, layout);
        while (engine.Offer(V2) == OtaStatus.Ok && Transitions(flash, layout) < OtaEngine.MaxTransitions - 1)
        {
            Assert.Equal(OtaStatus.Ok, engine.Abort());
        }

        engine.Fetch(V2);
        Assert.Equal(OtaStatus.Ok, engine.Arm());
        engine = Boot(flash, layout);
        Assert.Equal(1u, engine.Boot.Sequence);
        Assert.Equal(OtaReason.TooManyTransitions, engine.LastReason);
        Assert.Equal(OtaStatus.TooManyTransitions, engine.Offer(V2));
        engine.Install(Lab.Release(3, V2Bytes));
        Assert.Equal(OtaBootSource.Trial, Boot(flash, layout).Boot.Source);
    }

    // [OTA-063] Once it ran, it may have done that itself.
    [Fact]
    public void Trial_RotsOnceItRan_IsRefused()
    {
        (FaultFlash flash, OtaLayout layout) = Device();
        Boot(flash, layout).Install(V2);
        Assert.Equal(OtaBootSource.Trial, Boot(flash, layout).Boot.Source);
        flash.Rot(layout.Bank(1).Image(0).Start(flash) + 700, 1);
        OtaEngine engine = Boot(flash, layout);
        Assert.Equal(OtaReason.TrialCorrupt, engine.LastReason);
        Assert.Equal(OtaStatus.RejectedBefore, engine.Offer(V2));
    }

    // [OTA-063] Whichever look at its bank a read fails in.
    [Fact]
    public void Trial_RotsOnceItRanAndAnyReadFailsOnce_IsRefused()
    {
        int reads = 1;
        for (int at = 1; at <= reads; at++)
        {
            (FaultFlash flash, OtaLayout layout) = Device();
            Boot(flash, layout).Install(V2);
            Assert.Equal(OtaBootSource.Trial, Boot(flash, layout).Boot.Source);
            flash.Rot(layout.Bank(1).Image(0).Start(flash) + 700, 1);
            int before = flash.Reads;
            flash.Add(new FlashFault(before + at, FlashFaultKind.ReadFails));
            OtaEngine engine = Boot(flash, layout);
            reads = flash.Reads - before;
            Assert.Equal(OtaReason.TrialCorrupt, engine.LastReason);
            Assert.Equal(OtaStatus.RejectedBefore, engine.Offer(V2));
        }

        Assert.True(reads > 20);
    }

    // [OTA-035] The segment under way was whole when the power went and may read differently later, so that it is fetched again whatever one read says;
    // what was marked before it is kept but for the one that the read was about.
    [Theory]
    [InlineData(FlashFaultKind.ReadFails)]
    [InlineData(FlashFaultKind.ReadFlips)]
    public void Resume_AnyReadIsWrongOnce_GoesOnWithoutTheSegmentUnderWay(FlashFaultKind kind)
    {
        OtaImage image = OtaImage.Create(V2Bytes, Block);
        OtaRelease release = Lab.Sign(new OtaManifestBuilder { Product = Lab.Product, Sequence = 2, SecurityVersion = 1 }.Add(0, "2", image), image);
        int reads = 1;
        for (int at = 1; at <= reads; at++)
        {
            (FaultFlash flash, OtaLayout layout) = Device();
            OtaEngine engine = Boot(flash, layout);
            Assert.Equal(OtaStatus.Ok, engine.Offer(release));
            engine.Fetch(release, most: 3);
            Assert.Equal(Block, engine.Progress.VerifiedBytes);

            // A second journal, so that the one before it could be taken for the latest.
            engine = Boot(flash, layout);
            engine.Fetch(release, most: 1);
            flash.Add(new FlashFault(flash.Operations + 1, FlashFaultKind.CutUnsettled));
            Assert.Throws<PowerCutException>(() => engine.Fetch(release, most: 1));

            int before = flash.Reads;
            flash.Add(new FlashFault(before + at, kind));
            engine = Boot(flash, layout);
            reads = flash.Reads - before;
            Assert.Equal(OtaState.Downloading, engine.State);
            Assert.InRange(engine.Progress.VerifiedBytes, 0, Block);
            Assert.Equal(OtaStatus.Ok, engine.Fetch(release));
            Assert.Equal(OtaStatus.Ok, engine.Arm());
            Assert.Equal(2u, Boot(flash, layout).Boot.Sequence);
        }

        Assert.True(reads > 20);
    }

    // [OTA-030]
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Offer_InAStartThatReadNothing_IsRefusedAndCostsNothing(int phase)
    {
        (FaultFlash flash, OtaLayout layout) = Device();
        for (int i = 0; i < phase; i++)
        {
            OtaEngine once = Boot(flash, layout);
            Assert.Equal(OtaStatus.Ok, once.Offer(V2));
            Assert.Equal(OtaStatus.Ok, once.Abort());
        }

        flash.Add(new FlashFault(1, FlashFaultKind.StartIsDeaf));
        flash.BeginStart();
        OtaEngine engine = Boot(flash, layout);
        Assert.True(flash.EndStart());
        Assert.Equal(OtaBootSource.Recovery, engine.Boot.Source);
        int operations = flash.Operations;
        Assert.Equal(OtaStatus.FlashFailed, engine.Offer(V2));
        Assert.Equal(OtaStatus.FlashFailed, engine.Offer(V2));
        Assert.Equal(operations, flash.Operations);

        engine = Boot(flash, layout);
        Assert.Equal(OtaBootSource.Confirmed, engine.Boot.Source);
        Assert.Equal(1u, engine.Floor);
        engine.Install(V2);
    }

    // A bus that hangs in the middle of a start, until the next: nothing is lost, and what was on trial is at worst fetched again.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Boot_ReadsFailFromSomewhereOn_NextStartIsWhole(bool onTrial)
    {
        int reads = 1;
        for (int after = 0; after < reads; after++)
        {
            (FaultFlash flash, OtaLayout layout) = Device();
            Boot(flash, layout).Install(V2);
            if (!onTrial)
            {
                Assert.Equal(OtaStatus.Ok, Boot(flash, layout).Confirm());
            }

            var deaf = new DeafFlash(flash, after);
            Boot(deaf, layout);
            reads = after + (deaf.Refused > 0 ? 2 : 0);
            OtaEngine engine = Boot(flash, layout);
            Assert.True(engine.Boot.Sequence == 2 || onTrial, $"version {engine.Boot.Sequence} after {after} reads");
            if (engine.Boot.Sequence == 1)
            {
                Assert.Equal(OtaReason.TrialCorrupt, engine.LastReason);
                engine.Install(V2);
                engine = Boot(flash, layout);
            }

            Assert.Equal(2u, engine.Boot.Sequence);
            Assert.Equal("", flash.Violation);
        }

        Assert.True(reads > 20);
    }

    // [OTA-097] After a cut at each operation of a move, one wrong read anywhere in the start after it.
    [Theory]
    [InlineData(FlashFaultKind.ReadFails)]
    [InlineData(FlashFaultKind.ReadFlips)]
    public void Move_CutThenAnyReadIsWrongOnce_HasBothImages(FlashFaultKind kind)
    {
        OtaBoard board = OtaBoard.Swap(8, hasEcc: false, 0xFF);
        byte[][] images = [Lab.Bytes(3 * Block, 11), Lab.Bytes(3 * Block, 12)];
        OtaRelease first = Lab.Release(1, images[0]);
        OtaRelease second = Lab.Release(2, images[1]);
        var armed = new FaultFlash(board);
        OtaLayout layout = board.Layout(armed);
        Assert.Equal(OtaStatus.Ok, new OtaProvisioner(armed, layout, Lab.Trust()).InstallFirst(first.Envelope.Span, first));
        Lab.Boot(armed, layout).Install(second);

        var flash = new FaultFlash(board);
        bool isMoved = false;
        for (int cut = 1; !isMoved; cut += 3)
        {
            int reads = 1;
            for (int at = 1; at <= reads && !isMoved; at++)
            {
                flash.CopyFrom(armed, seed: 1);
                flash.Add(new FlashFault(cut, FlashFaultKind.CutHalfway));
                try
                {
                    isMoved = Lab.Boot(flash, layout).State == OtaState.Trial;
                    continue;
                }
                catch (PowerCutException)
                {
                }

                int before = flash.Reads;
                flash.Add(new FlashFault(before + at, kind));
                OtaEngine engine = Lab.Boot(flash, layout);
                reads = flash.Reads - before;
                Assert.Equal(OtaBootSource.Trial, engine.Boot.Source);
                Assert.True(flash.Truth(flash.BlockStart(layout.Bank(0).Image(0).FirstBlock), 3 * Block).SequenceEqual(images[1]));
                Assert.True(flash.Truth(flash.BlockStart(layout.Bank(1).Image(0).FirstBlock), 3 * Block).SequenceEqual(images[0]), $"cut {cut}, read {at}");
            }
        }
    }

    private static OtaBoard Board(string kind) => kind switch
    {
        "small" => OtaBoard.Small(8, hasEcc: false, 0xFF),
        "unequal" => OtaBoard.Unequal(32, hasEcc: true, 0x00),
        _ => OtaBoard.Swap(1, hasEcc: false, 0xFF),
    };

    private static (FaultFlash Flash, OtaLayout Layout) Device()
    {
        OtaBoard board = OtaBoard.Small(8, hasEcc: true, 0xFF);
        var flash = new FaultFlash(board);
        OtaLayout layout = board.Layout(flash);
        Assert.Equal(OtaStatus.Ok, new OtaProvisioner(flash, layout, Lab.Trust()).InstallFirst(V1.Envelope.Span, V1));
        return (flash, layout);
    }

    private static int Transitions(FaultFlash flash, OtaLayout layout)
    {
        var record = new OtaStateRecord();
        using OtaTrustStore trust = Lab.Trust();
        Assert.True(new OtaStateLog(flash, trust, layout.State0, layout.State1).Load(record));
        return record.Transitions;
    }

    private static OtaEngine Boot(OtaFlash flash, OtaLayout layout) =>
        Lab.Boot(flash, layout, new OtaOptions(Lab.Product) { ChunkLength = 512, BufferLength = 512 });

    /// <summary>Flash of which no read succeeds any more after some.</summary>
    private sealed class DeafFlash(OtaFlash inner, int after) : ForwardingFlash(inner)
    {
        private int _reads;

        public int Refused { get; private set; }

        public override bool Read(int address, byte[] buffer, int offset, int count)
        {
            if (++_reads <= after)
            {
                return base.Read(address, buffer, offset, count);
            }

            Refused++;
            return false;
        }
    }
}

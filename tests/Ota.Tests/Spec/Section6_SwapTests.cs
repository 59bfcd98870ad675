using Flint.Ota.Testing;
using Flint.Ota.Tests.Faults;

namespace Flint.Ota.Tests.Spec;

/// <summary>docs/spec/ota.md section 6.2, [OTA-014], [OTA-091] to [OTA-096]: parts that run code from one place only.</summary>
public sealed class Section6_SwapTests
{
    private const int Block = 1024;
    private const int RunningBlock = 26;

    private static readonly OtaRelease V1 = Lab.Release(1, 3_500);
    private static readonly OtaRelease V2 = Lab.Release(2, 3_900, securityVersion: 2);
    private static readonly OtaRelease V3 = Lab.Release(3, 2_000, securityVersion: 2);

    [Fact]
    public void Update_Armed_MovesIntoTheRunningPlaceAndKeepsTheOldImage()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        int[] erases = new int[flash.BlockCount];
        flash.OnErase = block => ++erases[block] > 0;
        Lab.Boot(flash, layout).Install(V2);
        AssertRuns(flash, layout, Lab.Bytes(3_500, 1));

        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaBootSource.Trial, engine.Boot.Source);
        Assert.Equal(2, engine.Boot.AttemptsLeft);
        Section6_LifeCycleTests.AssertRuns(engine, Lab.Bytes(3_900, 2));
        AssertRuns(flash, layout, Lab.Bytes(3_900, 2));
        Assert.Equal(Lab.Bytes(3_500, 1), Store(flash, layout, slot: 0, 3_500));
        Assert.Equal(OtaStatus.Ok, engine.Confirm());

        // Section 11: the download and the move erase a block of a bank once each.
        Assert.All(erases[layout.Bank(1).Image(0).FirstBlock..], count => Assert.InRange(count, 0, 2));
        Assert.All(erases[RunningBlock..], count => Assert.Equal(1, count));

        // The next one comes into the store's other end, and back down the chain.
        engine.Install(V3);
        Assert.Equal(Lab.Bytes(2_000, 3), Store(flash, layout, slot: 0, 2_000));
        engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaStatus.Ok, engine.Confirm());
        AssertRuns(flash, layout, Lab.Bytes(2_000, 3));
        Assert.Equal(Lab.Bytes(3_900, 2), Store(flash, layout, slot: 1, 3_900));
        Assert.Equal(0, flash.Violations);
    }

    [Fact]
    public void Trial_Rejected_MovesTheOldImageBackAndSettledBootsWriteNothing()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        Lab.Boot(flash, layout).Install(V2);
        Assert.Equal(OtaStatus.Ok, Lab.Boot(flash, layout).Reject(OtaReason.SelfTestFailed, 3));
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaBootSource.Confirmed, engine.Boot.Source);
        Assert.Equal(1u, engine.Boot.Sequence);
        Assert.Equal(OtaReason.SelfTestFailed, engine.LastReason);
        AssertRuns(flash, layout, Lab.Bytes(3_500, 1));
        byte[] before = [.. flash.Bytes];
        Assert.Equal(1u, Lab.Boot(flash, layout).Boot.Sequence);
        Assert.Equal(before, flash.Bytes);
    }

    // [OTA-091] Whatever lost its power, each slot of both images stands somewhere in the chain, whole.
    [Theory]
    [InlineData(FlashFaultKind.CutBefore)]
    [InlineData(FlashFaultKind.CutHalfway)]
    [InlineData(FlashFaultKind.CutTorn)]
    [InlineData(FlashFaultKind.CutAfter)]
    public void Move_CutAnywhere_HasEverySlotOfBothImagesSomewhere(FlashFaultKind kind)
    {
        OtaBoard board = OtaBoard.Swap(8, hasEcc: false, 0xFF);
        bool isMoved = false;
        int moves = 0;
        for (int at = 1; !isMoved; at++)
        {
            var flash = new FaultFlash(board);
            OtaLayout layout = board.Layout(flash);
            byte[][] images = [Lab.Bytes(3 * Block, 11), Lab.Bytes(3 * Block, 12)];
            OtaRelease first = Lab.Release(1, images[0]);
            OtaRelease second = Lab.Release(2, images[1]);
            Assert.Equal(OtaStatus.Ok, new OtaProvisioner(flash, layout, Lab.Trust()).InstallFirst(first.Envelope.Span, first));
            Lab.Boot(flash, layout).Install(second);
            flash.Add(new FlashFault(flash.Operations + at, kind));
            try
            {
                isMoved = Lab.Boot(flash, layout).State == OtaState.Trial;
            }
            catch (PowerCutException)
            {
                moves++;
            }

            byte[] chain =
            [
                .. flash.Truth(flash.BlockStart(layout.Bank(1).Image(0).FirstBlock), 4 * Block),
                .. flash.Truth(flash.BlockStart(layout.Bank(0).Image(0).FirstBlock), 3 * Block),
            ];
            foreach (byte[] image in images)
            {
                for (int slot = 0; slot < 3; slot++)
                {
                    Assert.True(chain.AsSpan().IndexOf(image.AsSpan(slot * Block, Block)) % Block == 0, $"slot {slot} after a cut at {at}");
                }
            }

            if (!isMoved)
            {
                Assert.Equal(OtaBootSource.Trial, Lab.Boot(flash, layout).Boot.Source);
            }

            AssertRuns(flash, layout, images[1]);
        }

        // Two records, a journal, and for each of six steps an erase, two programs and a mark.
        Assert.InRange(moves, 30, 60);
    }

    // [OTA-092] Cut again and again, each session begins where the one before it marked.
    [Fact]
    public void Move_CutInEverySession_GoesOnAndErasesEachPlaceAboutOnce()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        Lab.Boot(flash, layout).Install(V2);
        int[] erases = new int[flash.BlockCount];
        int sessions = 0;
        bool isTrial = false;
        while (!isTrial && sessions < 20)
        {
            // Each session may erase two places of the chain.
            sessions++;
            int left = 2;
            flash.OnErase = block => block < layout.Bank(1).Image(0).FirstBlock
                || (left-- > 0 && ++erases[block] > 0 ? true : throw new PowerCutException());
            try
            {
                isTrial = Lab.Boot(flash, layout).State == OtaState.Trial;
            }
            catch (PowerCutException)
            {
            }
        }

        Assert.Equal(4, sessions);
        Assert.All(erases, count => Assert.InRange(count, 0, 1));
        AssertRuns(flash, layout, Lab.Bytes(3_900, 2));
    }

    // [OTA-092] A journal that the flash does not take: every step is committed instead.
    [Fact]
    public void Move_JournalDead_IsCommittedStepByStep()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        Lab.Boot(flash, layout).Install(V2);
        flash.OnErase = block => block != ((OtaBoardLayout)layout).SwapJournal.FirstBlock;
        int flushes = 0;
        flash.OnFlush = () => ++flushes < 16 ? true : throw new PowerCutException();
        Assert.Throws<PowerCutException>(() => Lab.Boot(flash, layout));
        flash.OnFlush = () => true;
        Assert.Equal(OtaBootSource.Trial, Lab.Boot(flash, layout).Boot.Source);
        AssertRuns(flash, layout, Lab.Bytes(3_900, 2));
    }

    // [OTA-093]
    [Fact]
    public void Move_EachStep_FlushesBeforeAndAfterItsMark()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        Lab.Boot(flash, layout).Install(V2);
        var order = new List<char>();
        flash.OnErase = block =>
        {
            order.Add(block >= layout.Bank(1).Image(0).FirstBlock ? 'e' : '-');
            return true;
        };
        flash.OnFlush = () =>
        {
            order.Add('f');
            return true;
        };
        Lab.Boot(flash, layout);
        Assert.Contains("effeffeffeffeffeffeffeff", string.Concat(order), StringComparison.Ordinal);
    }

    // [OTA-094]
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Trial_RottenInTheStoreOrLost_IsNeverRunFromTheRunningPlace(bool inRunningPlace)
    {
        (HookFlash flash, OtaLayout layout) = Device();
        Lab.Boot(flash, layout).Install(V2);
        if (inRunningPlace)
        {
            Assert.Equal(OtaBootSource.Trial, Lab.Boot(flash, layout).Boot.Source);
            flash.Bytes[(RunningBlock * Block) + 100] ^= 1;
        }
        else
        {
            flash.Bytes[layout.Bank(1).Image(0).Start(flash) + Block + 100] ^= 1;
        }

        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaBootSource.Confirmed, engine.Boot.Source);
        Assert.Equal(1u, engine.Boot.Sequence);
        Assert.Equal(OtaReason.TrialCorrupt, engine.LastReason);
        AssertRuns(flash, layout, Lab.Bytes(3_500, 1));
    }

    // [OTA-095]
    [Fact]
    public void Move_StoreWorn_RejectsTheTrialAndMovesBack()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        Lab.Boot(flash, layout).Install(V2);
        int worn = layout.Bank(1).Image(0).FirstBlock + 1;
        flash.OnErase = block => block != worn;
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaBootSource.Confirmed, engine.Boot.Source);
        Assert.Equal(1u, engine.Boot.Sequence);
        Assert.Equal(OtaReason.FlashWorn, engine.LastReason);
        Assert.Equal(OtaStatus.RejectedBefore, engine.Offer(V2));
        AssertRuns(flash, layout, Lab.Bytes(3_500, 1));
    }

    [Fact]
    public void Move_StateLogRefuses_RunsNothingAndTakesNothing()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        Lab.Boot(flash, layout).Install(V2);
        int flushes = 0;
        flash.OnFlush = () => ++flushes <= 3;
        OtaEngine engine = Lab.Boot(flash, layout);
        Assert.Equal(OtaBootSource.Recovery, engine.Boot.Source);
        flash.OnFlush = () => true;
        Assert.Equal(OtaStatus.FlashFailed, engine.Offer(V3));
        Assert.Equal(OtaBootSource.Trial, Lab.Boot(flash, layout).Boot.Source);
        AssertRuns(flash, layout, Lab.Bytes(3_900, 2));
    }

    // [OTA-096]
    [Fact]
    public void RunningPlace_ItsProgram_MovesNothingAndCountsNothing()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        OtaEngine program = Program(flash, layout);
        program.Start();
        Assert.False(program.Boot.MustReset);
        program.Install(V2);
        byte[] before = [.. flash.Bytes];
        program = Program(flash, layout);
        Assert.True(program.Start().MustReset);
        Assert.Equal(OtaState.Armed, program.State);
        Assert.Equal(before, flash.Bytes);

        Assert.Equal(2, Lab.Boot(flash, layout).Boot.AttemptsLeft);
        program = Program(flash, layout);
        Assert.Equal(OtaBootSource.Trial, program.Start().Source);
        Assert.Equal(2, program.Boot.AttemptsLeft);
        Assert.Equal(OtaStatus.Ok, program.Confirm());

        // And the next download goes into the store, not under the program.
        program.Install(V3);
        AssertRuns(flash, layout, Lab.Bytes(3_900, 2));
        Assert.Equal(OtaBootSource.Trial, Lab.Boot(flash, layout).Boot.Source);
        AssertRuns(flash, layout, Lab.Bytes(2_000, 3));
    }

    [Fact]
    public void RunningPlace_RejectedByItsProgram_AsksForTheBootStage()
    {
        (HookFlash flash, OtaLayout layout) = Device();
        Lab.Boot(flash, layout).Install(V2);
        Lab.Boot(flash, layout);
        OtaEngine program = Program(flash, layout);
        program.Start();
        Assert.Equal(OtaStatus.Ok, program.Reject(OtaReason.SelfTestFailed, 0));
        program = Program(flash, layout);
        Assert.True(program.Start().MustReset);
        Assert.Equal(OtaState.Rejected, program.State);
        Lab.Boot(flash, layout);
        program = Program(flash, layout);
        Assert.False(program.Start().MustReset);
        Assert.Equal(1u, program.Boot.Sequence);
    }

    [Fact]
    public void TwoComponents_OfUnequalBlocks_MoveAsOneSet()
    {
        int[] lengths = [1024, 1024, 1024, 1024, 2048, 2048, 1024, 1024, 1024, 1024, 512, 512, 1024, 1024, 2048, 512, 1536, 2048, 1024, 1024, 2048];
        var board = new OtaBoard
        {
            Name = "swap-two",
            BlockLengths = lengths,
            WriteUnit = 8,
            HasEcc = true,
            ImageLength = 2000,
            Layout = _ => new OtaBoardLayout(
                new OtaRegion(0, 1), new OtaRegion(1, 1), new OtaRegion(2, 1), new OtaRegion(3, 1),
                new OtaBankLayout(new OtaRegion(6, 2), [new(10, 1), new(11, 1)], [new(17, 1), new(18, 2)]),
                new OtaBankLayout(new OtaRegion(8, 2), [new(12, 1), new(13, 1)], [new(14, 3), new(4, 2)]),
                OtaBankLayout.None, OtaRegion.None, OtaRegion.None, new OtaRegion(20, 1), 2048),
        };
        using var proof = new OtaProof(board);
        foreach (OtaScenario scenario in new[] { OtaScenario.Good, OtaScenario.BadSelfTest, OtaScenario.TwoUpdates })
        {
            OtaProofReport report = proof.RunSingles(scenario, phase: 2);
            Assert.True(report.Failures == 0, string.Join('\n', report.Lines));
        }
    }

    // [OTA-014]
    [Theory]
    [InlineData(1024, 5, "one slot of 1024 bytes longer")]
    [InlineData(2048, 5, "one slot of 2048 bytes longer")]
    [InlineData(512, 4, "one slot of 512 bytes longer")]
    [InlineData(-1, 4, "slot length")]
    [InlineData(0, 4, "slot length")]
    public void Layout_SlotsThatDoNotFit_AreSaid(int slot, int store, string expected) =>
        Assert.Contains(expected, Layout(slot, store, 1).Check(new HookFlash(40)), StringComparison.Ordinal);

    [Fact]
    public void Layout_SlotWithinAnEraseBlock_IsSaid()
    {
        var flash = new MemoryFlash(40 * 1024, 1024);
        var layout = new OtaBoardLayout(
            new OtaRegion(0, 1), new OtaRegion(1, 1), new OtaRegion(2, 1), new OtaRegion(3, 1),
            new OtaBankLayout(new OtaRegion(4, 2), new OtaRegion(6, 1), new OtaRegion(30, 3)),
            new OtaBankLayout(new OtaRegion(7, 2), new OtaRegion(9, 1), new OtaRegion(10, 3)),
            OtaBankLayout.None, OtaRegion.None, OtaRegion.None, new OtaRegion(20, 1), 1536);
        Assert.Contains("slot", layout.Check(flash), StringComparison.Ordinal);
        Assert.Contains("swap journal is missing", Layout(1024, 4, 0).Check(new HookFlash(40)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(20)]
    [InlineData(39)]
    public void DivideForSwap_PlaceThatDoesNotFit_SaysWhichFits(int runningBlock)
    {
        ArgumentException? refused = runningBlock == 20
            ? Assert.Throws<ArgumentException>(() => OtaBoardLayout.DivideForSwap(new HookFlash(40), runningBlock, evidence: true))
            : null;
        if (refused is null)
        {
            Assert.Equal("", OtaBoardLayout.DivideForSwap(new HookFlash(40), runningBlock, evidence: true).Check(new HookFlash(40)));
        }
        else
        {
            Assert.Contains("running place has 20 erase blocks", refused.Message, StringComparison.Ordinal);
        }
    }

    private static OtaBoardLayout Layout(int slot, int store, int journal) => new(
        new OtaRegion(0, 1), new OtaRegion(1, 1), new OtaRegion(2, 1), new OtaRegion(3, 1),
        new OtaBankLayout(new OtaRegion(4, 2), new OtaRegion(6, 1), new OtaRegion(30, 3)),
        new OtaBankLayout(new OtaRegion(7, 2), new OtaRegion(9, 1), new OtaRegion(10, store)),
        OtaBankLayout.None, OtaRegion.None, OtaRegion.None, new OtaRegion(20, journal), slot);

    private static (HookFlash Flash, OtaLayout Layout) Device()
    {
        var flash = new HookFlash(30);
        OtaBoardLayout layout = OtaBoardLayout.DivideForSwap(flash, RunningBlock, evidence: true);
        using OtaTrustStore trust = Lab.Trust();
        Assert.Equal(OtaStatus.Ok, new OtaProvisioner(flash, layout, trust, Lab.Options()).InstallFirst(V1.Envelope.Span, V1));
        return (flash, layout);
    }

    private static OtaEngine Program(OtaFlash flash, OtaLayout layout) =>
        new(flash, layout, Lab.Trust(), new InRunningPlace(), Lab.Options());

    private static byte[] Store(HookFlash flash, OtaLayout layout, int slot, int count) =>
        flash.Bytes.AsSpan(layout.Bank(1).Image(0).Start(flash) + (slot * Block), count).ToArray();

    private static void AssertRuns(OtaFlash flash, OtaLayout layout, byte[] image)
    {
        var read = new byte[image.Length];
        Assert.True(flash.Read(layout.Bank(0).Image(0).Start(flash), read, 0, read.Length));
        Assert.Equal(image, read);
    }

    private sealed class InRunningPlace : OtaBoot
    {
        public override int RunningBank => 0;

        public override void SetNext(int bank)
        {
        }

        public override void Reset()
        {
        }
    }
}

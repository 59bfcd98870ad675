using Flint.Ota.Testing;

namespace Flint.Ota.Tests.Faults;

/// <summary>Flash that wears out: blocks that die and bits that stick for good, one by one and in the course of many updates; and real drivers.</summary>
public sealed class WearTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flint-ota").FullName;

    public static TheoryData<string> Boards => ["small", "unequal", "swap"];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Boards))]
    public void BlockDiesOrBitSticks_AtEveryOperation_StillBootsWhatIsSigned(string kind)
    {
        using var proof = new OtaProof(Board(kind));
        int scenarios = 0;
        foreach (OtaScenario scenario in Enum.GetValues<OtaScenario>().Where(proof.Supports))
        {
            OtaProofReport report = proof.RunWear(scenario, phase: scenarios++ % OtaProof.Phases);
            Assert.True(report.Failures == 0, $"{report}\n{string.Join('\n', report.Lines)}\n{report.FlashDump}");
            Assert.True(report.Runs > 40);
        }
    }

    // Updates until nothing can be written any more: each is installed or refused, and something signed boots every time.
    [Theory]
    [InlineData("small")]
    [InlineData("unequal")]
    public void Updates_UntilTheFlashIsWornOut_NeverBrick(string kind)
    {
        OtaBoard board = Board(kind);
        var flash = new FaultFlash(board);
        OtaLayout layout = board.Layout(flash);
        OtaRelease first = Release(1, layout.Bank(0).ComponentCount);
        Assert.Equal(OtaStatus.Ok, new OtaProvisioner(flash, layout, Lab.Trust()).InstallFirst(first.Envelope.Span, first));
        flash.Endurance = 30;
        uint runs = 1;
        uint installed = 0;
        int refused = 0;
        for (uint sequence = 2; refused < 5 && sequence < 500; sequence++)
        {
            OtaRelease release = Release(sequence, layout.Bank(0).ComponentCount);
            OtaEngine engine = Start(flash, layout);
            Assert.Equal(runs, engine.Boot.Sequence);
            bool isArmed = engine.Offer(release) == OtaStatus.Ok && Fetched(engine, release) && engine.Arm() == OtaStatus.Ok;
            engine = Start(flash, layout);
            if (isArmed && engine.State == OtaState.Trial && engine.Confirm() == OtaStatus.Ok)
            {
                runs = sequence;
                installed++;
                continue;
            }

            // What could not be confirmed is not what boots in the end; or it is, where only the answer was lost.
            refused++;
            engine = Start(flash, layout);
            for (int i = 0; i < 4 && engine.State == OtaState.Trial; i++)
            {
                engine = Start(flash, layout);
            }

            Assert.Contains(engine.Boot.Sequence, new[] { runs, sequence });
            runs = engine.Boot.Sequence;
        }

        Assert.InRange(installed, 15u, 100u);
        Assert.Equal(5, refused);
        Assert.True(flash.IsWorn);
        Assert.Equal("", flash.Violation);
    }

    [Fact]
    public void DriverProof_OverTheFileFlash_Holds()
    {
        using FileFlash flash = FileFlash.Open(Path.Combine(_folder, "flash"), new FileFlashGeometry(40 * 1024) { BlockLength = 1024 });
        using var proof = new OtaDriverProof("file", flash, OtaBoardLayout.Divide(flash, factory: false, evidence: true));
        foreach (OtaScenario scenario in Enum.GetValues<OtaScenario>().Where(OtaDriverProof.Supports))
        {
            OtaProofReport report = proof.RunSingles(scenario, every: 5);
            Assert.True(report.Failures == 0, $"{report}\n{string.Join('\n', report.Lines)}");
            Assert.True(report.Runs > 20);
        }
    }

    [Fact]
    public void DriverProof_OverADriverThatLosesTails_Fails()
    {
        // From once the first image is on it.
        int programs = 0;
        var flash = new DroppingFlash(new HookFlash(40), count => ++programs < 20 ? count : count - 1);
        using var proof = new OtaDriverProof("forgetful", flash, OtaLayout.Divide(flash, factory: false));
        Assert.Equal(1, proof.RunSingles(OtaScenario.Good).Failures);
    }

    // What fails with a fault only is printed as a line that fails on another such medium as well, with the flash after it.
    [Fact]
    public void DriverProof_OverADriverThatErasesNothingTwice_FailsAndReplays()
    {
        OtaProofReport report;
        using (OtaDriverProof proof = Stubborn())
        {
            report = proof.RunSingles(OtaScenario.Good);
        }

        Assert.True(report.Failures > 1, report.ToString());
        string[] line = report.Lines[0].Split('\t');
        Assert.Matches("^Good phase=0 faults=[0-9]+:[0-9]+$", line[0]);
        Assert.Matches("^ *0 at +0 used", report.FlashDump);
        Assert.Equal(40, report.FlashDump.TrimEnd().Split('\n').Length);

        using OtaDriverProof other = Stubborn();
        Assert.Equal("", other.Replay("Good phase=0 faults="));
        Assert.Equal(line[1], other.Replay(report.Lines[0]));
        Assert.Equal(report.FlashDump, other.Dump());
    }

    [Theory]
    [InlineData("Good", typeof(FormatException))]
    [InlineData("Better phase=0 faults=1:0", typeof(FormatException))]
    [InlineData("99 phase=0 faults=1:0", typeof(FormatException))]
    [InlineData("Good phase=4 faults=1:0", typeof(FormatException))]
    [InlineData("Good phase=-1 faults=1:0", typeof(FormatException))]
    [InlineData("Good phase=0 faults=1", typeof(FormatException))]
    [InlineData("Good phase=0 faults=1:18", typeof(FormatException))]
    [InlineData("Good phase=0 faults=1:3", typeof(ArgumentException))]
    [InlineData("Good phase=1 faults=1:0", typeof(ArgumentException))]
    [InlineData("RotTrial phase=0 faults=1:0", typeof(ArgumentException))]
    public void DriverProof_LineThatIsNone_IsRefused(string line, Type exception)
    {
        using OtaDriverProof proof = Stubborn();
        Assert.IsType(exception, Record.Exception(() => proof.Replay(line)));
    }

    [Fact]
    public void DriverProof_ScenarioThatNeedsRot_IsRefused()
    {
        var flash = new MemoryFlash(40 * 1024, 1024);
        using var proof = new OtaDriverProof("memory", flash, OtaLayout.Divide(flash, factory: false));
        Assert.Throws<ArgumentException>(() => proof.RunSingles(OtaScenario.RotTrial));
    }

    // The images of the second bank: a block that is erased is not erased again.
    private static OtaDriverProof Stubborn()
    {
        var flash = new HookFlash(40);
        OtaLayout layout = OtaLayout.Divide(flash, factory: false);
        OtaRegion images = layout.Bank(1).Image(0);
        var erased = new HashSet<int>();
        flash.OnErase = block =>
        {
            if (block < images.FirstBlock || block >= images.FirstBlock + images.BlockCount)
            {
                return true;
            }

            bool isBlank = flash.Bytes.AsSpan(flash.BlockStart(block), flash.BlockLength(block)).IndexOfAnyExcept(flash.ErasedValue) < 0;
            if (!isBlank)
            {
                erased.Remove(block);
                return true;
            }

            return erased.Add(block);
        };
        return new OtaDriverProof("stubborn", flash, layout);
    }

    private static OtaBoard Board(string kind) => kind switch
    {
        "small" => OtaBoard.Small(8, hasEcc: true, 0xFF),
        "unequal" => OtaBoard.Unequal(32, hasEcc: false, 0x00),
        _ => OtaBoard.Swap(8, hasEcc: true, 0x00),
    };

    private static OtaRelease Release(uint sequence, int components)
    {
        var builder = new OtaManifestBuilder { Product = Lab.Product, Sequence = sequence };
        OtaImage[] images = [.. Enumerable.Range(0, components).Select(i => OtaImage.Create(Lab.Bytes(1900 - (i * 300), (int)sequence), OtaManifest.MinBlockSize))];
        for (int i = 0; i < images.Length; i++)
        {
            builder.Add(i, "1", images[i]);
        }

        return Lab.Sign(builder, images);
    }

    private static OtaEngine Start(FaultFlash flash, OtaLayout layout) =>
        Lab.Boot(flash, layout, new OtaOptions(Lab.Product) { ChunkLength = 512, BufferLength = 512 });

    private static bool Fetched(OtaEngine engine, OtaRelease release)
    {
        engine.Fetch(release);
        return engine.State == OtaState.Verified;
    }
}

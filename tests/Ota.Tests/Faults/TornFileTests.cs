namespace Flint.Ota.Tests.Faults;

/// <summary>
/// docs/spec/ota.md section 9: a file that a cut left torn in the middle of a download, shorter or with a page of it lost. What runs goes on
/// running, and what is there of the download is kept as far as it verifies.
/// </summary>
public sealed class TornFileTests : IDisposable
{
    private const int Page = 4096;

    // Of 90 pages of image 61 are fetched, and some chunks of the next one.
    private const int ImageLength = (89 * Page) + 777;
    private const int FetchedPages = 61;

    private static readonly FileFlashGeometry Geometry = new(1 << 20);
    private static readonly OtaRelease V1 = Lab.Release(1, 50_000);
    private static readonly OtaRelease V2 = Lab.Release(2, ImageLength);

    private readonly string _folder = Directory.CreateTempSubdirectory("flint-ota").FullName;
    private OtaLayout _layout = null!;

    private string FilePath => Path.Combine(_folder, "flash");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Every length at which the file ends in the bank that is written: in its manifest, its table, and all through its image.
    [Fact]
    public void File_CutShortAnywhereInTheBankThatIsWritten_BootsAndKeepsWhatIsWhole()
    {
        byte[] whole = Downloading();
        int manifest = Start(_layout.Bank(1).Manifest);
        int image = Start(_layout.Bank(1).Image(0));
        int end = image + (FetchedPages * Page);
        int[] lengths = [manifest, manifest + 100, image - Page, image - Page + 500, image, .. Enumerable.Range(0, 16).Select(i => image + 777 + (i * 15_001)), end - 1];
        foreach (int length in lengths)
        {
            Assert.Contains(whole[length..], value => value != 0xFF);
            File.WriteAllBytes(FilePath, whole[..length]);
            Complete(resumed: length <= image ? 0 : (length - image) / Page * Page, $"cut to {length}");
        }
    }

    // A page that was to be written and holds zeros.
    [Fact]
    public void Page_LostAnywhereBesideTheRunningBank_BootsAndCompletes()
    {
        byte[] whole = Downloading();
        int latest = whole[Start(_layout.State0) + 16 + 1] == OtaStateRecord.Writing ? Start(_layout.State0) : Start(_layout.State1);
        int image = Start(_layout.Bank(1).Image(0));
        int[] places =
        [
            Start(_layout.State0), Start(_layout.State1), Start(_layout.Journal0), Start(_layout.Journal1),
            Start(_layout.Bank(1).Manifest), Start(_layout.Bank(1).Table(0)), .. Enumerable.Range(0, 13).Select(i => image + (i * 5 * Page)),
        ];
        foreach (int place in places)
        {
            byte[] torn = [.. whole];
            torn.AsSpan(place, Page).Clear();
            File.WriteAllBytes(FilePath, torn);

            // Without the latest record, the journal in use, manifest or table nothing is left; without a page of the image, what lies before it.
            bool isNeeded = place == latest || place == Start(_layout.Bank(1).Manifest) || place == Start(_layout.Bank(1).Table(0))
                || whole.AsSpan(place, 4).SequenceEqual("FOJ1"u8);
            int kept = isNeeded ? 0 : place < image ? FetchedPages : Math.Min((place - image) / Page, FetchedPages);
            Complete(kept * Page, $"page at {place}");
        }
    }

    /// <returns>The file in the middle of a download.</returns>
    private byte[] Downloading()
    {
        using (FileFlash flash = FileFlash.Open(FilePath, Geometry))
        {
            _layout = OtaLayout.Divide(flash, factory: false);
            using OtaTrustStore trust = Lab.Trust();
            Assert.Equal(OtaStatus.Ok, new OtaProvisioner(flash, _layout, trust).InstallFirst(V1.Envelope.Span, V1));
            OtaEngine engine = Lab.Boot(flash, _layout);
            Assert.Equal(OtaStatus.Ok, engine.Offer(V2));
            engine.Fetch(V2, most: 2 + (4 * FetchedPages) + 2);
            Assert.Equal(FetchedPages * Page, engine.Progress.VerifiedBytes);
        }

        return File.ReadAllBytes(FilePath);
    }

    private void Complete(int resumed, string what)
    {
        using FileFlash flash = FileFlash.Open(FilePath, Geometry);
        OtaEngine engine = Lab.Boot(flash, _layout);
        Assert.True(engine.Boot.Source == OtaBootSource.Confirmed && engine.Boot.Sequence == 1, $"{what}: {engine.Boot.Source}");
        Spec.Section6_LifeCycleTests.AssertRuns(engine, Lab.Bytes(50_000, 1));
        Assert.True(engine.Progress.ResumedBytes == resumed, $"{what}: resumes {engine.Progress.ResumedBytes} of {resumed}");
        engine.Install(V2);
        engine = Lab.Boot(flash, _layout);
        Assert.Equal(OtaStatus.Ok, engine.Confirm());
        Spec.Section6_LifeCycleTests.AssertRuns(Lab.Boot(flash, _layout), Lab.Bytes(ImageLength, 2));
    }

    private static int Start(OtaRegion region) => region.FirstBlock * Page;
}

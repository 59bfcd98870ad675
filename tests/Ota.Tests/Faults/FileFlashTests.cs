namespace Flint.Ota.Tests.Faults;

public sealed class FileFlashTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flint-ota").FullName;

    private string FilePath => Path.Combine(_folder, "flash.bin");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Open_NewFile_IsErasedAndKeepsWhatIsProgrammed()
    {
        var geometry = new FileFlashGeometry(64 * 1024, WriteUnit: 8, ErasedValue: 0x00);
        using (FileFlash flash = FileFlash.Open(FilePath, geometry))
        {
            Assert.True(flash.Program(4096, [1, 2, 3, 4, 5, 6, 7, 8], 0, 8));
            Assert.True(flash.Flush());
        }

        using FileFlash again = FileFlash.Open(FilePath, geometry);
        var read = new byte[16];
        Assert.True(again.Read(4096, read, 0, 16));
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0], read);
    }

    // [OTA-111] It asks the file, where it would answer for itself on a closed one.
    [Fact]
    public void Flush_IsAskedOfTheFile()
    {
        FileFlash flash = FileFlash.Open(FilePath, new FileFlashGeometry(64 * 1024));
        Assert.True(flash.Flush());
        flash.Dispose();
        Assert.Throws<ObjectDisposedException>(() => flash.Flush());
    }

    [Fact]
    public void Program_OverUnitThatIsNotErased_Fails()
    {
        using FileFlash flash = FileFlash.Open(FilePath, new FileFlashGeometry(64 * 1024));
        Assert.True(flash.Program(0, [0x12], 0, 1));
        Assert.False(flash.Program(0, [0x10], 0, 1));
        Assert.True(flash.EraseBlock(0));
        Assert.True(flash.Program(0, [0x10], 0, 1));
    }

    [Fact]
    public void Program_NotInWholeUnits_Fails()
    {
        using FileFlash flash = FileFlash.Open(FilePath, new FileFlashGeometry(64 * 1024, WriteUnit: 4));
        Assert.False(flash.Program(2, new byte[4], 0, 4));
        Assert.False(flash.Program(0, new byte[3], 0, 3));
    }

    [Fact]
    public void Open_HeldByAnother_IsRefused()
    {
        using FileFlash flash = FileFlash.Open(FilePath, new FileFlashGeometry(64 * 1024));
        Assert.Throws<IOException>(() => FileFlash.Open(FilePath, new FileFlashGeometry(64 * 1024)));
    }

    [Fact]
    public void Open_LongerThanGeometry_IsRefused()
    {
        File.WriteAllBytes(FilePath, new byte[65 * 1024]);
        Assert.Throws<InvalidDataException>(() => FileFlash.Open(FilePath, new FileFlashGeometry(64 * 1024)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5000)]
    [InlineData(65_535)]
    public void Open_ShorterThanGeometry_IsFilledWithErasedBytes(int length)
    {
        File.WriteAllBytes(FilePath, Lab.Bytes(length, 3));
        using FileFlash flash = FileFlash.Open(FilePath, new FileFlashGeometry(64 * 1024));
        var read = new byte[64 * 1024];
        Assert.True(flash.Read(0, read, 0, read.Length));
        Assert.Equal(Lab.Bytes(length, 3), read[..length]);
        Assert.Equal(-1, read.AsSpan(length).IndexOfAnyExcept((byte)0xFF));
    }

    [Fact]
    public void Update_16MiB_InOneKiBChunks_InstallsAndResumes()
    {
        const int Size = 16 * 1024 * 1024;
        OtaRelease v1 = Lab.Release(1, 100_000);
        OtaRelease v2 = Lab.Release(2, Size);
        var geometry = new FileFlashGeometry(36 * 1024 * 1024, BlockLength: 16384);
        int verified;
        using (FileFlash flash = FileFlash.Open(FilePath, geometry))
        {
            OtaLayout layout = OtaBoardLayout.Divide(flash, factory: false, evidence: true);
            using OtaTrustStore trust = Lab.Trust();
            Assert.Equal(OtaStatus.Ok, new OtaProvisioner(flash, layout, trust).InstallFirst(v1.Envelope.Span, v1));
            OtaEngine engine = Lab.Boot(flash, layout);
            Assert.Equal(OtaStatus.Ok, engine.Offer(v2));
            engine.Fetch(v2, most: 8000);
            verified = engine.Progress.VerifiedBytes;
        }

        using (FileFlash flash = FileFlash.Open(FilePath, geometry))
        {
            OtaLayout layout = OtaBoardLayout.Divide(flash, factory: false, evidence: true);
            OtaEngine engine = Lab.Boot(flash, layout);
            Assert.Equal(verified, engine.Progress.ResumedBytes);
            Assert.Equal(OtaStatus.Ok, engine.Fetch(v2));
            Assert.Equal(Size - verified, engine.Progress.FetchedBytes);
            Assert.Equal(OtaStatus.Ok, engine.Arm());
            Assert.Equal(2u, Lab.Boot(flash, layout).Boot.Sequence);
        }
    }
}

using Flint.Ota.Tests.Faults;

namespace Flint.Ota.Tests.Spec;

/// <summary>docs/spec/ota.md section 3.2: what is wrong with a layout is said at construction, with what to change.</summary>
public sealed class Section3_LayoutTests
{
    private static readonly OtaRegion S0 = new(0, 1);
    private static readonly OtaRegion S1 = new(1, 1);
    private static readonly OtaRegion J0 = new(2, 1);
    private static readonly OtaRegion J1 = new(3, 1);

    // [OTA-010]
    [Theory]
    [InlineData(3, 0xFF, "write unit")]
    [InlineData(1024, 0xFF, "write unit")]
    [InlineData(4, 0x55, "erased value")]
    public void Flash_NotSound_IsSaid(int writeUnit, byte erased, string expected)
    {
        var flash = new MemoryFlash(writeUnit * 64 * 32, writeUnit * 64, writeUnit, erased);
        Assert.Contains(expected, Layout(Bank(4), Bank(7)).Check(flash), StringComparison.Ordinal);
    }

    // [OTA-010]
    [Theory]
    [InlineData(4100, 4096, 32 * 4096, "Erase block 1: start it where the one before ends")]
    [InlineData(4096, 4098, 32 * 4096, "Erase block 1: start it where the one before ends")]
    [InlineData(4096, 4096, 31 * 4096, "Make Size the sum")]
    [InlineData(4096, (1 << 30) - 4096 + 4, 1 << 30, "Use at most 1 GiB")]
    public void Flash_ShapeNotSound_IsSaid(int start, int length, int size, string expected)
    {
        var flash = new OddFlash(new MemoryFlash(32 * 4096, 4096, 4), start, length, size);
        Assert.StartsWith(expected, Layout(Bank(4), Bank(7)).Check(flash), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("journal 1 is missing: give it erase blocks for", 0, 0, 0)]
    [InlineData("evidence 0 and evidence 1 must be one erase block each, or both absent.", 1, 1, 0)]
    [InlineData("evidence 0 and evidence 1 must be one erase block each, or both absent.", 1, 2, 2)]
    public void Region_MissingOrOfAnotherLength_IsSaid(string expected, int journal, int evidence0, int evidence1)
    {
        var layout = new OtaBoardLayout(
            S0, S1, J0, new OtaRegion(3, journal), Bank(4), Bank(7), OtaBankLayout.None, new OtaRegion(10, evidence0), new OtaRegion(12, evidence1));
        Assert.StartsWith(expected, layout.Check(new MemoryFlash(32 * 4096, 4096)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("product", 0, 0, 1024, 1024, 8)]
    [InlineData("product", 17, 0, 1024, 1024, 8)]
    [InlineData("device", 1, 33, 1024, 1024, 8)]
    [InlineData("ChunkLength 256 to 4096", 1, 0, 248, 1024, 8)]
    [InlineData("ChunkLength 256 to 4096", 1, 0, 4104, 1024, 8)]
    [InlineData("multiples of the write unit", 1, 0, 260, 1024, 8)]
    [InlineData("BufferLength from 512", 1, 0, 1024, 504, 8)]
    [InlineData("multiples of the write unit", 1, 0, 1024, 516, 8)]
    [InlineData("Window is 1 to 31", 1, 0, 1024, 1024, 0)]
    [InlineData("Window is 1 to 31", 1, 0, 1024, 1024, 32)]
    [InlineData("", 1, 0, 256, 512, 1)]
    [InlineData("", 16, 32, 4096, 512, 31)]
    public void Options_OutOfRange_AreSaid(string expected, int product, int device, int chunk, int buffer, int window)
    {
        var flash = new MemoryFlash(32 * 4096, 4096, 8);
        var options = new OtaOptions(new byte[product]) { Device = new byte[device], ChunkLength = chunk, BufferLength = buffer, Window = window };
        Exception? thrown = Record.Exception(() => Lab.Engine(flash, OtaLayout.Divide(flash, factory: false), options));
        Assert.Contains(expected, thrown is null ? "" : Assert.IsType<ArgumentException>(thrown).Message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(expected.Length == 0, thrown is null);
    }

    // [OTA-011]
    [Fact]
    public void StateBlock_TooSmallForThreeCopies_IsSaid()
    {
        var flash = new MemoryFlash(64 * 256, 256);
        Assert.Contains("state 0 has 256 bytes and needs 384", Layout(Bank(4), Bank(7)).Check(flash), StringComparison.Ordinal);
    }

    // [OTA-012]
    [Fact]
    public void Journal_TooSmallForItsMarks_IsSaid()
    {
        var flash = new MemoryFlash(40 * 2048, 2048, 512);
        Assert.Contains("journal 0", Layout(Bank(4, 12), Bank(20, 12)).Check(flash), StringComparison.Ordinal);
    }

    // [OTA-013]
    [Fact]
    public void Regions_ThatShareABlock_AreSaid() =>
        Assert.Contains("share", Layout(Bank(4), Bank(6)).Check(new MemoryFlash(16 * 4096, 4096)), StringComparison.Ordinal);

    [Fact]
    public void Region_OutsideTheFlash_IsSaid() =>
        Assert.Contains("outside", Layout(Bank(4), Bank(14)).Check(new MemoryFlash(16 * 4096, 4096)), StringComparison.Ordinal);

    [Fact]
    public void Banks_WithDifferentComponents_AreSaid()
    {
        var two = new OtaBankLayout(new OtaRegion(7, 1), [new(8, 1), new(9, 1)], [new(10, 1), new(11, 1)]);
        Assert.Contains("as many components", Layout(Bank(4), two).Check(new MemoryFlash(16 * 4096, 4096)), StringComparison.Ordinal);
    }

    [Fact]
    public void Engine_LayoutNotSound_ThrowsWithTheText()
    {
        var flash = new MemoryFlash(16 * 4096, 4096);
        ArgumentException e = Assert.Throws<ArgumentException>(() => Lab.Engine(flash, Layout(Bank(4), Bank(6))));
        Assert.Contains("share", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Divide_TooSmallOrUnequal_SaysSo() =>
        Assert.Throws<ArgumentException>(() => OtaBoardLayout.Divide(new MemoryFlash(8 * 4096, 4096), factory: false, evidence: true));

    [Theory]
    [InlineData(20, 4096, 1)]
    [InlineData(64, 2048, 8)]
    [InlineData(300, 1024, 256)]
    [InlineData(4096, 4096, 1)]
    public void Divide_Result_IsSound(int blocks, int blockLength, int writeUnit)
    {
        var flash = new MemoryFlash(blocks * blockLength, blockLength, writeUnit);
        OtaLayout layout = OtaLayout.Divide(flash, factory: true);
        Assert.Equal("", layout.Check(flash));

        // The rules for regions, which a divided layout is not held against on a device.
        var explicitly = new OtaBoardLayout(
            layout.State0, layout.State1, layout.Journal0, layout.Journal1, layout.Bank(0), layout.Bank(1), layout.Bank(2), OtaRegion.None, OtaRegion.None);
        Assert.Equal("", explicitly.Check(flash));
        Assert.False(explicitly.HasEvidence);

        // With evidence the rules are held against it as it is.
        var evident = (OtaBoardLayout)OtaBoardLayout.Divide(flash, factory: true, evidence: true);
        Assert.Equal("", evident.Check(flash));
        Assert.True(evident.HasEvidence);
        Assert.Equal(evident.Journal1.FirstBlock + evident.Journal1.BlockCount, evident.Evidence0.FirstBlock);
        Assert.Equal(evident.Evidence1.FirstBlock + 1, evident.Bank(0).Manifest.FirstBlock);
    }

    // [OTA-011]
    [Fact]
    public void Divide_BlocksTooShortForTheState_SaysSo() =>
        Assert.Contains(
            "384",
            Assert.Throws<ArgumentException>(() => OtaLayout.Divide(new MemoryFlash(256 * 256, 256), factory: false)).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData(32, 4096, 1)]
    [InlineData(64, 2048, 1)]
    [InlineData(64, 4096, 512)]
    public void Divide_ThenAnotherFlash_IsSaid(int blocks, int blockLength, int writeUnit)
    {
        OtaLayout layout = OtaLayout.Divide(new MemoryFlash(64 * 4096, 4096, 1), factory: false);
        Assert.Contains("Another flash", layout.Check(new MemoryFlash(blocks * blockLength, blockLength, writeUnit)), StringComparison.Ordinal);
    }

    private static OtaBoardLayout Layout(OtaBankLayout bank0, OtaBankLayout bank1) =>
        new(S0, S1, J0, J1, bank0, bank1, OtaBankLayout.None, OtaRegion.None, OtaRegion.None);

    private static OtaBankLayout Bank(int first, int image = 1) => new(new OtaRegion(first, 1), new OtaRegion(first + 1, 1), new OtaRegion(first + 2, image));

    /// <summary>Flash of which the second erase block starts elsewhere or has another length, or which says another size.</summary>
    private sealed class OddFlash(OtaFlash inner, int start, int length, int size) : ForwardingFlash(inner)
    {
        public override int Size => size;

        public override int BlockStart(int block) => block == 1 ? start : base.BlockStart(block);

        public override int BlockLength(int block) => block == 1 ? length : base.BlockLength(block);
    }
}

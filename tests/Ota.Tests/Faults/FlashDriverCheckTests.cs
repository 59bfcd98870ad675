using Flint.Ota.Testing;

namespace Flint.Ota.Tests.Faults;

public sealed class FlashDriverCheckTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flint-ota").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1, 0xFF)]
    [InlineData(8, 0x00)]
    [InlineData(512, 0xFF)]
    public void OurFlashes_KeepTheContract(int writeUnit, byte erasedValue)
    {
        Assert.Empty(FlashDriverCheck.Run(new MemoryFlash(16384, 4096, writeUnit, erasedValue), 1, 2));
        Assert.Empty(FlashDriverCheck.Run(new FaultFlash(OtaBoard.Small(writeUnit, false, erasedValue)), 1, 2));
        using FileFlash file = FileFlash.Open(Path.Combine(_folder, "flash"), new FileFlashGeometry(16384, 4096, writeUnit, erasedValue));
        Assert.Empty(FlashDriverCheck.Run(file, 1, 2));
    }

    [Fact]
    public void DriverThatDropsTails_IsFound() =>
        Assert.NotEmpty(FlashDriverCheck.Run(new DroppingFlash(new MemoryFlash(16384, 4096, 8), count => count - (count % 8)), 1, 2));
}

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
    public void DriverThatDropsTails_IsFound() => Assert.NotEmpty(FlashDriverCheck.Run(new TailDropper(), 1, 2));

    /// <summary>Programs as many whole units as there are and says that all is well, as real drivers did.</summary>
    private sealed class TailDropper : OtaFlash
    {
        private readonly MemoryFlash _inner = new(16384, 4096, 8);

        public override int Size => _inner.Size;

        public override int WriteUnit => 8;

        public override byte ErasedValue => 0xFF;

        public override int BlockCount => _inner.BlockCount;

        public override int BlockStart(int block) => _inner.BlockStart(block);

        public override int BlockLength(int block) => _inner.BlockLength(block);

        public override bool Read(int address, byte[] buffer, int offset, int count) => _inner.Read(address, buffer, offset, count);

        public override bool Program(int address, byte[] buffer, int offset, int count) =>
            _inner.Program(address, buffer, offset, count - (count % 8));

        public override bool EraseBlock(int block) => _inner.EraseBlock(block);
    }
}

namespace Flint.Ota.Tests.Faults;

/// <summary>Flash whose driver programs fewer bytes than it was given and says that all is well, as real drivers did.</summary>
/// <param name="inner">The flash below.</param>
/// <param name="kept">How many bytes of so many are programmed.</param>
internal sealed class DroppingFlash(OtaFlash inner, Func<int, int> kept) : OtaFlash
{
    public override int Size => inner.Size;

    public override int WriteUnit => inner.WriteUnit;

    public override byte ErasedValue => inner.ErasedValue;

    public override int BlockCount => inner.BlockCount;

    public override int BlockStart(int block) => inner.BlockStart(block);

    public override int BlockLength(int block) => inner.BlockLength(block);

    public override bool Read(int address, byte[] buffer, int offset, int count) => inner.Read(address, buffer, offset, count);

    public override bool Program(int address, byte[] buffer, int offset, int count) => inner.Program(address, buffer, offset, kept(count));

    public override bool EraseBlock(int block) => inner.EraseBlock(block);
}

namespace Flint.Ota.Tests.Faults;

/// <summary>Flash that is another one; a test changes what it needs to.</summary>
internal abstract class ForwardingFlash(OtaFlash inner) : OtaFlash
{
    public override int Size => inner.Size;

    public override int WriteUnit => inner.WriteUnit;

    public override byte ErasedValue => inner.ErasedValue;

    public override int BlockCount => inner.BlockCount;

    public override int BlockStart(int block) => inner.BlockStart(block);

    public override int BlockLength(int block) => inner.BlockLength(block);

    public override bool Read(int address, byte[] buffer, int offset, int count) => inner.Read(address, buffer, offset, count);

    public override bool Program(int address, byte[] buffer, int offset, int count) => inner.Program(address, buffer, offset, count);

    public override bool EraseBlock(int block) => inner.EraseBlock(block);
}

extern alias nano;
extern alias ota;

namespace Flint.Testing;

/// <summary>The device's flash as the server package's type, for a provisioner: the same source, compiled twice.</summary>
internal sealed class FactoryFlash(nano::Flint.Device.Nano.DeviceFileFlash flash) : ota::Flint.Ota.OtaFlash
{
    public override int Size => flash.Size;

    public override int WriteUnit => flash.WriteUnit;

    public override byte ErasedValue => flash.ErasedValue;

    public override int BlockCount => flash.BlockCount;

    public override int BlockStart(int block) => flash.BlockStart(block);

    public override int BlockLength(int block) => flash.BlockLength(block);

    public override bool Read(int address, byte[] buffer, int offset, int count) => flash.Read(address, buffer, offset, count);

    public override bool Program(int address, byte[] buffer, int offset, int count) => flash.Program(address, buffer, offset, count);

    public override bool EraseBlock(int block) => flash.EraseBlock(block);
}

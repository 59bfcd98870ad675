extern alias nano;

namespace Flint.Testing;

/// <summary>Flash in memory, of blocks of 4 KiB.</summary>
internal sealed class DeviceMemoryFlash : nano::Flint.Ota.OtaFlash
{
    private const int Block = 4096;
    private readonly byte[] _bytes = new byte[64 * Block];

    public DeviceMemoryFlash() => Clear();

    public override int Size => _bytes.Length;

    public override int WriteUnit => 16;

    public override byte ErasedValue => 0xFF;

    public override int BlockCount => _bytes.Length / Block;

    /// <summary>Erases all of it.</summary>
    public void Clear() => _bytes.AsSpan().Fill(0xFF);

    public override int BlockStart(int block) => block * Block;

    public override int BlockLength(int block) => Block;

    public override bool Read(int address, byte[] buffer, int offset, int count)
    {
        Array.Copy(_bytes, address, buffer, offset, count);
        return true;
    }

    public override bool Program(int address, byte[] buffer, int offset, int count)
    {
        Array.Copy(buffer, offset, _bytes, address, count);
        return true;
    }

    public override bool EraseBlock(int block)
    {
        _bytes.AsSpan(block * Block, Block).Fill(0xFF);
        return true;
    }
}

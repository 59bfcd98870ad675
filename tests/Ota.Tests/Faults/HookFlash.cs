namespace Flint.Ota.Tests.Faults;

/// <summary>
/// NOR flash of 1 KiB blocks whose operations a test can let fail. It forgives nothing: a program over a unit that was
/// programmed leaves both mixed, as on the part, and is counted.
/// </summary>
internal sealed class HookFlash(int blocks) : OtaFlash
{
    private const int Block = 1024;

    private readonly bool[] _programmed = new bool[blocks * Block];

    public byte[] Bytes { get; } = Enumerable.Repeat((byte)0xFF, blocks * Block).ToArray();

    /// <summary>Programs over what was programmed already.</summary>
    public int Violations { get; private set; }

    /// <summary>Whether an erase of this block is done.</summary>
    public Func<int, bool> OnErase { get; set; } = _ => true;

    /// <summary>Whether a read at this address succeeds.</summary>
    public Func<int, bool> OnRead { get; set; } = _ => true;

    public Func<bool> OnFlush { get; set; } = () => true;

    public override int Size => Bytes.Length;

    public override int WriteUnit => 1;

    public override byte ErasedValue => 0xFF;

    public override int BlockCount => Bytes.Length / Block;

    public override int BlockStart(int block) => block * Block;

    public override int BlockLength(int block) => Block;

    public override bool Read(int address, byte[] buffer, int offset, int count)
    {
        if (!OnRead(address))
        {
            return false;
        }

        Bytes.AsSpan(address, count).CopyTo(buffer.AsSpan(offset));
        return true;
    }

    public override bool Program(int address, byte[] buffer, int offset, int count)
    {
        Violations += _programmed.AsSpan(address, count).Contains(true) ? 1 : 0;
        _programmed.AsSpan(address, count).Fill(true);
        for (int i = 0; i < count; i++)
        {
            Bytes[address + i] &= buffer[offset + i];
        }

        return true;
    }

    public override bool EraseBlock(int block)
    {
        if (!OnErase(block))
        {
            return false;
        }

        Bytes.AsSpan(block * Block, Block).Fill(0xFF);
        _programmed.AsSpan(block * Block, Block).Clear();
        return true;
    }

    public override bool Flush() => OnFlush();
}

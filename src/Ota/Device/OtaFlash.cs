namespace Flint.Ota;

/// <summary>
/// NOR-like flash under the engine: erase blocks of any lengths, programmed in write units. One class to implement per board.
/// </summary>
/// <remarks>
/// docs/spec/ota.md section 2. What the engine relies on, and nothing more: an erased unit can be programmed once; a unit is never
/// programmed again before its block is erased; a read may fail (ECC) and may differ from the last read where an operation was cut.
/// Methods answer with <c>false</c> where the device fails, and never throw because of what the flash holds.
/// </remarks>
public abstract class OtaFlash
{
    private static readonly byte[] NotMapped = new byte[0];

    /// <summary>Bytes of flash; addresses run from 0 to this.</summary>
    public abstract int Size { get; }

    /// <summary>The smallest number of bytes that can be programmed, 1 to 512, a power of two.</summary>
    public abstract int WriteUnit { get; }

    /// <summary>What an erased byte reads as: 0xFF or 0x00.</summary>
    public abstract byte ErasedValue { get; }

    /// <summary>The number of erase blocks.</summary>
    public abstract int BlockCount { get; }

    /// <summary>The address of the first byte of erase block <paramref name="block"/>.</summary>
    public abstract int BlockStart(int block);

    /// <summary>The bytes of erase block <paramref name="block"/>.</summary>
    public abstract int BlockLength(int block);

    /// <summary>
    /// The flash itself where it can be read as memory, by its addresses, and no read can fail: digests are then computed where the bytes lie. Empty otherwise.
    /// </summary>
    public virtual byte[] Memory
    {
        get { return NotMapped; }
    }

    /// <summary>Reads; <c>false</c> where the device cannot (an uncorrectable ECC error), and then the buffer holds nothing of use.</summary>
    public abstract bool Read(int address, byte[] buffer, int offset, int count);

    /// <summary>Programs erased units; address and count are multiples of <see cref="WriteUnit"/>. <c>false</c> where the device reports an error.</summary>
    public abstract bool Program(int address, byte[] buffer, int offset, int count);

    /// <summary>Erases one block. <c>false</c> where the device reports an error.</summary>
    public abstract bool EraseBlock(int block);

    /// <summary>
    /// Returns once everything written so far would survive a power cut. Flash without a cache has nothing to do; a file calls fsync.
    /// </summary>
    public virtual bool Flush()
    {
        return true;
    }
}

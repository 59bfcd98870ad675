namespace Flint.Ota.Testing;

/// <summary>
/// What happens at a program or an erase; at a read; at a program, an erase or a flush of a medium with a cache; or in a start. The first six, and those
/// of a cache, cut the power and differ in what they leave behind; the others do not.
/// </summary>
public enum FlashFaultKind
{
    /// <summary>The power goes before anything happened.</summary>
    CutBefore = 0,

    /// <summary>The first half is programmed or erased; a half-erased block is not safe to program, also where it reads erased.</summary>
    CutHalfway = 1,

    /// <summary>The last unit, or the whole block, holds random bits between old and new; where there is ECC it cannot be read.</summary>
    CutTorn = 2,

    /// <summary>A poisoned blank: the last unit, or the whole block, was touched and reads erased.</summary>
    CutPoisoned = 3,

    /// <summary>The power goes when all was done.</summary>
    CutAfter = 4,

    /// <summary>Metastable: all is there, but some bits read one way now and another way later.</summary>
    CutUnsettled = 5,

    /// <summary>The driver reports success and did nothing.</summary>
    SilentLoss = 6,

    /// <summary>The driver reports an error and did nothing.</summary>
    Error = 7,

    /// <summary>The driver reports success; the second half was not done.</summary>
    SilentHalf = 8,

    /// <summary>A program leaves one bit wrong and reports success; an erase likewise.</summary>
    WrongBit = 9,

    /// <summary>The block dies: from now on neither erases nor programs of it do anything, and both report an error.</summary>
    BlockDies = 10,

    /// <summary>A bit of what is programmed, or of the block that is erased, is stuck from now on at the value that is not the erased one.</summary>
    BitSticks = 11,

    /// <summary>A read fails, once.</summary>
    ReadFails = 12,

    /// <summary>A read gives one bit wrong, once, and reports success.</summary>
    ReadFlips = 13,

    /// <summary>The power goes before the operation, and nothing of what was not flushed reached the medium.</summary>
    CutUnflushed = 14,

    /// <summary>The power goes before the operation, and what was not flushed reached the medium whole, in half or not at all, each program and erase by itself.</summary>
    CutReordered = 15,

    /// <summary>Every read of one start fails; then the bus hears again.</summary>
    StartIsDeaf = 16,

    /// <summary>The first eight reads of one start fail.</summary>
    StartHearsLate = 17,
}

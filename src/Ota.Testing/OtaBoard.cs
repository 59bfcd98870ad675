using System;
using System.Collections.Generic;
using System.Linq;

namespace Flint.Ota.Testing;

/// <summary>A board to prove an update on: the shape of its flash and the layout that its firmware uses.</summary>
public sealed class OtaBoard
{
    /// <summary>What a report calls the board; without spaces.</summary>
    public required string Name { get; init; }

    /// <summary>The bytes of each erase block, in order.</summary>
    public required IReadOnlyList<int> BlockLengths { get; init; }

    /// <summary>The write unit, 1 to 512 bytes.</summary>
    public int WriteUnit { get; init; } = 1;

    /// <summary>What erased bytes read as, 0xFF or 0x00.</summary>
    public byte ErasedValue { get; init; } = 0xFF;

    /// <summary>Whether a torn unit cannot be read.</summary>
    public bool HasEcc { get; init; }

    /// <summary>The layout that the firmware uses.</summary>
    public required Func<OtaFlash, OtaLayout> Layout { get; init; }

    /// <summary>The bytes of image that a scenario updates to, for each component; it has to fit a bank.</summary>
    public int ImageLength { get; init; } = 2900;

    /// <summary>A small board with blocks of 1 KiB, a factory image and evidence, on which a run takes a fraction of a millisecond.</summary>
    public static OtaBoard Small(int writeUnit, bool hasEcc, byte erasedValue) => new()
    {
        Name = $"small-w{writeUnit}-{(hasEcc ? "ecc" : "plain")}-{erasedValue:x2}",
        BlockLengths = [.. Enumerable.Repeat(1024, 34)],
        WriteUnit = writeUnit,
        HasEcc = hasEcc,
        ErasedValue = erasedValue,
        Layout = flash => OtaBoardLayout.Divide(flash, factory: true, evidence: true),
    };

    /// <summary>A small board that runs from one place only: images are moved there through a store that is one block longer.</summary>
    public static OtaBoard Swap(int writeUnit, bool hasEcc, byte erasedValue) => new()
    {
        Name = $"swap-w{writeUnit}-{(hasEcc ? "ecc" : "plain")}-{erasedValue:x2}",
        BlockLengths = [.. Enumerable.Repeat(1024, 26)],
        WriteUnit = writeUnit,
        HasEcc = hasEcc,
        ErasedValue = erasedValue,
        Layout = flash => OtaBoardLayout.DivideForSwap(flash, runningBlock: 23, evidence: true),
    };

    /// <summary>Blocks of unequal length, the banks' different too, and two components that update as one set.</summary>
    public static OtaBoard Unequal(int writeUnit, bool hasEcc, byte erasedValue) => new()
    {
        Name = $"unequal-w{writeUnit}-{(hasEcc ? "ecc" : "plain")}-{erasedValue:x2}",
        BlockLengths = [1024, 512, 1536, 2048, 2048, 512, 512, 512, 512, 1536, 2048, 512, 1024, 3072, 2048, 2048, 512, 512, 2048, 2048],
        WriteUnit = writeUnit,
        HasEcc = hasEcc,
        ErasedValue = erasedValue,
        Layout = _ => new OtaBoardLayout(
            new OtaRegion(0, 1), new OtaRegion(2, 1), new OtaRegion(3, 1), new OtaRegion(4, 1),
            new OtaBankLayout(
                new OtaRegion(5, 3), [new OtaRegion(8, 1), new OtaRegion(1, 1)], [new OtaRegion(9, 3), new OtaRegion(12, 2)]),
            new OtaBankLayout(
                new OtaRegion(14, 1), [new OtaRegion(16, 1), new OtaRegion(17, 1)], [new OtaRegion(18, 2), new OtaRegion(15, 1)]),
            OtaBankLayout.None, OtaRegion.None, OtaRegion.None),
        ImageLength = 2000,
    };
}

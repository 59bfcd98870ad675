using System;

namespace Flint.Ota;

/// <summary>
/// A layout of explicit regions, on blocks of any lengths, with evidence where wanted, also for parts that run from one place only. <see cref="Check"/> says whether it is sound, and
/// the engine refuses one that is not.
/// </summary>
/// <remarks>docs/spec/ota.md sections 3 and 6.2. A device whose flash is divided by <see cref="OtaLayout.Divide(OtaFlash, bool)"/> carries none of this.</remarks>
public sealed class OtaBoardLayout : OtaLayout
{
    /// <summary>A layout of explicit regions.</summary>
    public OtaBoardLayout(
        OtaRegion state0, OtaRegion state1, OtaRegion journal0, OtaRegion journal1,
        OtaBankLayout bank0, OtaBankLayout bank1, OtaBankLayout factory, OtaRegion evidence0, OtaRegion evidence1)
        : this(state0, state1, journal0, journal1, bank0, bank1, factory, evidence0, evidence1, OtaRegion.None, 0)
    {
    }

    /// <summary>
    /// A layout for a part that runs from one place only: the images of <paramref name="bank0"/>. Those of <paramref name="bank1"/> are the store, one
    /// slot longer, through which images are moved slot by slot (section 6.2).
    /// </summary>
    /// <param name="state0">One of the two state blocks.</param>
    /// <param name="state1">The other.</param>
    /// <param name="journal0">One of the two journals of downloads.</param>
    /// <param name="journal1">The other.</param>
    /// <param name="bank0">Manifest and tables of one bank, and where images run.</param>
    /// <param name="bank1">Manifest and tables of the other bank, and the store.</param>
    /// <param name="factory">The factory image, which runs from its own place, or <see cref="OtaBankLayout.None"/>.</param>
    /// <param name="evidence0">One of the two evidence blocks, or <see cref="OtaRegion.None"/>.</param>
    /// <param name="evidence1">The other.</param>
    /// <param name="swapJournal">The journal of a move.</param>
    /// <param name="slotLength">The bytes that are moved at a time: whole erase blocks on both sides.</param>
    public OtaBoardLayout(
        OtaRegion state0, OtaRegion state1, OtaRegion journal0, OtaRegion journal1,
        OtaBankLayout bank0, OtaBankLayout bank1, OtaBankLayout factory, OtaRegion evidence0, OtaRegion evidence1,
        OtaRegion swapJournal, int slotLength)
        : base(state0, state1, journal0, journal1, bank0, bank1, factory)
    {
        Evidence0 = evidence0;
        Evidence1 = evidence1;
        SwapJournal = swapJournal;
        SlotLength = slotLength;
    }

    /// <summary>One of the two evidence blocks, or <see cref="OtaRegion.None"/>.</summary>
    public readonly OtaRegion Evidence0;

    /// <summary>One of the two evidence blocks, or <see cref="OtaRegion.None"/>.</summary>
    public readonly OtaRegion Evidence1;

    /// <summary>The journal of a move of images, or <see cref="OtaRegion.None"/>.</summary>
    public readonly OtaRegion SwapJournal;

    /// <summary>The bytes that are moved at a time; 0 where either bank can run.</summary>
    public readonly int SlotLength;

    /// <inheritdoc/>
    public override bool HasSwap
    {
        get { return SlotLength > 0; }
    }

    /// <summary>Whether evidence has a place.</summary>
    public bool HasEvidence
    {
        get { return Evidence0.BlockCount > 0; }
    }

    /// <summary>
    /// Divides flash of equal erase blocks as <see cref="OtaLayout.Divide(OtaFlash, bool)"/> does, and where wanted gives evidence two blocks, between the journals
    /// and bank 0.
    /// </summary>
    /// <exception cref="ArgumentException">The erase blocks differ in length or are too short, or there are too few.</exception>
    public static OtaLayout Divide(OtaFlash flash, bool factory, bool evidence)
    {
        if (!evidence)
        {
            return Divide(flash, factory);
        }

        OtaLayout layout = Divide(flash, factory, 2);
        int first = layout.Bank(0).Manifest.FirstBlock - 2;
        return new OtaBoardLayout(
            layout.State0, layout.State1, layout.Journal0, layout.Journal1, layout.Bank(0), layout.Bank(1), layout.Bank(FactoryBank),
            new OtaRegion(first, 1), new OtaRegion(first + 1, 1));
    }

    /// <summary>
    /// Divides flash of equal erase blocks for a part that runs from one place only, which is <paramref name="runningBlock"/> and what follows it:
    /// the running place is as long as the rest of the flash can store. Slots are one erase block.
    /// </summary>
    /// <exception cref="ArgumentException">The erase blocks differ in length or are too short, there are too few, or the place is not near the end of the flash.</exception>
    public static OtaBoardLayout DivideForSwap(OtaFlash flash, int runningBlock, bool evidence)
    {
        int length = EqualBlocks(flash);
        int manifest = BlocksFor(OtaBankStore.ManifestRegionLength(flash), length);
        int image = flash.BlockCount - runningBlock;
        int table = TableBlocks(image, length);
        int journal = BlocksFor(OtaJournal.LengthFor(flash, image + 1 + table), length);
        int marks = BlocksFor(OtaBytes.RoundUp(OtaSwap.HeaderLength, flash.WriteUnit) + (2 * image * flash.WriteUnit), length);
        int first = 2 + (2 * journal) + (evidence ? 2 : 0);
        int next = first + marks + (2 * (manifest + table));
        if (image < 1 || next + image + 1 > runningBlock)
        {
            throw new ArgumentException(
                "The running place has " + image + " erase blocks and the rest needs " + (next + image + 1)
                + ": start it at that block or behind it, and not behind the middle.");
        }

        int second = first + marks + manifest + table;
        return new OtaBoardLayout(
            new OtaRegion(0, 1), new OtaRegion(1, 1), new OtaRegion(2, journal), new OtaRegion(2 + journal, journal),
            new OtaBankLayout(
                new OtaRegion(first + marks, manifest), new OtaRegion(first + marks + manifest, table), new OtaRegion(runningBlock, image)),
            new OtaBankLayout(new OtaRegion(second, manifest), new OtaRegion(second + manifest, table), new OtaRegion(next, image + 1)),
            OtaBankLayout.None,
            evidence ? new OtaRegion(2 + (2 * journal), 1) : OtaRegion.None,
            evidence ? new OtaRegion(3 + (2 * journal), 1) : OtaRegion.None,
            new OtaRegion(first, marks), length);
    }

    /// <inheritdoc/>
    public override string Check(OtaFlash flash)
    {
        string fault = base.Check(flash);
        return fault.Length > 0 ? fault : OtaLayoutCheck.Run(this, flash);
    }

    internal override OtaPlacement Place(OtaFlash flash, OtaTrust trust, byte[] io)
    {
        return HasSwap ? new OtaSwap(flash, trust, this, io) : base.Place(flash, trust, io);
    }

    internal override IOtaEvidence? Evidence(OtaFlash flash, OtaTrust trust)
    {
        return HasEvidence ? new OtaEvidence(flash, trust, Evidence0, Evidence1) : null;
    }
}

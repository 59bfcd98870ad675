using System;

namespace Flint.Ota;

/// <summary>Where everything lies on the flash: state, journal, two banks, and optionally a factory image and evidence.</summary>
/// <remarks>docs/spec/ota.md section 3. The layout is the board's constant: it is not stored, and a change of it loses what is on the flash.</remarks>
public sealed class OtaLayout
{
    /// <summary>The most components of one bank.</summary>
    public const int MaxComponents = 4;

    /// <summary>Bank numbers: two that updates alternate between, and one that is never written by an update.</summary>
    public const int FactoryBank = 2;

    private readonly OtaBankLayout[] _banks;

    /// <summary>A layout of explicit regions; <see cref="Check"/> says whether it is sound, and the engine refuses one that is not.</summary>
    public OtaLayout(
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
    public OtaLayout(
        OtaRegion state0, OtaRegion state1, OtaRegion journal0, OtaRegion journal1,
        OtaBankLayout bank0, OtaBankLayout bank1, OtaBankLayout factory, OtaRegion evidence0, OtaRegion evidence1,
        OtaRegion swapJournal, int slotLength)
    {
        SwapJournal = swapJournal;
        SlotLength = slotLength;
        State0 = state0;
        State1 = state1;
        Journal0 = journal0;
        Journal1 = journal1;
        Evidence0 = evidence0;
        Evidence1 = evidence1;
        _banks = new OtaBankLayout[] { bank0, bank1, factory };
    }

    /// <summary>One of the two state blocks.</summary>
    public OtaRegion State0 { get; }

    /// <summary>One of the two state blocks.</summary>
    public OtaRegion State1 { get; }

    /// <summary>One of the two journals.</summary>
    public OtaRegion Journal0 { get; }

    /// <summary>One of the two journals.</summary>
    public OtaRegion Journal1 { get; }

    /// <summary>One of the two evidence blocks, or <see cref="OtaRegion.None"/>.</summary>
    public OtaRegion Evidence0 { get; }

    /// <summary>One of the two evidence blocks, or <see cref="OtaRegion.None"/>.</summary>
    public OtaRegion Evidence1 { get; }

    /// <summary>The journal of a move of images, or <see cref="OtaRegion.None"/>.</summary>
    public OtaRegion SwapJournal { get; }

    /// <summary>The bytes that are moved at a time; 0 where either bank can run.</summary>
    public int SlotLength { get; }

    /// <summary>Whether images are moved to the one place from which they can run.</summary>
    public bool HasSwap
    {
        get { return SlotLength > 0; }
    }

    /// <summary>Whether a factory image has a place.</summary>
    public bool HasFactory
    {
        get { return _banks[FactoryBank].ComponentCount > 0; }
    }

    /// <summary>Whether evidence has a place.</summary>
    public bool HasEvidence
    {
        get { return Evidence0.BlockCount > 0; }
    }

    /// <summary>Bank 0, 1 or <see cref="FactoryBank"/>.</summary>
    public OtaBankLayout Bank(int bank)
    {
        return _banks[bank];
    }

    /// <summary>
    /// Divides flash of equal erase blocks for a part that runs from one place only, which is <paramref name="runningBlock"/> and what follows it:
    /// the running place is as long as the rest of the flash can store. Slots are one erase block.
    /// </summary>
    /// <exception cref="ArgumentException">The erase blocks differ in length, there are too few, or the place is not near the end of the flash.</exception>
    public static OtaLayout DivideForSwap(OtaFlash flash, int runningBlock, bool evidence)
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
        return new OtaLayout(
            new OtaRegion(0, 1), new OtaRegion(1, 1), new OtaRegion(2, journal), new OtaRegion(2 + journal, journal),
            new OtaBankLayout(
                new OtaRegion(first + marks, manifest), new OtaRegion(first + marks + manifest, table), new OtaRegion(runningBlock, image)),
            new OtaBankLayout(new OtaRegion(second, manifest), new OtaRegion(second + manifest, table), new OtaRegion(next, image + 1)),
            OtaBankLayout.None,
            evidence ? new OtaRegion(2 + (2 * journal), 1) : OtaRegion.None,
            evidence ? new OtaRegion(3 + (2 * journal), 1) : OtaRegion.None,
            new OtaRegion(first, marks), length);
    }

    /// <summary>
    /// Divides flash of equal erase blocks among two banks of one component, and where wanted a factory image and evidence: state first,
    /// then the journals, evidence, bank 0, bank 1, factory.
    /// </summary>
    /// <exception cref="ArgumentException">The erase blocks differ in length, or there are too few.</exception>
    public static OtaLayout Divide(OtaFlash flash, bool factory, bool evidence)
    {
        int length = EqualBlocks(flash);

        // The journal grows with the bank and the bank shrinks with the journal: the largest bank that fits is found from above.
        int banks = factory ? 3 : 2;
        int manifest = BlocksFor(OtaBankStore.ManifestRegionLength(flash), length);
        for (int image = flash.BlockCount / banks; image > 0; image--)
        {
            int table = TableBlocks(image, length);
            int journal = BlocksFor(OtaJournal.LengthFor(flash, image + table), length);
            int fixedBlocks = 2 + (2 * journal) + (evidence ? 2 : 0);
            if (fixedBlocks + (banks * (manifest + table + image)) <= flash.BlockCount)
            {
                return Place(journal, manifest, table, image, factory, evidence);
            }
        }

        throw new ArgumentException("The flash has " + flash.BlockCount + " erase blocks, too few for two banks: use smaller blocks or more of them.");
    }

    /// <summary>An empty text where the layout is sound for <paramref name="flash"/>, otherwise what is wrong and what to change.</summary>
    public string Check(OtaFlash flash)
    {
        return OtaLayoutCheck.Run(this, flash);
    }

    private static int EqualBlocks(OtaFlash flash)
    {
        int length = flash.BlockLength(0);
        for (int i = 1; i < flash.BlockCount; i++)
        {
            if (flash.BlockLength(i) != length)
            {
                throw new ArgumentException("Divide needs erase blocks of one length; block " + i + " differs: give the regions explicitly.");
            }
        }

        return length;
    }

    private static int TableBlocks(int image, int length)
    {
        return BlocksFor((((image * length) - 1) / OtaManifest.DefaultBlockSize + 1) * OtaManifest.TableEntryLength, length);
    }

    private static OtaLayout Place(int journal, int manifest, int table, int image, bool factory, bool evidence)
    {
        int next = 2 + (2 * journal) + (evidence ? 2 : 0);
        int bank = manifest + table + image;
        return new OtaLayout(
            new OtaRegion(0, 1), new OtaRegion(1, 1), new OtaRegion(2, journal), new OtaRegion(2 + journal, journal),
            PlaceBank(next, manifest, table, image),
            PlaceBank(next + bank, manifest, table, image),
            factory ? PlaceBank(next + (2 * bank), manifest, table, image) : OtaBankLayout.None,
            evidence ? new OtaRegion(2 + (2 * journal), 1) : OtaRegion.None,
            evidence ? new OtaRegion(3 + (2 * journal), 1) : OtaRegion.None);
    }

    private static OtaBankLayout PlaceBank(int first, int manifest, int table, int image)
    {
        return new OtaBankLayout(
            new OtaRegion(first, manifest), new OtaRegion(first + manifest, table), new OtaRegion(first + manifest + table, image));
    }

    private static int BlocksFor(int bytes, int blockLength)
    {
        return (bytes + blockLength - 1) / blockLength;
    }
}

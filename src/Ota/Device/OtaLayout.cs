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
    {
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
    /// Divides flash of equal erase blocks among two banks of one component, and where wanted a factory image and evidence: state first,
    /// then the journals, evidence, bank 0, bank 1, factory.
    /// </summary>
    /// <exception cref="ArgumentException">The erase blocks differ in length, or there are too few.</exception>
    public static OtaLayout Divide(OtaFlash flash, bool factory, bool evidence)
    {
        int length = flash.BlockLength(0);
        for (int i = 1; i < flash.BlockCount; i++)
        {
            if (flash.BlockLength(i) != length)
            {
                throw new ArgumentException("Divide needs erase blocks of one length; block " + i + " differs: give the regions explicitly.");
            }
        }

        // The journal grows with the bank and the bank shrinks with the journal: the largest bank that fits is found from above.
        int banks = factory ? 3 : 2;
        int manifest = BlocksFor(OtaBankStore.ManifestRegionLength(flash), length);
        for (int image = flash.BlockCount / banks; image > 0; image--)
        {
            int table = BlocksFor((((image * length) - 1) / OtaManifest.DefaultBlockSize + 1) * OtaManifest.TableEntryLength, length);
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

using System;

namespace Flint.Ota;

/// <summary>
/// Where everything lies on the flash: state, journal, two banks, and optionally a factory image. <see cref="Divide(OtaFlash, bool)"/> makes one;
/// <see cref="OtaBoardLayout"/> is one of a board's own regions, or one with evidence.
/// </summary>
/// <remarks>docs/spec/ota.md section 3. The layout is the board's constant: it is not stored, and a change of it loses what is on the flash.</remarks>
public class OtaLayout
{
    /// <summary>The most components of one bank.</summary>
    public const int MaxComponents = 4;

    /// <summary>Bank numbers: two that updates alternate between, and one that is never written by an update.</summary>
    public const int FactoryBank = 2;

    private readonly OtaBankLayout[] _banks;

    // The flash that was divided, where one was: another has other blocks under the same numbers.
    private int _blockCount;
    private int _blockLength;
    private int _writeUnit;

    internal OtaLayout(
        OtaRegion state0, OtaRegion state1, OtaRegion journal0, OtaRegion journal1,
        OtaBankLayout bank0, OtaBankLayout bank1, OtaBankLayout factory)
    {
        State0 = state0;
        State1 = state1;
        Journal0 = journal0;
        Journal1 = journal1;
        _banks = new OtaBankLayout[] { bank0, bank1, factory };
    }

    /// <summary>One of the two state blocks.</summary>
    public readonly OtaRegion State0;

    /// <summary>One of the two state blocks.</summary>
    public readonly OtaRegion State1;

    /// <summary>One of the two journals.</summary>
    public readonly OtaRegion Journal0;

    /// <summary>One of the two journals.</summary>
    public readonly OtaRegion Journal1;

    /// <summary>Whether images are moved to the one place from which they can run.</summary>
    public virtual bool HasSwap
    {
        get { return false; }
    }

    /// <summary>Whether a factory image has a place.</summary>
    public bool HasFactory
    {
        get { return _banks[FactoryBank].ComponentCount > 0; }
    }

    /// <summary>Bank 0, 1 or <see cref="FactoryBank"/>.</summary>
    public OtaBankLayout Bank(int bank)
    {
        return _banks[bank];
    }

    /// <summary>
    /// Divides flash of equal erase blocks among two banks of one component, and where wanted a factory image: state first, then the journals,
    /// bank 0, bank 1, factory. <see cref="OtaBoardLayout.Divide(OtaFlash, bool, bool)"/> gives evidence a place as well.
    /// </summary>
    /// <exception cref="ArgumentException">The erase blocks differ in length or are too short, or there are too few.</exception>
    public static OtaLayout Divide(OtaFlash flash, bool factory)
    {
        return Divide(flash, factory, 0);
    }

    /// <summary>The same, with erase blocks left free between the journals and bank 0.</summary>
    internal static OtaLayout Divide(OtaFlash flash, bool factory, int free)
    {
        int length = EqualBlocks(flash);

        // The journal grows with the bank and the bank shrinks with the journal: the largest bank that fits is found from above.
        int banks = factory ? 3 : 2;
        int manifest = BlocksFor(OtaBankStore.ManifestRegionLength(flash), length);
        for (int image = flash.BlockCount / banks; image > 0; image--)
        {
            int table = TableBlocks(image, length);
            int journal = BlocksFor(OtaJournal.LengthFor(flash, image + table), length);
            int first = 2 + (2 * journal) + free;
            if (first + (banks * (manifest + table + image)) <= flash.BlockCount)
            {
                OtaLayout layout = Arrange(journal, first, manifest, table, image, factory);
                layout._blockCount = flash.BlockCount;
                layout._blockLength = length;
                layout._writeUnit = flash.WriteUnit;
                return layout;
            }
        }

        throw new ArgumentException("Too few erase blocks for two banks: use more or smaller ones.");
    }

    /// <summary>An empty text where the layout is sound for <paramref name="flash"/>, otherwise what is wrong and what to change.</summary>
    /// <remarks>A divided layout is sound by construction, so that only the flash is looked at: whether it is one, and the one that was divided.</remarks>
    public virtual string Check(OtaFlash flash)
    {
        int unit = flash.WriteUnit;
        if (unit < 1 || unit > 512 || (unit & (unit - 1)) != 0)
        {
            return "The write unit is a power of two up to 512.";
        }

        if (flash.ErasedValue != 0xFF && flash.ErasedValue != 0x00)
        {
            return "The erased value is 0xFF or 0x00.";
        }

        // [OTA-010] Blocks follow each other without a gap and hold whole units.
        int next = 0;
        bool isOther = _blockLength != 0 && (flash.BlockCount != _blockCount || unit != _writeUnit);
        for (int i = 0; next <= 1 << 30 && i < flash.BlockCount; i++)
        {
            int length = flash.BlockLength(i);
            if (flash.BlockStart(i) != next || length <= 0 || length % unit != 0)
            {
                return "Erase block " + i + ": start it where the one before ends, in whole units.";
            }

            isOther |= _blockLength != 0 && length != _blockLength;
            next += length;
        }

        if (next > 1 << 30)
        {
            return "Use at most 1 GiB of the flash.";
        }

        if (isOther)
        {
            return "Another flash was divided: divide this one.";
        }

        return next == flash.Size ? "" : "Make Size the sum of the blocks.";
    }

    /// <summary>Where banks lie, and what moves them.</summary>
    internal virtual OtaPlacement Place(OtaFlash flash, OtaTrust trust, byte[] io)
    {
        return new OtaPlacement(this);
    }

    /// <summary>Who keeps what happened on updates; null where that has no place.</summary>
    internal virtual IOtaEvidence? Evidence(OtaFlash flash, OtaTrust trust)
    {
        return null;
    }

    internal static int EqualBlocks(OtaFlash flash)
    {
        int length = flash.BlockLength(0);
        int state = OtaStateLog.Copies * OtaStateRecord.StoredLength(flash);
        if (length < state)
        {
            throw new ArgumentException("Divide needs erase blocks of " + state + " bytes: join several.");
        }

        for (int i = 1; i < flash.BlockCount; i++)
        {
            if (flash.BlockLength(i) != length)
            {
                throw new ArgumentException("Divide needs blocks of one length: give the regions.");
            }
        }

        return length;
    }

    internal static int TableBlocks(int image, int length)
    {
        return BlocksFor((((image * length) - 1) / OtaManifest.DefaultBlockSize + 1) * OtaManifest.TableEntryLength, length);
    }

    private static OtaLayout Arrange(int journal, int first, int manifest, int table, int image, bool factory)
    {
        int bank = manifest + table + image;
        return new OtaLayout(
            new OtaRegion(0, 1), new OtaRegion(1, 1), new OtaRegion(2, journal), new OtaRegion(2 + journal, journal),
            PlaceBank(first, manifest, table, image),
            PlaceBank(first + bank, manifest, table, image),
            factory ? PlaceBank(first + (2 * bank), manifest, table, image) : OtaBankLayout.None);
    }

    private static OtaBankLayout PlaceBank(int first, int manifest, int table, int image)
    {
        return new OtaBankLayout(
            new OtaRegion(first, manifest), new OtaRegion(first + manifest, table), new OtaRegion(first + manifest + table, image));
    }

    internal static int BlocksFor(int bytes, int blockLength)
    {
        return (bytes + blockLength - 1) / blockLength;
    }
}

namespace Flint.Ota;

/// <summary>Holds a layout against its flash; each answer names the region and what to change.</summary>
/// <remarks>docs/spec/ota.md section 3.2: each rule there about regions is one line here; those about flash are in <see cref="OtaLayout.Check"/>.</remarks>
internal static class OtaLayoutCheck
{
    private const int FixedRegions = 7;

    /// <returns>An empty text, or the first fault.</returns>
    public static string Run(OtaBoardLayout layout, OtaFlash flash)
    {
        string fault = CheckLogs(layout, flash);

        for (int bank = 0; fault.Length == 0 && bank < 3; bank++)
        {
            if (bank < OtaLayout.FactoryBank || layout.HasFactory)
            {
                fault = CheckBank(layout.Bank(bank), layout.Bank(0).ComponentCount, BankName(bank), flash);
            }
        }

        for (int bank = 0; fault.Length == 0 && bank < 2; bank++)
        {
            fault = CheckJournalHolds(layout, layout.Bank(bank), flash);
        }

        if (fault.Length == 0)
        {
            fault = CheckSwap(layout, flash);
        }

        return fault.Length == 0 ? CheckOverlap(layout) : fault;
    }

    private static string CheckLogs(OtaBoardLayout layout, OtaFlash flash)
    {
        // [OTA-011] A state block holds the copies of at least one record.
        int needed = OtaStateLog.Copies * OtaStateRecord.StoredLength(flash);
        string fault = CheckRegion(layout.State0, needed, "state 0", flash);
        fault = fault.Length > 0 ? fault : CheckRegion(layout.State1, needed, "state 1", flash);
        if (fault.Length == 0 && (layout.State0.BlockCount != 1 || layout.State1.BlockCount != 1))
        {
            fault = "state 0 and state 1 must be one erase block each.";
        }

        if (fault.Length == 0 && (layout.Evidence0.BlockCount > 1 || layout.Evidence0.BlockCount != layout.Evidence1.BlockCount))
        {
            fault = "evidence 0 and evidence 1 must be one erase block each, or both absent.";
        }

        if (fault.Length == 0 && layout.HasEvidence)
        {
            int ring = 2 * OtaEvidence.StoredLength(flash);
            fault = CheckRegion(layout.Evidence0, ring, "evidence 0", flash);
            fault = fault.Length > 0 ? fault : CheckRegion(layout.Evidence1, ring, "evidence 1", flash);
        }

        return fault;
    }

    private static string CheckBank(OtaBankLayout bank, int components, string name, OtaFlash flash)
    {
        if (bank.ComponentCount < 1 || bank.ComponentCount > OtaLayout.MaxComponents || bank.Tables.Length != bank.ComponentCount)
        {
            return name + " must have 1 to 4 images and a table for each.";
        }

        if (bank.ComponentCount != components)
        {
            return name + " must have as many components as bank 0.";
        }

        string fault = CheckRegion(bank.Manifest, OtaBankStore.ManifestRegionLength(flash), name + " manifest", flash);
        for (int i = 0; fault.Length == 0 && i < components; i++)
        {
            fault = CheckRegion(bank.Table(i), OtaManifest.TableEntryLength, name + " table", flash);
            fault = fault.Length > 0 ? fault : CheckRegion(bank.Image(i), 1, name + " image", flash);
        }

        return fault;
    }

    private static string CheckJournalHolds(OtaBoardLayout layout, OtaBankLayout bank, OtaFlash flash)
    {
        // [OTA-012] One mark per erase block of the bank, so that a journal is erased once in a session.
        int segments = 0;
        for (int i = 0; i < bank.ComponentCount; i++)
        {
            segments += bank.Table(i).BlockCount + bank.Image(i).BlockCount;
        }

        int needed = OtaJournal.LengthFor(flash, segments);
        string fault = CheckRegion(layout.Journal0, needed, "journal 0", flash);
        return fault.Length > 0 ? fault : CheckRegion(layout.Journal1, needed, "journal 1", flash);
    }

    // [OTA-014] A slot is whole erase blocks wherever it may lie, and the store has room for one more than runs.
    private static string CheckSwap(OtaBoardLayout layout, OtaFlash flash)
    {
        int slot = layout.SlotLength;
        if (slot <= 0)
        {
            return slot == 0 && layout.SwapJournal.BlockCount == 0 ? "" : "A swap journal needs a slot length: give a positive one.";
        }

        for (int i = 0; i < layout.Bank(0).ComponentCount; i++)
        {
            OtaRegion run = layout.Bank(0).Image(i);
            OtaRegion store = layout.Bank(1).Image(i);
            int length = run.Length(flash);
            if (length % slot != 0 || store.Length(flash) != length + slot)
            {
                return "bank 1 image must be one slot of " + slot + " bytes longer than bank 0 image, and both a whole number of slots.";
            }

            for (int offset = 0; offset <= length; offset += slot)
            {
                if (OtaSwap.BlockAt(flash, run, offset) < 0 || OtaSwap.BlockAt(flash, store, offset) < 0)
                {
                    return "A slot starts within an erase block, " + offset + " bytes into an image: choose a longer slot.";
                }
            }
        }

        int marks = OtaBytes.RoundUp(OtaSwap.HeaderLength, flash.WriteUnit) + (OtaSwap.CountSteps(flash, layout) * flash.WriteUnit);
        return CheckRegion(layout.SwapJournal, marks, "swap journal", flash);
    }

    private static string CheckRegion(OtaRegion region, int needed, string name, OtaFlash flash)
    {
        if (region.BlockCount < 1)
        {
            return name + " is missing: give it erase blocks for " + needed + " bytes.";
        }

        if (region.FirstBlock < 0 || region.FirstBlock >= flash.BlockCount || region.BlockCount > flash.BlockCount - region.FirstBlock)
        {
            return name + " lies outside the flash, which has " + flash.BlockCount + " erase blocks.";
        }

        return region.Length(flash) >= needed
            ? ""
            : name + " has " + region.Length(flash) + (" bytes and needs " + needed) + ": give it more erase blocks.";
    }

    // [OTA-013] No erase block serves two regions. Pair by pair, as memory must not grow with the flash.
    private static string CheckOverlap(OtaBoardLayout layout)
    {
        int count = FixedRegions;
        for (int bank = 0; bank < 3; bank++)
        {
            count += 1 + (2 * layout.Bank(bank).ComponentCount);
        }

        for (int i = 0; i < count; i++)
        {
            OtaRegion one = Region(layout, i);
            for (int j = i + 1; j < count; j++)
            {
                OtaRegion other = Region(layout, j);
                if (one.FirstBlock < other.FirstBlock + other.BlockCount && other.FirstBlock < one.FirstBlock + one.BlockCount)
                {
                    return "Two regions share erase block " + OtaBytes.Max(one.FirstBlock, other.FirstBlock) + ": give each its own.";
                }
            }
        }

        return "";
    }

    private static OtaRegion Region(OtaBoardLayout layout, int index)
    {
        switch (index)
        {
            case 0: return layout.State0;
            case 1: return layout.State1;
            case 2: return layout.Journal0;
            case 3: return layout.Journal1;
            case 4: return layout.Evidence0;
            case 5: return layout.Evidence1;
            case 6: return layout.SwapJournal;
            default: return BankRegion(layout, index - FixedRegions);
        }
    }

    private static OtaRegion BankRegion(OtaBoardLayout layout, int index)
    {
        int bank = 0;
        while (index > 2 * layout.Bank(bank).ComponentCount)
        {
            index -= 1 + (2 * layout.Bank(bank).ComponentCount);
            bank++;
        }

        OtaBankLayout one = layout.Bank(bank);
        if (index == 0)
        {
            return one.Manifest;
        }

        return index <= one.ComponentCount ? one.Table(index - 1) : one.Image(index - 1 - one.ComponentCount);
    }

    private static string BankName(int bank)
    {
        return bank == OtaLayout.FactoryBank ? "factory" : "bank " + bank;
    }
}

using System;

namespace Flint.Ota.Testing;

/// <content>What is written, erased and fetched: P6, P9 and P11.</content>
internal sealed partial class ProofRun
{
    // P6: a boot of a settled device writes nothing. There is one exception: a copy that reads differently each time may be found wrong late, and
    // its record is then committed again. A commit that was not cut leaves three copies that read the same for good, of the highest sequence there
    // is, and a boot that finds three writes nothing. So however many cuts there were before, that happens once; a second one is a failure.
    private void CheckSettled()
    {
        int written = 0;
        int faultsBefore = _flash.FaultsMet;
        bool wasUnsettled = false;
        uint settled = _flash.IsWorn ? 0 : Goal;
        for (int boot = 0; boot < SettleBoots && _failure.Length == 0; boot++)
        {
            try
            {
                int before = _flash.Operations;
                wasUnsettled |= _flash.IsUnsettled;
                uint runs = Start().Boot.Sequence;
                settled = settled == 0 ? runs : settled;
                Require(runs == settled || _isDeaf, "P5: a settled device changed its mind");
                if (_flash.Operations != before)
                {
                    written++;
                }
                else if (!_flash.IsUnsettled)
                {
                    // Nothing changed and nothing reads differently: every boot from here on is this one.
                    boot = SettleBoots;
                }
            }
            catch (PowerCutException)
            {
                boot = 0;
                written = 0;
            }
        }

        // A fault in that one commit makes it be done again. With a block of state that is dead, each boot tries to have its copies again.
        int allowed = (wasUnsettled ? 1 : 0) + _flash.FaultsMet - faultsBefore;
        Require(written <= allowed || _flash.IsWorn, $"P6: {written} boots of a settled device wrote to flash");
    }

    // P9: a block of a bank is erased once for each offer, and once more for each fault or restart in its middle. P11: after a cut, one segment.
    private void CheckWear()
    {
        if (_flash.IsWorn)
        {
            return;
        }

        // A move of images erases each block once.
        int moves = _layout.HasSwap ? 4 : 0;
        int allowed = 3 + moves + (2 * _flash.FaultsMet) + (_scenario is OtaScenario.BadServer or OtaScenario.RotDownload ? 1 : 0);
        for (int bank = 0; bank < 2; bank++)
        {
            OtaBankLayout place = _layout.Bank(bank);
            for (int i = 0; i < place.ComponentCount; i++)
            {
                OtaRegion region = place.Image(i);
                for (int block = region.FirstBlock; block < region.FirstBlock + region.BlockCount; block++)
                {
                    Require(_flash.Erases(block) <= allowed, $"P9: block {block} was erased {_flash.Erases(block)} times");
                }
            }
        }

        // What a scenario has fetched again: a segment under way at a restart, one that the server sent wrong, one that rotted.
        int again = _scenario switch
        {
            OtaScenario.BadServer or OtaScenario.Pause or OtaScenario.Abort => 1,
            OtaScenario.RotDownload => 2,
            _ => 0,
        };
        again += _flash.FaultsMet * (_flash.OnlyCuts ? 1 : 2);
        Require(_flash.HasCache || _fetched <= _offered + (again * LongestSegment()), $"P11: fetched {_fetched} bytes of {_offered}");
    }

    // The most erase blocks that are fetched as one, of tables and images.
    private int LongestSegment()
    {
        int longest = 0;
        for (int i = 0; i < 2 * _layout.Bank(0).ComponentCount; i++)
        {
            for (int bank = 0; bank < 2; bank++)
            {
                OtaBankLayout place = _layout.Bank(bank);
                bool isTable = i < place.ComponentCount;
                longest = Math.Max(longest, LongestSegment(isTable ? place.Table(i) : place.Image(i - place.ComponentCount), isTable));
            }
        }

        return longest;
    }

    private int LongestSegment(OtaRegion region, bool isTable)
    {
        int longest = 0;
        int length = 0;
        for (int block = region.FirstBlock; block < region.FirstBlock + region.BlockCount; block++)
        {
            length += _flash.BlockLength(block);
            longest = Math.Max(longest, length);
            length = isTable || length % OtaManifest.MinBlockSize == 0 ? 0 : length;
        }

        return longest;
    }
}

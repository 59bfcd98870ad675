using System;

namespace Flint.Ota;

/// <summary>Keeps the state record in two erase blocks, so that a power cut at any point leaves the old record or the new one.</summary>
/// <remarks>
/// docs/spec/ota.md section 4.2. A commit writes three copies and reads each back. The first commit of a power session starts a freshly
/// erased block: a unit that merely reads as erased may have been touched by the operation that lost its power. The copy that lost its power
/// may read as valid now and not later. So a record counts from two valid copies on, of which the first was complete before the second was
/// begun; and it is acted on with three, or after it was committed again.
/// </remarks>
internal sealed class OtaStateLog
{
    /// <summary>The copies of one record.</summary>
    public const int Copies = 3;

    // [OTA-028] A start looks at each of them, in blocks of any length.
    private const int MaxSlots = 16 * Copies;

    private const int EraseAttempts = 2;

    private readonly OtaFlash _flash;
    private readonly OtaTrust _trust;
    private readonly OtaRegion[] _blocks;
    private readonly byte[] _stored;
    private readonly byte[] _readBack;
    private int _block;
    private int _slot;
    private uint _highest;
    private bool _sessionStarted;
    private bool _isKnown;
    private int _missed;

    public OtaStateLog(OtaFlash flash, OtaTrust trust, OtaRegion block0, OtaRegion block1)
    {
        _flash = flash;
        _trust = trust;
        _blocks = new OtaRegion[] { block0, block1 };
        _stored = new byte[OtaStateRecord.StoredLength(flash)];
        _readBack = new byte[OtaStateRecord.StoredLength(flash)];
    }

    /// <summary>Whether the blocks are wholly erased, as opposed to damaged: for a device on which <see cref="Load"/> found nothing.</summary>
    public bool IsBlank()
    {
        bool isBlank = true;
        for (int block = 0; block < 2; block++)
        {
            for (int slot = 0; isBlank && slot < Slots(block); slot++)
            {
                isBlank = _flash.Read(Address(block, slot), _readBack, 0, _readBack.Length)
                    && OtaBytes.AllEqual(_readBack, 0, _readBack.Length, _flash.ErasedValue);
            }
        }

        return isBlank;
    }

    /// <summary>Finds the latest record that counts, and commits it again where one of its copies is missing.</summary>
    public bool Load(OtaStateRecord record)
    {
        // [OTA-029] A read that failed says nothing about what is on flash, and a commit erases. It may have been in either look.
        int copies = Search(record);
        uint sequence = record.Sequence;
        if (copies < Copies || _missed > 0)
        {
            copies = Search(record);
            copies = unchecked((int)(record.Sequence - sequence)) < 0 ? Search(record) : copies;
        }

        _isKnown = copies > 0;
        if (_isKnown && copies < Copies)
        {
            // Where the flash refuses, the record in RAM is still the best there is.
            Commit(record);
        }

        return _isKnown;
    }

    /// <summary>Makes <paramref name="record"/> the latest; <c>false</c> where the flash does not take it, and then the one before stands, or this one in one copy.</summary>
    public bool Commit(OtaStateRecord record)
    {
        // [OTA-030] A start that found nothing may have been deaf, and this erases.
        if (!_isKnown)
        {
            _missed = 0;
            if (Search(record) > 0 || _missed == Slots(0) + Slots(1))
            {
                return false;
            }

            _isKnown = true;
        }

        // [OTA-024] The first commit of a session leaves a number out: the record that lost its power may have used it.
        _highest = unchecked(_highest + (_sessionStarted ? 1u : 2u));
        record.Sequence = _highest;
        OtaBytes.Fill(_stored, 0, _stored.Length, _flash.ErasedValue);
        record.Write(_stored, 0, _trust);

        // [OTA-025] What the record speaks of is on flash before it.
        if (!_flash.Flush())
        {
            return false;
        }

        bool written = _sessionStarted && _slot + Copies <= Slots(_block) && WriteCopies(_block);

        // [OTA-022] Never the block that holds the latest record.
        int target = 1 - _block;
        int next = _slot;
        for (int attempt = 0; !written && attempt < EraseAttempts; attempt++)
        {
            _slot = 0;
            written = _flash.EraseBlock(_blocks[target].FirstBlock) && WriteCopies(target);
            if (written)
            {
                _block = target;
                _sessionStarted = true;
            }
        }

        // [OTA-026] The slots below were programmed in this session, the record before among them.
        _slot = written ? _slot : next;
        return written && _flash.Flush();
    }

    // Finds the latest record that counts, and how many copies of it there are.
    private int Search(OtaStateRecord record)
    {
        int copies = Find(record, 0, false);
        uint highest = record.Sequence;
        bool any = copies > 0;
        _missed += copies == 1 ? 1 : 0;
        for (int i = Slots(0) + Slots(1); copies == 1 && i > 0; i--)
        {
            // [OTA-023] Nothing acted on a record with one copy, so it is as if its commit had not been begun. No more often than there are
            // slots: sequences that wrap may be each below the next.
            copies = Find(record, record.Sequence, true);
        }

        if (copies < 2 && any)
        {
            // Nothing else is left: rot took the copies of every record that counted.
            copies = Find(record, 0, false);
        }

        _highest = any ? highest : 0;
        return copies;
    }

    private bool WriteCopies(int block)
    {
        int copies = 0;
        while (copies < Copies && _slot < Slots(block))
        {
            int address = Address(block, _slot);
            _slot++;
            if (_flash.Program(address, _stored, 0, _stored.Length)
                && _flash.Read(address, _readBack, 0, _readBack.Length)
                && OtaBytes.Equal(_stored, 0, _readBack, 0, OtaStateRecord.Length))
            {
                copies++;
            }
        }

        return copies == Copies;
    }

    /// <summary>Finds the record with the highest sequence, of those below <paramref name="limit"/> where there is one.</summary>
    /// <returns>How many copies of it are valid.</returns>
    private int Find(OtaStateRecord record, uint limit, bool hasLimit)
    {
        int copies = 0;
        for (int block = 0; block < 2; block++)
        {
            int slots = Slots(block);
            for (int slot = 0; slot < slots; slot++)
            {
                // [OTA-002] What cannot be read is not there.
                if (!_flash.Read(Address(block, slot), _readBack, 0, _readBack.Length))
                {
                    _missed++;
                    continue;
                }

                uint sequence = OtaBytes.ReadUInt32(_readBack, 8);
                bool isBelow = !hasLimit || unchecked((int)(sequence - limit)) < 0;
                if (isBelow && (copies == 0 || unchecked((int)(sequence - record.Sequence)) > 0) && record.TryRead(_readBack, 0, _trust))
                {
                    Array.Copy(_readBack, 0, _stored, 0, _stored.Length);
                    _block = block;
                    copies = 1;
                }
                else if (copies > 0 && sequence == record.Sequence && OtaBytes.Equal(_stored, 0, _readBack, 0, OtaStateRecord.Length))
                {
                    copies++;
                }
            }
        }

        return copies;
    }

    private int Slots(int block)
    {
        return OtaBytes.Min(_blocks[block].Length(_flash) / _stored.Length, MaxSlots);
    }

    private int Address(int block, int slot)
    {
        return _blocks[block].Start(_flash) + (slot * _stored.Length);
    }
}

using System;

namespace Flint.Ota;

/// <summary>Keeps the state record in two erase blocks, so that a power cut at any point leaves the old record or the new one.</summary>
/// <remarks>
/// docs/spec/ota.md section 4.2. A commit writes two copies and reads each back. The first commit of a power session starts a freshly
/// erased block: a unit that merely reads as erased may have been touched by the operation that lost its power. A record of which only one
/// copy is valid may read differently next time, so it is committed again before anything relies on it.
/// </remarks>
internal sealed class OtaStateLog
{
    private const int EraseAttempts = 2;

    private readonly OtaFlash _flash;
    private readonly OtaTrust _trust;
    private readonly OtaRegion[] _blocks;
    private readonly byte[] _stored;
    private readonly byte[] _readBack;
    private int _block;
    private int _slot;
    private bool _sessionStarted;

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

    /// <summary>Finds the latest record, and commits it again where only one copy of it is valid.</summary>
    public bool Load(OtaStateRecord record)
    {
        int copies = 0;
        record.Clear();
        for (int block = 0; block < 2; block++)
        {
            int slots = Slots(block);
            for (int slot = 0; slot < slots; slot++)
            {
                copies = Consider(record, block, slot, copies);
            }
        }

        if (copies == 0)
        {
            return false;
        }

        // [OTA-023] Act only on a record that stands twice. Where the flash refuses, the record in RAM is still the best there is.
        if (copies == 1)
        {
            Commit(record);
        }

        return true;
    }

    /// <summary>Makes <paramref name="record"/> the latest; <c>false</c> where the flash does not take it, and then the one before stands, or this one in one copy.</summary>
    public bool Commit(OtaStateRecord record)
    {
        // [OTA-024] The first commit of a session leaves a number out: the record that lost its power may have used it.
        record.Sequence = unchecked(record.Sequence + (_sessionStarted ? 1u : 2u));
        OtaBytes.Fill(_stored, 0, _stored.Length, _flash.ErasedValue);
        record.Write(_stored, 0, _trust);

        if (!_flash.Flush())
        {
            return false;
        }

        bool written = _sessionStarted && _slot + 2 <= Slots(_block) && WriteCopies(_block);

        // [OTA-022] Never the block that holds the latest record.
        int target = 1 - _block;
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

        return written && _flash.Flush();
    }

    private bool WriteCopies(int block)
    {
        int copies = 0;
        while (copies < 2 && _slot < Slots(block))
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

        return copies == 2;
    }

    /// <returns>The number of valid copies of the latest record found so far.</returns>
    private int Consider(OtaStateRecord best, int block, int slot, int copies)
    {
        if (!_flash.Read(Address(block, slot), _readBack, 0, _readBack.Length))
        {
            return copies;
        }

        uint sequence = OtaBytes.ReadUInt32(_readBack, 8);
        bool isLater = copies == 0 || unchecked((int)(sequence - best.Sequence)) > 0;
        bool isSame = copies > 0 && sequence == best.Sequence;
        if (isLater && best.TryRead(_readBack, 0, _trust))
        {
            Array.Copy(_readBack, 0, _stored, 0, _stored.Length);
            _block = block;
            return 1;
        }

        return isSame && OtaBytes.Equal(_stored, 0, _readBack, 0, OtaStateRecord.Length) ? copies + 1 : copies;
    }

    private int Slots(int block)
    {
        return _blocks[block].Length(_flash) / _stored.Length;
    }

    private int Address(int block, int slot)
    {
        return _blocks[block].Start(_flash) + (slot * _stored.Length);
    }
}

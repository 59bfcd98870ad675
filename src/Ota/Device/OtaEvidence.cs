using System;

namespace Flint.Ota;

/// <summary>What happened on the last updates: a ring of 32-byte records in two erase blocks, for the server and for a post-mortem.</summary>
/// <remarks>
/// docs/spec/ota.md section 4.4; big-endian. Nothing is decided by it, so a failing write is not an error.
/// <code>
///   0  marker 0x45     4  number                  16  detail
///   1  reason          8  sequence that ran       20  manifest digest, first bytes (8)
///   2  bank           12  sequence it is about    28  CRC-32C of bytes 0 to 27
///   3  attempts left
/// </code>
/// The first record of a power session starts a freshly erased block, into which the newest records of the other block are copied.
/// </remarks>
internal sealed class OtaEvidence : IOtaEvidence
{
    public const int Length = 32;

    private const byte Marker = 0x45;

    private readonly OtaFlash _flash;
    private readonly OtaTrust _trust;
    private readonly OtaRegion[] _blocks;
    private readonly byte[] _stored;
    private int _block;
    private int _slot;
    private uint _number;
    private bool _isLoaded;
    private bool _sessionStarted;

    public OtaEvidence(OtaFlash flash, OtaTrust trust, OtaRegion block0, OtaRegion block1)
    {
        _flash = flash;
        _trust = trust;
        _blocks = new OtaRegion[] { block0, block1 };
        _stored = new byte[StoredLength(flash)];
    }

    public static int StoredLength(OtaFlash flash)
    {
        return OtaBytes.RoundUp(Length, flash.WriteUnit);
    }

    /// <inheritdoc/>
    public void Append(OtaStateRecord record, int bank, uint runs, uint about)
    {
        Load();
        if ((!_sessionStarted || _slot >= Slots(_block)) && !StartBlock())
        {
            return;
        }

        _number = unchecked(_number + 1);
        OtaBytes.Fill(_stored, 0, _stored.Length, _flash.ErasedValue);
        _stored[0] = Marker;
        _stored[1] = (byte)record.Reason;
        _stored[2] = unchecked((byte)bank);
        _stored[3] = (byte)record.Attempts;
        OtaBytes.WriteUInt32(_stored, 4, _number);
        OtaBytes.WriteUInt32(_stored, 8, runs);
        OtaBytes.WriteUInt32(_stored, 12, about);
        OtaBytes.WriteUInt32(_stored, 16, record.Detail);
        Array.Copy(record.Subject, 0, _stored, 20, OtaStateRecord.NameLength);
        OtaBytes.WriteUInt32(_stored, 28, _trust.Crc32C(0, _stored, 0, 28));
        _flash.Program(Address(_block, _slot), _stored, 0, _stored.Length);
        _slot++;
    }

    /// <inheritdoc/>
    public bool TryRead(int back, byte[] buffer, int offset)
    {
        Load();
        uint wanted = unchecked(_number - (uint)back);
        for (int block = 0; block < 2; block++)
        {
            for (int slot = 0; slot < Slots(block); slot++)
            {
                if (ReadSlot(block, slot) && OtaBytes.ReadUInt32(_stored, 4) == wanted)
                {
                    Array.Copy(_stored, 0, buffer, offset, Length);
                    return true;
                }
            }
        }

        return false;
    }

    // Looked for when it is first needed, not at each boot.
    private void Load()
    {
        if (_isLoaded)
        {
            return;
        }

        _isLoaded = true;
        bool any = false;
        for (int block = 0; block < 2; block++)
        {
            for (int slot = 0; slot < Slots(block); slot++)
            {
                if (ReadSlot(block, slot) && (!any || unchecked((int)(OtaBytes.ReadUInt32(_stored, 4) - _number)) > 0))
                {
                    any = true;
                    _number = OtaBytes.ReadUInt32(_stored, 4);
                    _block = block;
                    _slot = slot + 1;
                }
            }
        }
    }

    // Half of the block is left free, so that blocks do not alternate at every record.
    private bool StartBlock()
    {
        int from = _block;
        int first = _slot > Slots(from) / 2 ? _slot - (Slots(from) / 2) : 0;
        int last = _slot;
        if (!_flash.EraseBlock(_blocks[1 - from].FirstBlock))
        {
            return false;
        }

        _block = 1 - from;
        _slot = 0;
        _sessionStarted = true;
        for (int slot = first; slot < last; slot++)
        {
            if (ReadSlot(from, slot))
            {
                _flash.Program(Address(_block, _slot), _stored, 0, _stored.Length);
                _slot++;
            }
        }

        return true;
    }

    private bool ReadSlot(int block, int slot)
    {
        return _flash.Read(Address(block, slot), _stored, 0, _stored.Length)
            && _stored[0] == Marker
            && OtaBytes.ReadUInt32(_stored, 28) == _trust.Crc32C(0, _stored, 0, 28);
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

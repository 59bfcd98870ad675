using System;

namespace Flint.Ota;

/// <summary>Remembers how far a download is, one mark per segment, in two regions of which one is current.</summary>
/// <remarks>
/// docs/spec/ota.md section 4.3; big-endian. A header, padded to the write unit, then one write unit per segment, all bytes the complement
/// of the erased value once the segment is done.
/// <code>
///   0  magic "FOJ1"       41  zero                48  segments that may be kept
///   4  sequence           42  session (2)         52  segments of block tables
///   8  manifest digest    44  segments done       56  block size of the first component
///  40  bank                                       60  CRC-32C of bytes 0 to 59
/// </code>
/// Marks are hints: what they mark is verified again. A journal goes on only in the power session that erased it; the next session copies it.
/// </remarks>
internal sealed class OtaJournal
{
    public const int HeaderLength = 64;

    private const uint Magic = 0x464F4A31;

    private readonly OtaFlash _flash;
    private readonly OtaTrust _trust;
    private readonly OtaRegion[] _regions;
    private readonly byte[] _unit;
    private readonly byte[] _header;
    private int _region;
    private int _nextMark;
    private int _markAddress;

    public OtaJournal(OtaFlash flash, OtaTrust trust, OtaRegion region0, OtaRegion region1)
    {
        _flash = flash;
        _trust = trust;
        _regions = new OtaRegion[] { region0, region1 };
        _unit = new byte[flash.WriteUnit];
        _header = new byte[OtaBytes.RoundUp(HeaderLength, flash.WriteUnit)];
        Digest = new byte[OtaTrust.DigestLength];
    }

    /// <summary>The digest of the manifest that the journal belongs to.</summary>
    public readonly byte[] Digest;

    /// <summary>Whether there is a journal that the other properties speak of.</summary>
    public bool IsKnown;

    public uint Sequence;

    public int Bank;

    /// <summary>The session of the journals in the state record when the manifest was accepted; to be set before <see cref="Begin"/>.</summary>
    public int Session;

    /// <summary>Segments from the first on that are done: those of the header and the marks after them.</summary>
    public int Done;

    /// <summary>Segments below this number, but for the first that is not done, were done once and may be kept if they verify.</summary>
    public int Keepable;

    public int TableSegments;

    public int BlockSize;

    public static int LengthFor(OtaFlash flash, int segments)
    {
        return OtaBytes.RoundUp(HeaderLength, flash.WriteUnit) + (segments * flash.WriteUnit);
    }

    /// <summary>Finds the current journal; <c>false</c> where there is none.</summary>
    public bool Load()
    {
        // [OTA-035] A read that failed says nothing about what is on flash: each header is looked at twice, and marks are what both looks have.
        bool found = false;
        for (int i = 0; i < 2; i++)
        {
            if ((ReadHeader(i) || ReadHeader(i)) && (!found || unchecked((int)(OtaBytes.ReadUInt32(_header, 4) - Sequence)) > 0))
            {
                found = true;
                Take(i);
            }
        }

        Done += found ? OtaBytes.Min(CountMarks(), CountMarks()) : 0;
        IsKnown = found;
        return found;
    }

    /// <summary>Begins a journal in the region that is not current.</summary>
    public bool Begin(byte[] digest, int bank, int done, int keepable, int tableSegments, int blockSize)
    {
        // [OTA-032] The journal of an earlier session stays as it is.
        int target = 1 - _region;
        OtaRegion region = _regions[target];
        for (int i = 0; i < region.BlockCount; i++)
        {
            if (!_flash.EraseBlock(region.FirstBlock + i))
            {
                return false;
            }
        }

        // One number is left out: a header that lost its power may have it, and may read as valid again.
        uint sequence = unchecked(Sequence + 2);
        Array.Clear(_header, 0, HeaderLength);
        OtaBytes.Fill(_header, HeaderLength, _header.Length - HeaderLength, _flash.ErasedValue);
        OtaBytes.WriteUInt32(_header, 0, Magic);
        OtaBytes.WriteUInt32(_header, 4, sequence);
        Array.Copy(digest, 0, _header, 8, OtaTrust.DigestLength);
        _header[40] = (byte)bank;
        OtaBytes.WriteUInt16(_header, 42, Session);
        OtaBytes.WriteUInt32(_header, 44, (uint)done);
        OtaBytes.WriteUInt32(_header, 48, (uint)keepable);
        OtaBytes.WriteUInt32(_header, 52, (uint)tableSegments);
        OtaBytes.WriteUInt32(_header, 56, (uint)blockSize);
        OtaBytes.WriteUInt32(_header, 60, _trust.Crc32C(0, _header, 0, 60));
        if (!_flash.Program(region.Start(_flash), _header, 0, _header.Length)
            || (!ReadHeader(target) && !ReadHeader(target))
            || OtaBytes.ReadUInt32(_header, 4) != sequence)
        {
            return false;
        }

        Take(target);
        IsKnown = true;
        _nextMark = 0;
        _markAddress = region.Start(_flash) + _header.Length;
        return true;
    }

    /// <summary>Marks the next segment as done. A mark that the flash does not take costs one segment after a power cut, nothing else.</summary>
    public void Mark()
    {
        OtaBytes.Fill(_unit, 0, _unit.Length, unchecked((byte)~_flash.ErasedValue));
        _flash.Program(_markAddress + (_nextMark * _unit.Length), _unit, 0, _unit.Length);
        _nextMark++;
        Done++;
    }

    private bool ReadHeader(int region)
    {
        return _flash.Read(_regions[region].Start(_flash), _header, 0, _header.Length)
            && OtaBytes.ReadUInt32(_header, 0) == Magic
            && OtaBytes.ReadUInt32(_header, 60) == _trust.Crc32C(0, _header, 0, 60)
            && _header[40] <= 1
            && OtaBytes.ReadUInt32(_header, 44) <= (uint)_flash.BlockCount
            && OtaBytes.ReadUInt32(_header, 48) <= (uint)_flash.BlockCount
            && OtaBytes.ReadUInt32(_header, 52) <= (uint)_flash.BlockCount
            && OtaBytes.ReadUInt32(_header, 56) <= OtaManifest.MaxBlockSize;
    }

    /// <summary>The header that was read is that of the current journal.</summary>
    private void Take(int region)
    {
        _region = region;
        Sequence = OtaBytes.ReadUInt32(_header, 4);
        Array.Copy(_header, 8, Digest, 0, Digest.Length);
        Bank = _header[40];
        Session = OtaBytes.ReadUInt16(_header, 42);
        Done = (int)OtaBytes.ReadUInt32(_header, 44);
        Keepable = (int)OtaBytes.ReadUInt32(_header, 48);
        TableSegments = (int)OtaBytes.ReadUInt32(_header, 52);
        BlockSize = (int)OtaBytes.ReadUInt32(_header, 56);
    }

    // A unit that was touched at all was written after its segment was complete, so it counts even where it cannot be read.
    private int CountMarks()
    {
        int address = _regions[_region].Start(_flash) + _header.Length;
        int end = _regions[_region].Start(_flash) + _regions[_region].Length(_flash);
        int marks = 0;
        while (address <= end - _unit.Length
            && (!_flash.Read(address, _unit, 0, _unit.Length) || !OtaBytes.AllEqual(_unit, 0, _unit.Length, _flash.ErasedValue)))
        {
            marks++;
            address += _unit.Length;
        }

        return marks;
    }
}

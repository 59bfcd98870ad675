using System;

namespace Flint.Ota;

/// <summary>Reads, writes and verifies what a bank holds: its manifest, block tables and images.</summary>
/// <remarks>
/// docs/spec/ota.md section 4.5. The manifest region starts with 16 bytes, big-endian, and the envelope follows them:
/// <code>
///   0  magic "FOM1"     4  length of the envelope (2)     6  zero (6)     12  CRC-32C of bytes 0 to 11 and of the envelope
/// </code>
/// </remarks>
internal sealed class OtaBankStore
{
    public const int ManifestHeaderLength = 16;

    private const uint Magic = 0x464F4D31;

    private readonly OtaFlash _flash;
    private readonly OtaTrust _trust;
    private readonly byte[] _io;
    private readonly byte[] _memory;
    private readonly byte[] _digest;
    private readonly byte[] _entry;

    public OtaBankStore(OtaFlash flash, OtaTrust trust, byte[] io)
    {
        _flash = flash;
        _trust = trust;
        _io = io;
        _memory = flash.Memory;
        _digest = new byte[OtaTrust.DigestLength];
        _entry = new byte[OtaManifest.TableEntryLength];
    }

    public static int ManifestRegionLength(OtaFlash flash)
    {
        return OtaBytes.RoundUp(ManifestHeaderLength + OtaManifest.MaxEnvelopeLength, flash.WriteUnit);
    }

    /// <summary>Writes the manifest; the envelope stands in <paramref name="buffer"/> behind room for the header.</summary>
    public bool WriteManifest(OtaBankLayout bank, byte[] buffer, int envelopeLength)
    {
        Array.Clear(buffer, 0, ManifestHeaderLength);
        OtaBytes.WriteUInt32(buffer, 0, Magic);
        OtaBytes.WriteUInt16(buffer, 4, envelopeLength);
        uint crc = _trust.Crc32C(0, buffer, 0, 12);
        crc = _trust.Crc32C(crc, buffer, ManifestHeaderLength, envelopeLength);
        OtaBytes.WriteUInt32(buffer, 12, crc);

        int used = ManifestHeaderLength + envelopeLength;
        int stored = OtaBytes.RoundUp(used, _flash.WriteUnit);
        OtaBytes.Fill(buffer, used, stored - used, _flash.ErasedValue);
        return EraseFor(bank.Manifest, stored)
            && _flash.Program(bank.Manifest.Start(_flash), buffer, 0, stored)
            && Holds(bank.Manifest.Start(_flash), buffer, 0, stored);
    }

    /// <summary>Reads header and envelope to the start of <paramref name="buffer"/>.</summary>
    /// <returns>The length of the envelope; 0 where there is none.</returns>
    public int ReadManifest(OtaBankLayout bank, byte[] buffer)
    {
        int address = bank.Manifest.Start(_flash);
        if (!_flash.Read(address, buffer, 0, ManifestHeaderLength) || OtaBytes.ReadUInt32(buffer, 0) != Magic)
        {
            return 0;
        }

        int length = OtaBytes.ReadUInt16(buffer, 4);
        if (length == 0 || length > OtaManifest.MaxEnvelopeLength
            || !_flash.Read(address + ManifestHeaderLength, buffer, ManifestHeaderLength, length))
        {
            return 0;
        }

        uint crc = _trust.Crc32C(0, buffer, 0, 12);
        return _trust.Crc32C(crc, buffer, ManifestHeaderLength, length) == OtaBytes.ReadUInt32(buffer, 12) ? length : 0;
    }

    /// <summary>Erases as many blocks of <paramref name="region"/> as hold <paramref name="bytes"/>.</summary>
    public bool EraseFor(OtaRegion region, int bytes)
    {
        for (int i = 0; i < region.BlockCount && bytes > 0; i++)
        {
            if (!_flash.EraseBlock(region.FirstBlock + i))
            {
                return false;
            }

            bytes -= _flash.BlockLength(region.FirstBlock + i);
        }

        return true;
    }

    /// <summary>Whether the block table on flash is the one that the component's digest names.</summary>
    public bool VerifyTable(OtaBankLayout bank, int index, OtaManifest manifest)
    {
        OtaManifestComponent component = manifest.Component(index);
        return component.TableLength <= bank.Table(index).Length(_flash)
            && Hash(bank.Table(index).Start(_flash), component.TableLength)
            && OtaBytes.Equal(_digest, 0, manifest.Buffer, component.DigestOffset, OtaTrust.DigestLength);
    }

    /// <summary>Whether the blocks from <paramref name="offset"/> on, which starts one, match the table on flash; the table is verified already.</summary>
    public bool VerifyBlocks(OtaBankLayout bank, int index, OtaManifestComponent component, int offset, int count)
    {
        int image = bank.Image(index).Start(_flash);
        int table = bank.Table(index).Start(_flash);
        int end = offset + count;
        while (offset < end)
        {
            int length = OtaBytes.Min(component.BlockSize, component.Size - offset);
            int entry = table + (offset / component.BlockSize * OtaManifest.TableEntryLength);
            if (!_flash.Read(entry, _entry, 0, _entry.Length)
                || !Hash(image + offset, length)
                || !OtaBytes.Equal(_digest, 0, _entry, 0, _entry.Length))
            {
                return false;
            }

            offset += length;
        }

        return true;
    }

    /// <summary>Whether tables and images are, byte for byte, what the manifest names.</summary>
    public bool VerifyBank(OtaBankLayout bank, OtaManifest manifest)
    {
        bool good = manifest.ComponentCount == bank.ComponentCount;
        for (int i = 0; good && i < manifest.ComponentCount; i++)
        {
            OtaManifestComponent component = manifest.Component(i);
            good = component.Size <= bank.Image(i).Length(_flash)
                && VerifyTable(bank, i, manifest)
                && VerifyBlocks(bank, i, component, 0, component.Size);
        }

        return good;
    }

    /// <summary>
    /// Whether every table is the manifest's and every image has its checksum: the last look before arming, over blocks that were verified by
    /// digest. Against rot, not against somebody who writes the flash: a checksum can be kept.
    /// </summary>
    public bool VerifyChecksums(OtaBankLayout bank, OtaManifest manifest)
    {
        for (int i = 0; i < manifest.ComponentCount; i++)
        {
            OtaManifestComponent component = manifest.Component(i);
            if (!VerifyTable(bank, i, manifest))
            {
                return false;
            }

            if (!HasChecksum(bank.Image(i).Start(_flash), component))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Programs bytes at an address that starts a write unit; what is missing to a whole unit is left erased.</summary>
    public bool Program(int address, byte[] buffer, int offset, int count)
    {
        int whole = count - (count % _flash.WriteUnit);
        if (whole > 0 && !_flash.Program(address, buffer, offset, whole))
        {
            return false;
        }

        if (whole == count)
        {
            return true;
        }

        OtaBytes.Fill(_io, 0, _flash.WriteUnit, _flash.ErasedValue);
        Array.Copy(buffer, offset + whole, _io, 0, count - whole);
        return _flash.Program(address + whole, _io, 0, _flash.WriteUnit);
    }

    /// <summary>Whether flash holds these bytes.</summary>
    public bool Holds(int address, byte[] buffer, int offset, int count)
    {
        for (int done = 0; done < count; done += _io.Length)
        {
            int length = OtaBytes.Min(_io.Length, count - done);
            if (!_flash.Read(address + done, _io, 0, length) || !OtaBytes.Equal(_io, 0, buffer, offset + done, length))
            {
                return false;
            }
        }

        return true;
    }

    private bool HasChecksum(int address, OtaManifestComponent component)
    {
        if (_memory.Length > 0)
        {
            return _trust.Crc32C(0, _memory, address, component.Size) == component.Crc;
        }

        uint crc = 0;
        for (int done = 0; done < component.Size; done += _io.Length)
        {
            int length = OtaBytes.Min(_io.Length, component.Size - done);
            if (!_flash.Read(address + done, _io, 0, length))
            {
                return false;
            }

            crc = _trust.Crc32C(crc, _io, 0, length);
        }

        return crc == component.Crc;
    }

    private bool Hash(int address, int count)
    {
        if (_memory.Length > 0)
        {
            _trust.Hash(_memory, address, count, _digest, 0);
            return true;
        }

        if (count <= _io.Length)
        {
            if (!_flash.Read(address, _io, 0, count))
            {
                return false;
            }

            _trust.Hash(_io, 0, count, _digest, 0);
            return true;
        }

        _trust.HashStart();
        for (int done = 0; done < count; done += _io.Length)
        {
            int length = OtaBytes.Min(_io.Length, count - done);
            if (!_flash.Read(address + done, _io, 0, length))
            {
                return false;
            }

            _trust.HashAppend(_io, 0, length);
        }

        _trust.HashFinish(_digest, 0);
        return true;
    }
}

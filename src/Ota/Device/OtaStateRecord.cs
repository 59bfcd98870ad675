using System;

namespace Flint.Ota;

/// <summary>
/// The whole boot state, 128 bytes, written as one snapshot.
/// </summary>
/// <remarks>
/// docs/spec/ota.md section 4.1; big-endian.
/// <code>
///   0  magic "FOS1"            12  floor                    56  manifest digest of bank 1 (32)
///   4  format (1)              16  bank 0: 0 empty,         88  subject: of which manifest the reason speaks (8)
///   5  confirmed bank or 255       1 writing, 2 valid       96  rejected set (8)
///   6  trial bank or 255       17  bank 1                  104  rejected set (8)
///   7  attempts left           18  reason                  112  bank whose images stand where they run
///   8  sequence                19  transitions             113  whether the boot loader was asked for another bank
///                              20  detail                  114  session of the journals (2)
///                                                          116  position of the move
///                                                          120  highest sequence accepted
///                                                          124  CRC-32C of bytes 0 to 123
///                              24  manifest digest of bank 0 (32)
/// </code>
/// </remarks>
internal sealed class OtaStateRecord
{
    public const int Length = 128;
    public const int NoBank = 255;
    public const int NameLength = 8;

    public const int Empty = 0;
    public const int Writing = 1;
    public const int Valid = 2;

    private const uint Magic = 0x464F5331;
    private const int MaxAttempts = 15;
    private const int Format = 1;
    private const uint MaxPosition = 1 << 30;

    public OtaStateRecord()
    {
        BankStatus = new int[2];
        Digests = new byte[2 * OtaTrust.DigestLength];
        Subject = new byte[NameLength];
        Rejected = new byte[2 * NameLength];
        Confirmed = NoBank;
        Trial = NoBank;
    }

    public uint Sequence;

    public int Confirmed;

    public int Trial;

    public int Attempts;

    public uint Floor;

    public int Reason;

    public int Transitions;

    public uint Detail;

    public readonly int[] BankStatus;

    /// <summary>The manifest digests of banks 0 and 1, one after the other.</summary>
    public readonly byte[] Digests;

    public readonly byte[] Subject;

    /// <summary>The first bytes of two set digests, the latest first; zero where there is none.</summary>
    public readonly byte[] Rejected;

    /// <summary>The bank whose images stand, or are being brought, where they run; 0 on boards that do not move images.</summary>
    public int Placed;

    /// <summary>Whether a boot loader that runs another bank was asked for the confirmed one.</summary>
    public bool IsAsked;

    /// <summary>The session under which the marks of a journal count, of a download or of a move.</summary>
    public int Session;

    /// <summary>The steps of the move of bank 1's images to where they run that are done.</summary>
    public int Position;

    /// <summary>The highest sequence of a manifest that was accepted.</summary>
    public uint HighestSequence;

    public static int StoredLength(OtaFlash flash)
    {
        return OtaBytes.RoundUp(Length, flash.WriteUnit);
    }

    /// <summary>Becomes that of a device on which there is none.</summary>
    public void Clear(byte[] scratch)
    {
        Array.Clear(scratch, 0, Length);
        scratch[5] = NoBank;
        scratch[6] = NoBank;
        Read(scratch, 0);
    }

    /// <summary>Fills the record; <c>false</c>, and the record unchanged, where the bytes are not one.</summary>
    public bool TryRead(byte[] buffer, int offset, OtaTrust trust)
    {
        bool isRecord = IsRecord(buffer, offset, trust);
        if (isRecord)
        {
            Read(buffer, offset);
        }

        return isRecord;
    }

    /// <summary>Fills the record with what <see cref="Write"/> wrote.</summary>
    public void Read(byte[] buffer, int offset)
    {
        Confirmed = buffer[offset + 5];
        Trial = buffer[offset + 6];
        Attempts = buffer[offset + 7];
        Sequence = OtaBytes.ReadUInt32(buffer, offset + 8);
        Floor = OtaBytes.ReadUInt32(buffer, offset + 12);
        BankStatus[0] = buffer[offset + 16];
        BankStatus[1] = buffer[offset + 17];
        Reason = buffer[offset + 18];
        Transitions = buffer[offset + 19];
        Detail = OtaBytes.ReadUInt32(buffer, offset + 20);
        Placed = buffer[offset + 112];
        IsAsked = buffer[offset + 113] == 1;
        Session = OtaBytes.ReadUInt16(buffer, offset + 114);
        Position = (int)OtaBytes.ReadUInt32(buffer, offset + 116);
        HighestSequence = OtaBytes.ReadUInt32(buffer, offset + 120);
        Array.Copy(buffer, offset + 24, Digests, 0, Digests.Length);
        Array.Copy(buffer, offset + 88, Subject, 0, Subject.Length);
        Array.Copy(buffer, offset + 96, Rejected, 0, Rejected.Length);
    }

    public void Write(byte[] buffer, int offset, OtaTrust trust)
    {
        Array.Clear(buffer, offset, Length);
        OtaBytes.WriteUInt32(buffer, offset, Magic);
        buffer[offset + 4] = Format;
        buffer[offset + 5] = (byte)Confirmed;
        buffer[offset + 6] = (byte)Trial;
        buffer[offset + 7] = (byte)Attempts;
        OtaBytes.WriteUInt32(buffer, offset + 8, Sequence);
        OtaBytes.WriteUInt32(buffer, offset + 12, Floor);
        buffer[offset + 16] = (byte)BankStatus[0];
        buffer[offset + 17] = (byte)BankStatus[1];
        buffer[offset + 18] = (byte)Reason;
        buffer[offset + 19] = (byte)Transitions;
        OtaBytes.WriteUInt32(buffer, offset + 20, Detail);
        Array.Copy(Digests, 0, buffer, offset + 24, Digests.Length);
        Array.Copy(Subject, 0, buffer, offset + 88, Subject.Length);
        Array.Copy(Rejected, 0, buffer, offset + 96, Rejected.Length);
        buffer[offset + 112] = (byte)Placed;
        buffer[offset + 113] = (byte)(IsAsked ? 1 : 0);
        OtaBytes.WriteUInt16(buffer, offset + 114, Session);
        OtaBytes.WriteUInt32(buffer, offset + 116, (uint)Position);
        OtaBytes.WriteUInt32(buffer, offset + 120, HighestSequence);
        OtaBytes.WriteUInt32(buffer, offset + 124, trust.Crc32C(0, buffer, offset, 124));
    }

    /// <summary>Whether the images of this set digest were rejected.</summary>
    public bool IsRejected(byte[] setDigest)
    {
        return OtaBytes.Equal(Rejected, 0, setDigest, 0, NameLength) || OtaBytes.Equal(Rejected, NameLength, setDigest, 0, NameLength);
    }

    /// <summary>Lists a set as rejected; a digest of zeros, of a bank whose manifest could not be read, pushes nothing out.</summary>
    public void AddRejected(byte[] setDigest)
    {
        if (!IsRejected(setDigest) && !OtaBytes.AllEqual(setDigest, 0, NameLength, 0))
        {
            Array.Copy(Rejected, 0, Rejected, NameLength, NameLength);
            Array.Copy(setDigest, 0, Rejected, 0, NameLength);
        }
    }

    public void RemoveRejected(byte[] setDigest)
    {
        for (int i = 0; i < Rejected.Length; i += NameLength)
        {
            if (OtaBytes.Equal(Rejected, i, setDigest, 0, NameLength))
            {
                Array.Clear(Rejected, i, NameLength);
            }
        }
    }

    // [OTA-021] Everything is under the checksum, and every field is in its range: a checksum that holds by accident proves nothing.
    private static bool IsRecord(byte[] buffer, int offset, OtaTrust trust)
    {
        return OtaBytes.ReadUInt32(buffer, offset) == Magic
            && buffer[offset + 4] == Format
            && OtaBytes.ReadUInt32(buffer, offset + 124) == trust.Crc32C(0, buffer, offset, 124)
            && IsBank(buffer[offset + 5]) && IsBank(buffer[offset + 6]) && buffer[offset + 7] <= MaxAttempts
            && buffer[offset + 16] <= Valid && buffer[offset + 17] <= Valid && buffer[offset + 19] <= OtaEngine.MaxTransitions
            && buffer[offset + 112] <= 1 && buffer[offset + 113] <= 1 && OtaBytes.ReadUInt32(buffer, offset + 116) <= MaxPosition;
    }

    private static bool IsBank(int value)
    {
        return value <= 1 || value == NoBank;
    }
}

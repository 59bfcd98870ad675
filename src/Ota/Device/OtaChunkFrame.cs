namespace Flint.Ota;

/// <summary>The frame around a chunk of an artifact.</summary>
/// <remarks>
/// docs/spec/ota.md section 7.2; big-endian. The CRC-32C covers the artifact's name (8 bytes, not sent), bytes 0 to 5 and the data, so that a
/// chunk of another artifact or another place never passes.
/// <code>
///   0  offset in the artifact (4)     4  length of the data (2)     6  CRC-32C (4)     10  data
/// </code>
/// </remarks>
public static class OtaChunkFrame
{
    /// <summary>The bytes before the data.</summary>
    public const int HeaderLength = 10;

    /// <summary>The most bytes of data in one frame.</summary>
    public const int MaxDataLength = 4096;

    /// <summary>Reads the header; the checksum is not looked at.</summary>
    public static OtaStatus TryRead(byte[] frame, int start, int count, out int offset, out int dataLength)
    {
        offset = 0;
        dataLength = 0;
        if (count < HeaderLength)
        {
            return OtaStatus.ChunkMalformed;
        }

        uint wireOffset = OtaBytes.ReadUInt32(frame, start);
        int length = OtaBytes.ReadUInt16(frame, start + 4);
        if (length == 0 || length > MaxDataLength || length != count - HeaderLength)
        {
            return OtaStatus.ChunkMalformed;
        }

        if (wireOffset > 0x7FFFFFFF)
        {
            return OtaStatus.ChunkOutOfRange;
        }

        offset = (int)wireOffset;
        dataLength = length;
        return OtaStatus.Ok;
    }

    /// <summary>The checksum's beginning, which is the same for every chunk of an artifact.</summary>
    internal static uint NameChecksum(OtaTrust trust, byte[] artifact)
    {
        return trust.Crc32C(0, artifact, 0, OtaRequest.ArtifactLength);
    }

    /// <summary>Whether the checksum holds for the artifact whose name has this checksum.</summary>
    internal static bool Verify(OtaTrust trust, uint nameChecksum, byte[] frame, int start, int dataLength)
    {
        return Checksum(trust, nameChecksum, frame, start, dataLength) == OtaBytes.ReadUInt32(frame, start + 6);
    }

    internal static uint Checksum(OtaTrust trust, uint nameChecksum, byte[] frame, int start, int dataLength)
    {
        uint crc = trust.Crc32C(nameChecksum, frame, start, 6);
        return trust.Crc32C(crc, frame, start + HeaderLength, dataLength);
    }
}

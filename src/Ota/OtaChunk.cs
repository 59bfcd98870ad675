using System;
using System.Buffers.Binary;

namespace Flint.Ota;

/// <summary>The server's side of a chunk: reads a range of an artifact and puts the frame around it. Allocates nothing.</summary>
/// <remarks>docs/spec/ota.md section 7.2.</remarks>
public static class OtaChunk
{
    /// <summary>Writes the frame of a range; <c>false</c> where the source does not have it or the frame does not fit.</summary>
    /// <param name="source">Where the bytes are.</param>
    /// <param name="artifact">The 8 bytes of the artifact's name.</param>
    /// <param name="offset">Where in the artifact the range starts.</param>
    /// <param name="length">Its bytes, 1 to 4096.</param>
    /// <param name="destination">Takes the frame.</param>
    /// <param name="written">The bytes of the frame: <paramref name="length"/> + 10.</param>
    public static bool TryWrite(
        IOtaArtifactSource source, ReadOnlySpan<byte> artifact, int offset, int length, Span<byte> destination, out int written)
    {
        ArgumentNullException.ThrowIfNull(source);
        written = 0;
        if (artifact.Length != OtaRequest.ArtifactLength || offset < 0
            || length is < 1 or > OtaChunkFrame.MaxDataLength
            || destination.Length < OtaChunkFrame.HeaderLength + length
            || !source.TryRead(artifact, offset, destination.Slice(OtaChunkFrame.HeaderLength, length)))
        {
            return false;
        }

        BinaryPrimitives.WriteInt32BigEndian(destination, offset);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], (ushort)length);
        uint crc = OtaFastCrc32C.Append(0, artifact);
        crc = OtaFastCrc32C.Append(crc, destination[..6]);
        crc = OtaFastCrc32C.Append(crc, destination.Slice(OtaChunkFrame.HeaderLength, length));
        BinaryPrimitives.WriteUInt32BigEndian(destination[6..], crc);
        written = OtaChunkFrame.HeaderLength + length;
        return true;
    }

    /// <summary>Writes the header of a frame whose data stands at <paramref name="start"/> + 10, by the device's own arithmetic.</summary>
    /// <param name="trust">The checksum.</param>
    /// <param name="artifact">The 8 bytes of the artifact's name.</param>
    /// <param name="frame">Holds the frame.</param>
    /// <param name="start">Where it starts.</param>
    /// <param name="offset">Where in the artifact the data starts.</param>
    /// <param name="dataLength">Its bytes.</param>
    public static void WriteHeader(OtaTrust trust, byte[] artifact, byte[] frame, int start, int offset, int dataLength)
    {
        ArgumentNullException.ThrowIfNull(trust);
        ArgumentNullException.ThrowIfNull(artifact);
        ArgumentNullException.ThrowIfNull(frame);
        OtaBytes.WriteUInt32(frame, start, (uint)offset);
        OtaBytes.WriteUInt16(frame, start + 4, dataLength);
        OtaBytes.WriteUInt32(frame, start + 6, OtaChunkFrame.Checksum(trust, OtaChunkFrame.NameChecksum(trust, artifact), frame, start, dataLength));
    }
}

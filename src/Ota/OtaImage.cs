using System;
using System.Security.Cryptography;

namespace Flint.Ota;

/// <summary>An image as the server knows it: its bytes, its block table, and the digest that names both.</summary>
/// <remarks>docs/spec/ota.md section 5.6.</remarks>
public sealed class OtaImage
{
    private readonly byte[] _table;
    private readonly byte[] _digest;

    private OtaImage(ReadOnlyMemory<byte> data, int blockSize, byte[] table)
    {
        Data = data;
        BlockSize = blockSize;
        _table = table;
        _digest = SHA256.HashData(table);
        Crc = OtaFastCrc32C.Append(0, data.Span);
    }

    /// <summary>The image.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>The bytes that one table entry covers.</summary>
    public int BlockSize { get; }

    /// <summary>The block table: the first 16 bytes of the SHA-256 of each block.</summary>
    public ReadOnlyMemory<byte> Table => _table;

    /// <summary>The digest: SHA-256 of the block table, 32 bytes.</summary>
    public ReadOnlyMemory<byte> Digest => _digest;

    /// <summary>CRC-32C of the image.</summary>
    public uint Crc { get; }

    /// <summary>Hashes an image; the bytes are not copied and have to stay as they are.</summary>
    /// <param name="data">1 byte to 1 GiB.</param>
    /// <param name="blockSize">A power of two from 1024 to 65536.</param>
    /// <exception cref="ArgumentException">The image is empty or the block size is out of range.</exception>
    public static OtaImage Create(ReadOnlyMemory<byte> data, int blockSize = OtaManifest.DefaultBlockSize)
    {
        if (data.IsEmpty)
        {
            throw new ArgumentException("An image has at least one byte.", nameof(data));
        }

        if (blockSize is < OtaManifest.MinBlockSize or > OtaManifest.MaxBlockSize || (blockSize & (blockSize - 1)) != 0)
        {
            throw new ArgumentException("A block size is a power of two from 1024 to 65536.", nameof(blockSize));
        }

        int blocks = ((data.Length - 1) / blockSize) + 1;
        var table = new byte[blocks * OtaManifest.TableEntryLength];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        for (int i = 0; i < blocks; i++)
        {
            int start = i * blockSize;
            SHA256.HashData(data.Span.Slice(start, Math.Min(blockSize, data.Length - start)), digest);
            digest[..OtaManifest.TableEntryLength].CopyTo(table.AsSpan(i * OtaManifest.TableEntryLength));
        }

        return new OtaImage(data, blockSize, table);
    }

    /// <summary>Writes the 8 bytes by which a device asks for the table or the image (section 7.1).</summary>
    public void WriteName(bool table, Span<byte> destination)
    {
        _digest.AsSpan(0, OtaRequest.ArtifactLength).CopyTo(destination);
        destination[0] ^= table ? (byte)0 : (byte)1;
    }
}

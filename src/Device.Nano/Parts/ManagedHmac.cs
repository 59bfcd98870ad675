using System;

namespace Flint.Device.Nano;

/// <summary>HMAC-SHA-256 (RFC 2104) over the managed hash, for where the platform has none.</summary>
internal sealed class ManagedHmac
{
    private readonly byte[] _pad = new byte[BlockLength];
    private readonly byte[] _inner = new byte[Sha256.DigestLength];

    /// <summary>The hash that does the work; its blocks are the cost.</summary>
    public readonly Sha256 Hash = new Sha256();

    public void Compute(byte[] key, byte[] data, int offset, int count, byte[] output, int outputOffset)
    {
        int keyLength = key.Length;
        if (keyLength > BlockLength)
        {
            Hash.Start();
            Hash.Append(key, 0, keyLength);
            Hash.Finish(_inner, 0);
            key = _inner;
            keyLength = Sha256.DigestLength;
        }

        Pad(key, keyLength, 0x36);
        Hash.Start();
        Hash.Append(_pad, 0, BlockLength);
        for (int i = 0; i < BlockLength; i++)
        {
            _pad[i] ^= 0x36 ^ 0x5C;
        }

        Hash.Append(data, offset, count);
        Hash.Finish(_inner, 0);
        Hash.Start();
        Hash.Append(_pad, 0, BlockLength);
        Hash.Append(_inner, 0, Sha256.DigestLength);
        Hash.Finish(output, outputOffset);
        ByteRange.Clear(_pad);
        ByteRange.Clear(_inner);
        Hash.Clear();
    }

    private void Pad(byte[] key, int keyLength, byte value)
    {
        Array.Clear(_pad, 0, BlockLength);
        Array.Copy(key, 0, _pad, 0, keyLength);
        for (int i = 0; i < BlockLength; i++)
        {
            _pad[i] ^= value;
        }
    }

    // Specification
    private const int BlockLength = 64;
}

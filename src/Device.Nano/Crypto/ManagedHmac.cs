using System;

namespace Flint.Device.Nano;

/// <summary>HMAC-SHA-256 (RFC 2104) over the managed hash, for where the platform has none.</summary>
internal sealed class ManagedHmac
{
    private readonly Sha256 _hash = new Sha256();
    private readonly byte[] _pad = new byte[BlockLength];
    private readonly byte[] _inner = new byte[Sha256.DigestLength];

    /// <summary>The hash that does the work; its blocks are the cost.</summary>
    public Sha256 Hash => _hash;

    public void Compute(byte[] key, byte[] data, int offset, int count, byte[] output, int outputOffset)
    {
        int keyLength = key.Length;
        if (keyLength > BlockLength)
        {
            _hash.Start();
            _hash.Append(key, 0, keyLength);
            _hash.Finish(_inner, 0);
            key = _inner;
            keyLength = Sha256.DigestLength;
        }

        Pad(key, keyLength, 0x36);
        _hash.Start();
        _hash.Append(_pad, 0, BlockLength);
        for (int i = 0; i < BlockLength; i++)
        {
            _pad[i] ^= 0x36 ^ 0x5C;
        }

        _hash.Append(data, offset, count);
        _hash.Finish(_inner, 0);
        _hash.Start();
        _hash.Append(_pad, 0, BlockLength);
        _hash.Append(_inner, 0, Sha256.DigestLength);
        _hash.Finish(output, outputOffset);
        ByteRange.Clear(_pad);
        ByteRange.Clear(_inner);
        _hash.Clear();
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

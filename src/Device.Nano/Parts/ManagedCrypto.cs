using System;

namespace Flint.Device.Nano;

/// <summary>AES and HMAC in managed code, entropy from the source that is given: for targets without the native classes, and for .NET.</summary>
public sealed class ManagedCrypto : IDeviceCrypto
{
    private readonly IEntropySource _entropy;
    private readonly Sha256 _hash = new Sha256();
    private readonly byte[] _block = new byte[BlockLength];
    private readonly byte[] _digest = new byte[Sha256.DigestLength];

    /// <param name="entropy">The platform's generator.</param>
    public ManagedCrypto(IEntropySource entropy)
    {
        _entropy = entropy;
    }

    /// <inheritdoc/>
    public IAes128 CreateAes(byte[] key, int offset) => new ManagedAes128(key, offset);

    /// <inheritdoc/>
    public void HmacSha256(byte[] key, byte[] data, int offset, int count, byte[] output, int outputOffset)
    {
        // All of it first: a computation that ends in the middle would leave the key in the block.
        ByteRange.Check(key, 0, 0);
        ByteRange.Check(data, offset, count);
        ByteRange.Check(output, outputOffset, Sha256.DigestLength);
        int keyLength = key.Length;
        if (keyLength > BlockLength)
        {
            _hash.Start();
            _hash.Append(key, 0, keyLength);
            _hash.Finish(_digest, 0);
            key = _digest;
            keyLength = Sha256.DigestLength;
        }

        Array.Copy(key, 0, _block, 0, keyLength);
        StartWith(InnerPad);
        _hash.Append(data, offset, count);
        _hash.Finish(_digest, 0);
        StartWith(InnerPad ^ OuterPad);
        _hash.Append(_digest, 0, Sha256.DigestLength);
        _hash.Finish(output, outputOffset);
        ByteRange.Clear(_block);
        ByteRange.Clear(_digest);
        _hash.Clear();
    }

    /// <inheritdoc/>
    public void GetEntropy(byte[] buffer, int offset, int count) => _entropy.Fill(buffer, offset, count);

    /// <summary>Begins a hash with the block, every byte of it changed by the pad first.</summary>
    private void StartWith(byte pad)
    {
        for (int i = 0; i < BlockLength; i++)
        {
            _block[i] ^= pad;
        }

        _hash.Start();
        _hash.Append(_block, 0, BlockLength);
    }

    // Specification: RFC 2104.
    private const int BlockLength = 64;
    private const byte InnerPad = 0x36;
    private const byte OuterPad = 0x5C;
}

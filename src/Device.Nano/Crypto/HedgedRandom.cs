using System;

namespace Flint.Device.Nano;

/// <summary>
/// Randomness that stays unpredictable where the platform's generator is weak (docs/spec/secure-tunnel.md section 14, after RFC 8937):
/// block i is HMAC(secret, u64 boot counter ‖ u64 call counter ‖ 32 raw bytes). With a secret that is not known, counters that never repeat
/// are enough; with a generator that is good, the secret need not be.
/// </summary>
public sealed class HedgedRandom : IEntropySource
{
    private readonly IDeviceCrypto _crypto;
    private readonly byte[] _secret;
    private readonly byte[] _input = new byte[CountersLength + RawLength];
    private readonly byte[] _block = new byte[Sha256.DigestLength];
    private long _calls;

    /// <param name="crypto">The HMAC and the raw generator.</param>
    /// <param name="secret">32 bytes of the device's own, made at provisioning; used, not copied.</param>
    /// <param name="bootCounter">A number that is larger after every start, stored before this object is used.</param>
    /// <exception cref="ArgumentException">The secret does not have 32 bytes.</exception>
    public HedgedRandom(IDeviceCrypto crypto, byte[] secret, long bootCounter)
    {
        if (crypto == null || secret == null || secret.Length != Sha256.DigestLength)
        {
            throw new ArgumentException("The secret has 32 bytes.", nameof(secret));
        }

        _crypto = crypto;
        _secret = secret;
        ByteRange.WriteUInt64(_input, 0, (ulong)bootCounter);
    }

    /// <inheritdoc/>
    public void Fill(byte[] buffer, int offset, int count)
    {
        ByteRange.Check(buffer, offset, count);
        while (count > 0)
        {
            ByteRange.WriteUInt64(_input, 8, (ulong)_calls);
            _calls++;
            _crypto.GetEntropy(_input, CountersLength, RawLength);
            _crypto.HmacSha256(_secret, _input, 0, _input.Length, _block, 0);
            int part = count < _block.Length ? count : _block.Length;
            Array.Copy(_block, 0, buffer, offset, part);
            offset += part;
            count -= part;
        }

        ByteRange.Clear(_block);
        Array.Clear(_input, CountersLength, RawLength);
    }

    // Specification
    private const int CountersLength = 16;
    private const int RawLength = 32;
}

namespace Flint.Device.Nano;

/// <summary>MGF1 with SHA-256 (RFC 8017 appendix B.2.1), applied at once.</summary>
internal static class RsaMask
{
    /// <summary>XORs the mask that the seed gives onto another range of the same buffer.</summary>
    public static void Apply(Sha256 hash, byte[] buffer, int seedOffset, int seedCount, int offset, int count)
    {
        byte[] counter = new byte[4];
        byte[] mask = new byte[Sha256.DigestLength];
        for (int at = 0; at < count; at += mask.Length)
        {
            hash.Start();
            hash.Append(buffer, seedOffset, seedCount);
            hash.Append(counter, 0, counter.Length);
            hash.Finish(mask, 0);
            for (int i = 0; i < mask.Length && at + i < count; i++)
            {
                buffer[offset + at + i] ^= mask[i];
            }

            // A modulus has 512 bytes at most: 16 rounds.
            counter[3]++;
        }

        ByteRange.Clear(mask);
        hash.Clear();
    }
}

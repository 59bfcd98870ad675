using System;

namespace Flint.Device.Nano;

/// <summary>Encryption.</summary>
public sealed partial class RsaPublicKey
{
    /// <summary>Encrypts up to k - 66 bytes: RSAES-OAEP with SHA-256, MGF1-SHA-256 and the empty label (RFC 8017 section 7.1.1).</summary>
    /// <param name="hash">Does the hashing.</param>
    /// <param name="message">The message, all of it.</param>
    /// <param name="seed">32 fresh random bytes.</param>
    /// <returns>The ciphertext of k bytes.</returns>
    /// <exception cref="ArgumentException">The key is not for encryption, the message is too long, or the seed has another length.</exception>
    internal byte[] Encrypt(Sha256 hash, byte[] message, byte[] seed)
    {
        int length = Length;
        if (Usage != UsageEncryption || seed.Length != Sha256.DigestLength || message.Length > length - Overhead)
        {
            throw new ArgumentException("Not a message for this key.", nameof(message));
        }

        // EM = 00 ‖ seed ‖ DB, DB = H("") ‖ 00… ‖ 01 ‖ message; then DB is masked by the seed, and the seed by DB.
        byte[] encoded = new byte[length];
        int dataStart = 1 + Sha256.DigestLength;
        Array.Copy(seed, 0, encoded, 1, seed.Length);
        hash.Start();
        hash.Finish(encoded, dataStart);
        encoded[length - message.Length - 1] = 1;
        Array.Copy(message, 0, encoded, length - message.Length, message.Length);
        Mask(hash, encoded, 1, seed.Length, dataStart, length - dataStart);
        Mask(hash, encoded, dataStart, length - dataStart, 1, seed.Length);

        // The first byte is 0 and the top bit of n is 1, so the number is below n.
        TryApply(encoded, 0);
        return encoded;
    }

    /// <summary>MGF1 with SHA-256 (RFC 8017 appendix B.2.1): XORs the mask that the seed gives onto another range of the same buffer.</summary>
    private static void Mask(Sha256 hash, byte[] buffer, int seedOffset, int seedCount, int offset, int count)
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

    // Specification
    private const int Overhead = (2 * Sha256.DigestLength) + 2;
}

using System;

namespace Flint.Device.Nano;

/// <summary>RSAES-OAEP encryption with SHA-256, MGF1-SHA-256 and the empty label (RFC 8017 section 7.1.1).</summary>
internal static class RsaOaep
{
    /// <summary>Encrypts up to k - 66 bytes.</summary>
    /// <param name="key">An encryption key.</param>
    /// <param name="hash">Does the hashing.</param>
    /// <param name="message">The message, all of it.</param>
    /// <param name="seed">32 fresh random bytes.</param>
    /// <returns>The ciphertext of k bytes.</returns>
    /// <exception cref="ArgumentException">The key is not for encryption, the message is too long, or the seed has another length.</exception>
    public static byte[] Encrypt(RsaPublicKey key, Sha256 hash, byte[] message, byte[] seed)
    {
        int length = key.Length;
        if (key.Usage != RsaPublicKey.UsageEncryption || seed.Length != Sha256.DigestLength || message.Length > length - Overhead)
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
        RsaMask.Apply(hash, encoded, 1, seed.Length, dataStart, length - dataStart);
        RsaMask.Apply(hash, encoded, dataStart, length - dataStart, 1, seed.Length);

        // The first byte is 0 and the top bit of n is 1, so the number is below n.
        key.TryApply(encoded, 0);
        return encoded;
    }

    // Specification
    private const int Overhead = (2 * Sha256.DigestLength) + 2;
}

using System;

namespace Flint.Device.Nano;

/// <summary>Signatures.</summary>
public sealed partial class RsaPublicKey
{
    /// <summary>
    /// Whether the signature over the message with this digest is the key's: RSASSA-PSS with SHA-256, MGF1-SHA-256 and a salt of 32 bytes (RFC 8017
    /// sections 8.1.2 and 9.1.2). A key that is not for signatures verifies nothing.
    /// </summary>
    /// <param name="hash">Does the hashing.</param>
    /// <param name="digest">SHA-256 of the message, 32 bytes.</param>
    /// <param name="buffer">Holds the signature.</param>
    /// <param name="offset">Where it starts.</param>
    /// <param name="count">Its length; any other than the modulus's is false.</param>
    internal bool Verify(Sha256 hash, byte[] digest, byte[] buffer, int offset, int count)
    {
        ByteRange.Check(buffer, offset, count);
        if (Usage != UsageSignature || count != Length)
        {
            return false;
        }

        byte[] encoded = new byte[count];
        Array.Copy(buffer, offset, encoded, 0, count);
        if (!TryApply(encoded, 0))
        {
            return false;
        }

        // EM = masked DB ‖ H ‖ bc, DB = 00… ‖ 01 ‖ salt; the modulus has its top bit set, so EM is one bit shorter than its bytes.
        int hashStart = count - Sha256.DigestLength - 1;
        int saltStart = hashStart - SaltLength;
        if (encoded[count - 1] != Trailer || (encoded[0] & 0x80) != 0)
        {
            return false;
        }

        Mask(hash, encoded, hashStart, Sha256.DigestLength, 0, hashStart);
        encoded[0] &= 0x7F;
        int wrong = encoded[saltStart - 1] ^ 1;
        for (int i = 0; i < saltStart - 1; i++)
        {
            wrong |= encoded[i];
        }

        byte[] expected = new byte[Sha256.DigestLength];
        hash.Start();
        hash.Append(new byte[8], 0, 8);
        hash.Append(digest, 0, Sha256.DigestLength);
        hash.Append(encoded, saltStart, SaltLength);
        hash.Finish(expected, 0);
        return wrong == 0 && ByteRange.FixedTimeEquals(expected, 0, encoded, hashStart, Sha256.DigestLength);
    }

    // Specification
    private const int SaltLength = 32;
    private const byte Trailer = 0xBC;
}

using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>An RSA public key as a device takes it that has no big integers and no ASN.1: what depends on the key alone is computed here.</summary>
/// <remarks>
/// Section 4.1, numbers big-endian, k the length of the modulus in bytes:
/// <code>
/// off  size  field
/// 0    1     version = 1
/// 1    1     usage         1 encryption, 2 signing
/// 2    2     k             256, 384 or 512
/// 4    32    key_hash
/// 36   4     n0            -1/n mod 2³²
/// 40   k     n
/// 40+k k     R² mod n      R = 2^(8k)
/// </code>
/// </remarks>
internal static class KeyBlob
{
    /// <exception cref="CryptographicException">A modulus that a device does not take: not 2048, 3072 or 4096 bits.</exception>
    public static byte[] Write(RSA key, SecureTunnelKeyUsage usage, ReadOnlySpan<byte> keyHash)
    {
        byte[] modulus = key.ExportParameters(includePrivateParameters: false).Modulus!;
        int k = modulus.Length;
        if (k is not (256 or 384 or 512)) // [ST-110]
        {
            throw new CryptographicException("A device takes RSA keys of 2048, 3072 or 4096 bits.");
        }

        byte[] blob = new byte[HeaderLength + (2 * k)];
        blob[0] = Version;
        blob[1] = usage == SecureTunnelKeyUsage.Encryption ? (byte)1 : (byte)2; // [ST-111]
        BinaryPrimitives.WriteUInt16BigEndian(blob.AsSpan(2), (ushort)k);
        keyHash.CopyTo(blob.AsSpan(4));
        BinaryPrimitives.WriteUInt32BigEndian(blob.AsSpan(36), NegativeInverse(BinaryPrimitives.ReadUInt32BigEndian(modulus.AsSpan(k - 4)))); // [ST-112]
        modulus.CopyTo(blob, HeaderLength);
        BigInteger rSquared = BigInteger.ModPow(2, 16 * k, new BigInteger(modulus, isUnsigned: true, isBigEndian: true));
        int length = rSquared.GetByteCount(isUnsigned: true);
        rSquared.TryWriteBytes(blob.AsSpan(blob.Length - length), out _, isUnsigned: true, isBigEndian: true);
        return blob;
    }

    /// <summary>-1/n mod 2³² for an odd n, by Newton's iteration: each step doubles the number of low bits that are right, beginning with 3.</summary>
    private static uint NegativeInverse(uint n)
    {
        uint inverse = n;
        for (int bits = 3; bits < 32; bits *= 2)
        {
            inverse = unchecked(inverse * (2 - (n * inverse)));
        }

        return unchecked(0 - inverse);
    }

    private const int HeaderLength = 40;
    private const byte Version = 1;
}

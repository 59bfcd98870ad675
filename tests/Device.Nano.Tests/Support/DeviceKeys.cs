using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Flint.Device.Nano.Tests.Support;

/// <summary>Key blobs, computed here with big integers as a server does.</summary>
internal static class DeviceKeys
{
    public static byte[] Blob(RSA rsa, byte usage)
    {
        RSAParameters parameters = rsa.ExportParameters(false);
        byte[] modulus = parameters.Modulus!;
        var n = new BigInteger(modulus, isUnsigned: true, isBigEndian: true);
        BigInteger r = BigInteger.One << (8 * modulus.Length);
        BigInteger word = BigInteger.One << 32;
        byte[] blob = new byte[40 + (2 * modulus.Length)];
        blob[0] = 1;
        blob[1] = usage;
        BinaryPrimitives.WriteUInt16BigEndian(blob.AsSpan(2), (ushort)modulus.Length);
        SHA256.HashData(rsa.ExportSubjectPublicKeyInfo(), blob.AsSpan(4));
        BinaryPrimitives.WriteUInt32BigEndian(blob.AsSpan(36), (uint)(word - Inverse(n % word, word)));
        modulus.CopyTo(blob, 40);
        byte[] rSquared = (r * r % n).ToByteArray(isUnsigned: true, isBigEndian: true);
        rSquared.CopyTo(blob, blob.Length - rSquared.Length);
        return blob;
    }

    public static RsaPublicKey Read(RSA rsa, byte usage)
    {
        byte[] blob = Blob(rsa, usage);
        return RsaPublicKey.Read(blob, 0, blob.Length)!;
    }

    /// <summary>Newton's iteration: each step doubles the bits that are right.</summary>
    private static BigInteger Inverse(BigInteger value, BigInteger powerOfTwo)
    {
        BigInteger inverse = 1;
        for (int bits = 1; bits < 32; bits *= 2)
        {
            inverse = inverse * (2 - (value * inverse)) % powerOfTwo;
        }

        return (inverse + powerOfTwo) % powerOfTwo;
    }
}

using System;

namespace Flint.Device.Nano;

/// <summary>
/// An RSA public key with e = 65537 and its operation, x^65537 mod n, by Montgomery's method on 32-bit limbs: 18 multiplications, about
/// 3.6 million IL instructions for 2048 bits. What depends on the key alone, R² mod n and -1/n mod 2³², comes with it in a key blob.
/// </summary>
/// <remarks>
/// The key blob, written by the server (numbers big-endian, k the length of the modulus in bytes):
/// <code>
/// off  size  field
/// 0    1     version = 1
/// 1    1     usage: 1 encryption, 2 signatures
/// 2    2     k: 256, 384 or 512
/// 4    32    key_hash, SHA-256 of the key's SubjectPublicKeyInfo
/// 36   4     n0 = -1/n mod 2^32
/// 40   k     n
/// 40+k k     R² mod n, R = 2^(8k)
/// </code>
/// </remarks>
public sealed class RsaPublicKey
{
    private readonly uint[] _modulus;
    private readonly uint[] _rSquared;
    private readonly uint _n0;
    private readonly byte[] _keyHash;

    private RsaPublicKey(byte usage, byte[] keyHash, uint[] modulus, uint[] rSquared, uint n0)
    {
        Usage = usage;
        _keyHash = keyHash;
        _modulus = modulus;
        _rSquared = rSquared;
        _n0 = n0;
    }

    /// <summary>What the key is for: <see cref="UsageEncryption"/> or <see cref="UsageSignature"/>, never both.</summary>
    public byte Usage { get; }

    /// <summary>The length of the modulus, and so of every ciphertext and signature, in bytes.</summary>
    public int Length => _modulus.Length * 4;

    /// <summary>The modular multiplications done so far: the unit of cost.</summary>
    public int Multiplications { get; private set; }

    /// <summary>Called between multiplications, each of which takes an interpreter a fifth of a second; null: nothing is.</summary>
    public DeviceYield? Yield { get; set; }

    /// <summary>Reads a key blob.</summary>
    /// <param name="blob">Holds the blob.</param>
    /// <param name="offset">Where it starts.</param>
    /// <param name="count">Its length, which must be exact.</param>
    /// <returns>The key, or null where the blob is not one: length, version, usage, size, or numbers that cannot be those of a key.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie within the buffer.</exception>
    public static RsaPublicKey? Read(byte[] blob, int offset, int count)
    {
        ByteRange.Check(blob, offset, count);
        if (count < BlobHeaderLength || blob[offset] != BlobVersion || (blob[offset + 1] != UsageEncryption && blob[offset + 1] != UsageSignature))
        {
            return null;
        }

        int length = BigEndian.ReadUInt16(blob, offset + 2);
        if ((length != 256 && length != 384 && length != 512) || count != BlobHeaderLength + (2 * length))
        {
            return null;
        }

        uint[] modulus = ReadNumber(blob, offset + BlobHeaderLength, length);
        uint[] rSquared = ReadNumber(blob, offset + BlobHeaderLength + length, length);
        uint n0 = BigEndian.ReadUInt32(blob, offset + 36);
        bool plausible = (modulus[0] & 1) == 1 && modulus[modulus.Length - 1] >> 31 == 1 && n0 * modulus[0] == uint.MaxValue && IsLess(rSquared, modulus);
        if (!plausible)
        {
            return null;
        }

        byte[] keyHash = new byte[Sha256.DigestLength];
        Array.Copy(blob, offset + 4, keyHash, 0, keyHash.Length);
        return new RsaPublicKey(blob[offset + 1], keyHash, modulus, rSquared, n0);
    }

    /// <summary>Writes the 32 bytes of key_hash.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They do not fit into the buffer.</exception>
    public void CopyKeyHash(byte[] buffer, int offset)
    {
        ByteRange.Check(buffer, offset, _keyHash.Length);
        Array.Copy(_keyHash, 0, buffer, offset, _keyHash.Length);
    }

    /// <summary>Replaces the number x in the range by x^65537 mod n (RFC 8017 section 5.1.1).</summary>
    /// <returns>False where x is not below n; the range is as it was then.</returns>
    internal bool TryApply(byte[] buffer, int offset)
    {
        uint[] x = ReadNumber(buffer, offset, Length);
        if (!IsLess(x, _modulus))
        {
            Array.Clear(x, 0, x.Length);
            return false;
        }

        // 1 to enter the Montgomery form, 16 squarings; multiplying by the plain x at the end leaves it again.
        uint[] power = new uint[x.Length];
        uint[] work = new uint[x.Length + 1];
        Multiply(x, _rSquared, power, work);
        for (int i = 0; i < 16; i++)
        {
            Multiply(power, power, power, work);
        }

        Multiply(power, x, power, work);
        WriteNumber(power, buffer, offset);
        Array.Clear(x, 0, x.Length);
        Array.Clear(power, 0, power.Length);
        Array.Clear(work, 0, work.Length);
        return true;
    }

    /// <summary>
    /// result = a · b / R mod n. One loop a limb of b does both the product and the reduction, since the loop itself is a third of the cost.
    /// The time does not depend on the numbers.
    /// </summary>
    private void Multiply(uint[] a, uint[] b, uint[] result, uint[] t)
    {
        uint[] n = _modulus;
        int length = n.Length;
        Array.Clear(t, 0, length + 1);
        for (int i = 0; i < length; i++)
        {
            ulong digit = b[i];
            ulong product = (a[0] * digit) + t[0];
            ulong factor = (uint)product * _n0;
            ulong carry = ((n[0] * factor) + (uint)product) >> 32;
            ulong productCarry = product >> 32;
            for (int j = 1; j < length; j++)
            {
                product = (a[j] * digit) + t[j] + productCarry;
                productCarry = product >> 32;
                carry += (n[j] * factor) + (uint)product;
                t[j - 1] = (uint)carry;
                carry >>= 32;
            }

            carry += productCarry + t[length];
            t[length - 1] = (uint)carry;
            t[length] = (uint)(carry >> 32);
        }

        Subtract(t, n, result);
        Multiplications++;
        Yield?.Invoke();
    }

    /// <summary>result = t or t - n, whichever is below n, chosen without a branch.</summary>
    private static void Subtract(uint[] t, uint[] n, uint[] result)
    {
        long borrow = 0;
        for (int i = 0; i < n.Length; i++)
        {
            borrow += (long)t[i] - n[i];
            result[i] = (uint)borrow;
            borrow >>= 32;
        }

        // All ones where t was below n: then the difference is undone.
        uint keep = (uint)(((long)t[n.Length] + borrow) >> 32);
        for (int i = 0; i < n.Length; i++)
        {
            result[i] = (t[i] & keep) | (result[i] & ~keep);
        }
    }

    private static bool IsLess(uint[] left, uint[] right)
    {
        long borrow = 0;
        for (int i = 0; i < left.Length; i++)
        {
            borrow = (borrow + left[i] - right[i]) >> 32;
        }

        return borrow != 0;
    }

    /// <summary>The limbs, least first.</summary>
    private static uint[] ReadNumber(byte[] buffer, int offset, int length)
    {
        uint[] number = new uint[length / 4];
        for (int i = 0; i < number.Length; i++)
        {
            number[i] = BigEndian.ReadUInt32(buffer, offset + length - 4 - (4 * i));
        }

        return number;
    }

    private static void WriteNumber(uint[] number, byte[] buffer, int offset)
    {
        for (int i = 0; i < number.Length; i++)
        {
            BigEndian.WriteUInt32(buffer, offset + (4 * (number.Length - 1 - i)), number[i]);
        }
    }

    /// <summary>The key is for encryption: suite S1 of the tunnel.</summary>
    public const byte UsageEncryption = 1;

    /// <summary>The key is for signatures: suite S2 of the tunnel, manifests.</summary>
    public const byte UsageSignature = 2;

    private const byte BlobVersion = 1;
    private const int BlobHeaderLength = 40;
}

using System;

namespace Flint.Device.Nano;

/// <summary>
/// Arithmetic modulo one odd number by Montgomery's method, on 32-bit limbs, least first; no time depends on the numbers. A number x stands as
/// x · R mod n, R = 2^(32 · limbs).
/// </summary>
internal class Montgomery
{
    /// <summary>n.</summary>
    public readonly uint[] Modulus;

    protected readonly uint[] _work;
    private readonly uint _n0;

    /// <param name="modulus">n, odd.</param>
    /// <param name="n0">-1/n mod 2³².</param>
    public Montgomery(uint[] modulus, uint n0)
    {
        Modulus = modulus;
        _n0 = n0;
        _work = new uint[modulus.Length + 1];
    }

    /// <summary>The multiplications done so far: the unit of cost.</summary>
    public int Multiplications;

    /// <summary>
    /// result = a · b / R mod n; result may be a or b. One loop a limb of b does both the product and the reduction, since the loop itself is a
    /// third of the cost.
    /// </summary>
    public void Multiply(uint[] a, uint[] b, uint[] result)
    {
        uint[] n = Modulus;
        uint[] t = _work;
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

        Reduce(result);
        Multiplications++;
    }

    /// <summary>Erases what the last multiplication left.</summary>
    public void Clear() => Array.Clear(_work, 0, _work.Length);

    /// <summary>Whether left is below right.</summary>
    public static bool IsLess(uint[] left, uint[] right)
    {
        long borrow = 0;
        for (int i = 0; i < left.Length; i++)
        {
            borrow = (borrow + left[i] - right[i]) >> 32;
        }

        return borrow != 0;
    }

    /// <summary>The limbs of a big-endian number.</summary>
    public static uint[] Read(byte[] buffer, int offset, int length)
    {
        uint[] number = new uint[length / 4];
        for (int i = 0; i < number.Length; i++)
        {
            number[i] = BigEndian.ReadUInt32(buffer, offset + length - 4 - (4 * i));
        }

        return number;
    }

    /// <summary>Writes the number big-endian.</summary>
    public static void Write(uint[] number, byte[] buffer, int offset)
    {
        for (int i = 0; i < number.Length; i++)
        {
            BigEndian.WriteUInt32(buffer, offset + (4 * (number.Length - 1 - i)), number[i]);
        }
    }

    /// <summary>result = t or t - n, whichever is below n, chosen without a branch.</summary>
    protected void Reduce(uint[] result)
    {
        uint[] t = _work;
        uint[] n = Modulus;
        int length = n.Length;
        long borrow = 0;
        for (int i = 0; i < length; i++)
        {
            borrow += (long)t[i] - n[i];
            result[i] = (uint)borrow;
            borrow >>= 32;
        }

        // All ones where t was below n: then the difference is undone.
        uint keep = (uint)((t[length] + borrow) >> 32);
        for (int i = 0; i < length; i++)
        {
            result[i] = (t[i] & keep) | (result[i] & ~keep);
        }
    }
}

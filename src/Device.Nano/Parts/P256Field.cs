namespace Flint.Device.Nano;

/// <summary>Arithmetic modulo the prime of P-256: what RSA needs of it is in <see cref="Montgomery"/>; a curve adds and subtracts as well.</summary>
internal sealed class P256Field : Montgomery
{
    /// <param name="prime">p, which is -1 mod 2³².</param>
    public P256Field(uint[] prime)
        : base(prime, 1)
    {
    }

    /// <summary>result = a + b mod n; result may be a or b.</summary>
    public void Add(uint[] a, uint[] b, uint[] result)
    {
        uint[] t = _work;
        int length = Modulus.Length;
        ulong carry = 0;
        for (int i = 0; i < length; i++)
        {
            carry += (ulong)a[i] + b[i];
            t[i] = (uint)carry;
            carry >>= 32;
        }

        t[length] = (uint)carry;
        Reduce(result);
    }

    /// <summary>result = a - b mod n; result may be a or b.</summary>
    public void Subtract(uint[] a, uint[] b, uint[] result)
    {
        uint[] t = _work;
        uint[] n = Modulus;
        int length = n.Length;
        long borrow = 0;
        for (int i = 0; i < length; i++)
        {
            borrow += (long)a[i] - b[i];
            t[i] = (uint)borrow;
            borrow >>= 32;
        }

        // All ones where a was below b: then n is added once.
        uint mask = (uint)borrow;
        ulong carry = 0;
        for (int i = 0; i < length; i++)
        {
            carry += (ulong)t[i] + (n[i] & mask);
            result[i] = (uint)carry;
            carry >>= 32;
        }
    }
}

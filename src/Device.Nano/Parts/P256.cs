using System;

namespace Flint.Device.Nano;

/// <summary>
/// ECDH on NIST P-256 (SP 800-186, SP 800-56A) for suite S2: about 4500 multiplications modulo p for each of its two operations, the first of which
/// can be done before connecting.
/// </summary>
/// <remarks>
/// Points are homogeneous, X : Y : Z, in one array of 24 limbs. Addition and doubling are the complete formulas of Renes, Costello and Batina
/// (2016, algorithms 4 and 6), which have no special cases, so neither time nor a branch tells anything about the scalar; the window's table is read whole
/// for the same reason.
/// </remarks>
public sealed class P256 : IKeyExchange
{
    private readonly P256Field _field = new P256Field(Prime);
    private readonly uint[] _x1 = new uint[Limbs], _y1 = new uint[Limbs], _z1 = new uint[Limbs];
    private readonly uint[] _x2 = new uint[Limbs], _y2 = new uint[Limbs], _z2 = new uint[Limbs];
    private readonly uint[] _x3 = new uint[Limbs], _y3 = new uint[Limbs], _z3 = new uint[Limbs];
    private readonly uint[] _t0 = new uint[Limbs], _t1 = new uint[Limbs], _t2 = new uint[Limbs], _t3 = new uint[Limbs], _t4 = new uint[Limbs];

    /// <summary>The multiplications modulo p so far: the unit of cost.</summary>
    public int Multiplications => _field.Multiplications;

    /// <summary>Called after each of 64 steps of an operation; null: nothing is.</summary>
    public DeviceYield? Yield;

    /// <inheritdoc/>
    public bool IsScalar(byte[] scalar)
    {
        uint[] number = Montgomery.Read(scalar, 0, Size);
        uint any = 0;
        for (int i = 0; i < Limbs; i++)
        {
            any |= number[i];
        }

        bool fits = any != 0 && Montgomery.IsLess(number, Order);
        Array.Clear(number, 0, Limbs);
        return fits;
    }

    /// <inheritdoc/>
    public byte[] PublicShare(byte[] scalar)
    {
        byte[] share = new byte[ShareLength];
        Copy(GeneratorX, _x1);
        Copy(GeneratorY, _y1);
        Multiply(scalar);
        ToAffine();
        share[0] = Uncompressed;
        Montgomery.Write(_x1, share, 1);
        Montgomery.Write(_y1, share, 1 + Size);
        return share;
    }

    /// <inheritdoc/>
    public bool TryAgree(byte[] scalar, byte[] peer, int offset, byte[] secret)
    {
        ByteRange.Check(peer, offset, ShareLength);
        uint[] x = Montgomery.Read(peer, offset + 1, Size);
        uint[] y = Montgomery.Read(peer, offset + 1 + Size, Size);
        if (peer[offset] != Uncompressed || !Montgomery.IsLess(x, Prime) || !Montgomery.IsLess(y, Prime))
        {
            return false;
        }

        _field.Multiply(x, RSquared, _x1);
        _field.Multiply(y, RSquared, _y1);
        if (!IsOnCurve())
        {
            return false;
        }

        Multiply(scalar);
        bool isInfinite = IsZero(_z3);
        ToAffine();
        Montgomery.Write(_x1, secret, 0);
        Clear();
        return !isInfinite;
    }

    /// <summary>y² = x³ - 3x + b at (x1, y1).</summary>
    private bool IsOnCurve()
    {
        _field.Multiply(_x1, _x1, _t0);
        _field.Multiply(_t0, _x1, _t0);
        _field.Subtract(_t0, _x1, _t0);
        _field.Subtract(_t0, _x1, _t0);
        _field.Subtract(_t0, _x1, _t0);
        _field.Add(_t0, CurveB, _t0);
        _field.Multiply(_y1, _y1, _t1);
        _field.Subtract(_t0, _t1, _t0);
        return IsZero(_t0);
    }

    /// <summary>(x3 : y3 : z3) = scalar · (x1, y1), four bits a step from the top.</summary>
    private void Multiply(byte[] scalar)
    {
        Copy(One, _z1);
        uint[][] table = BuildTable();
        SetInfinity();
        for (int step = 0; step < 2 * Size; step++)
        {
            for (int i = 0; i < 4; i++)
            {
                MoveToFirst();
                Double();
            }

            int digit = (step & 1) == 0 ? scalar[step >> 1] >> 4 : scalar[step >> 1] & 0x0F;
            Select(table, digit);
            MoveToFirst();
            Add();
            Yield?.Invoke();
        }

        for (int i = 0; i < table.Length; i++)
        {
            Array.Clear(table[i], 0, table[i].Length);
        }
    }

    /// <summary>0 to 15 times (x1 : y1 : z1), each X ‖ Y ‖ Z.</summary>
    private uint[][] BuildTable()
    {
        uint[][] table = new uint[16][];
        SetInfinity();
        Copy(_x1, _x2);
        Copy(_y1, _y2);
        Copy(_z1, _z2);
        for (int i = 0; i < table.Length; i++)
        {
            table[i] = new uint[3 * Limbs];
            Array.Copy(_x3, 0, table[i], 0, Limbs);
            Array.Copy(_y3, 0, table[i], Limbs, Limbs);
            Array.Copy(_z3, 0, table[i], 2 * Limbs, Limbs);
            MoveToFirst();
            Add();
        }

        return table;
    }

    /// <summary>(x2 : y2 : z2) = table[digit], reading every entry.</summary>
    private void Select(uint[][] table, int digit)
    {
        Array.Clear(_x2, 0, Limbs);
        Array.Clear(_y2, 0, Limbs);
        Array.Clear(_z2, 0, Limbs);
        for (int entry = 0; entry < table.Length; entry++)
        {
            // All ones where entry = digit.
            uint mask = (uint)(((entry ^ digit) - 1) >> 31);
            uint[] point = table[entry];
            for (int i = 0; i < Limbs; i++)
            {
                _x2[i] |= point[i] & mask;
                _y2[i] |= point[Limbs + i] & mask;
                _z2[i] |= point[(2 * Limbs) + i] & mask;
            }
        }
    }

    /// <summary>(x3 : y3 : z3) = (x1 : y1 : z1) + (x2 : y2 : z2), algorithm 4.</summary>
    private void Add()
    {
        P256Field f = _field;
        f.Multiply(_x1, _x2, _t0);
        f.Multiply(_y1, _y2, _t1);
        f.Multiply(_z1, _z2, _t2);
        f.Add(_x1, _y1, _t3);
        f.Add(_x2, _y2, _t4);
        f.Multiply(_t3, _t4, _t3);
        f.Add(_t0, _t1, _t4);
        f.Subtract(_t3, _t4, _t3);
        f.Add(_y1, _z1, _t4);
        f.Add(_y2, _z2, _x3);
        f.Multiply(_t4, _x3, _t4);
        f.Add(_t1, _t2, _x3);
        f.Subtract(_t4, _x3, _t4);
        f.Add(_x1, _z1, _x3);
        f.Add(_x2, _z2, _y3);
        f.Multiply(_x3, _y3, _x3);
        f.Add(_t0, _t2, _y3);
        f.Subtract(_x3, _y3, _y3);
        f.Multiply(CurveB, _t2, _z3);
        f.Subtract(_y3, _z3, _x3);
        f.Add(_x3, _x3, _z3);
        f.Add(_x3, _z3, _x3);
        f.Subtract(_t1, _x3, _z3);
        f.Add(_t1, _x3, _x3);
        f.Multiply(CurveB, _y3, _y3);
        f.Add(_t2, _t2, _t1);
        f.Add(_t1, _t2, _t2);
        f.Subtract(_y3, _t2, _y3);
        f.Subtract(_y3, _t0, _y3);
        f.Add(_y3, _y3, _t1);
        f.Add(_t1, _y3, _y3);
        f.Add(_t0, _t0, _t1);
        f.Add(_t1, _t0, _t0);
        f.Subtract(_t0, _t2, _t0);
        f.Multiply(_t4, _y3, _t1);
        f.Multiply(_t0, _y3, _t2);
        f.Multiply(_x3, _z3, _y3);
        f.Add(_y3, _t2, _y3);
        f.Multiply(_t3, _x3, _x3);
        f.Subtract(_x3, _t1, _x3);
        f.Multiply(_t4, _z3, _z3);
        f.Multiply(_t3, _t0, _t1);
        f.Add(_z3, _t1, _z3);
    }

    /// <summary>(x3 : y3 : z3) = 2 · (x1 : y1 : z1), algorithm 6.</summary>
    private void Double()
    {
        P256Field f = _field;
        f.Multiply(_x1, _x1, _t0);
        f.Multiply(_y1, _y1, _t1);
        f.Multiply(_z1, _z1, _t2);
        f.Multiply(_x1, _y1, _t3);
        f.Add(_t3, _t3, _t3);
        f.Multiply(_x1, _z1, _z3);
        f.Add(_z3, _z3, _z3);
        f.Multiply(CurveB, _t2, _y3);
        f.Subtract(_y3, _z3, _y3);
        f.Add(_y3, _y3, _x3);
        f.Add(_x3, _y3, _y3);
        f.Subtract(_t1, _y3, _x3);
        f.Add(_t1, _y3, _y3);
        f.Multiply(_x3, _y3, _y3);
        f.Multiply(_x3, _t3, _x3);
        f.Add(_t2, _t2, _t3);
        f.Add(_t2, _t3, _t2);
        f.Multiply(CurveB, _z3, _z3);
        f.Subtract(_z3, _t2, _z3);
        f.Subtract(_z3, _t0, _z3);
        f.Add(_z3, _z3, _t3);
        f.Add(_z3, _t3, _z3);
        f.Add(_t0, _t0, _t3);
        f.Add(_t3, _t0, _t0);
        f.Subtract(_t0, _t2, _t0);
        f.Multiply(_t0, _z3, _t0);
        f.Add(_y3, _t0, _y3);
        f.Multiply(_y1, _z1, _t0);
        f.Add(_t0, _t0, _t0);
        f.Multiply(_t0, _z3, _z3);
        f.Subtract(_x3, _z3, _x3);
        f.Multiply(_t0, _t1, _z3);
        f.Add(_z3, _z3, _z3);
        f.Add(_z3, _z3, _z3);
    }

    /// <summary>(x1, y1) = (x3/z3, y3/z3) as plain numbers; 1/z = z^(p-2), p being no secret.</summary>
    private void ToAffine()
    {
        Copy(One, _t0);
        for (int bit = (32 * Limbs) - 1; bit >= 0; bit--)
        {
            _field.Multiply(_t0, _t0, _t0);
            uint limb = bit < 32 ? Prime[0] - 2 : Prime[bit >> 5];
            if (((limb >> (bit & 31)) & 1) != 0)
            {
                _field.Multiply(_t0, _z3, _t0);
            }
        }

        // Multiplying by the plain 1 leaves the Montgomery form.
        Array.Clear(_t1, 0, Limbs);
        _t1[0] = 1;
        _field.Multiply(_t0, _x3, _x1);
        _field.Multiply(_x1, _t1, _x1);
        _field.Multiply(_t0, _y3, _y1);
        _field.Multiply(_y1, _t1, _y1);
    }

    /// <summary>0 : 1 : 0.</summary>
    private void SetInfinity()
    {
        Array.Clear(_x3, 0, Limbs);
        Copy(One, _y3);
        Array.Clear(_z3, 0, Limbs);
    }

    private void MoveToFirst()
    {
        Copy(_x3, _x1);
        Copy(_y3, _y1);
        Copy(_z3, _z1);
    }

    private void Clear()
    {
        Array.Clear(_x1, 0, Limbs);
        Array.Clear(_y1, 0, Limbs);
        SetInfinity();
        Array.Clear(_t0, 0, Limbs);
        Array.Clear(_t1, 0, Limbs);
        Array.Clear(_t2, 0, Limbs);
        Array.Clear(_t3, 0, Limbs);
        Array.Clear(_t4, 0, Limbs);
        _field.Clear();
    }

    private static bool IsZero(uint[] number)
    {
        uint any = 0;
        for (int i = 0; i < Limbs; i++)
        {
            any |= number[i];
        }

        return any == 0;
    }

    private static void Copy(uint[] from, uint[] to) => Array.Copy(from, 0, to, 0, Limbs);

    // Specification: SP 800-186 section 3.2.1.3, limbs least first; the last five in Montgomery form, R = 2^256.
    private static readonly uint[] Prime = { 0xffffffff, 0xffffffff, 0xffffffff, 0x00000000, 0x00000000, 0x00000000, 0x00000001, 0xffffffff };
    private static readonly uint[] Order = { 0xfc632551, 0xf3b9cac2, 0xa7179e84, 0xbce6faad, 0xffffffff, 0xffffffff, 0x00000000, 0xffffffff };
    private static readonly uint[] RSquared = { 0x00000003, 0x00000000, 0xffffffff, 0xfffffffb, 0xfffffffe, 0xffffffff, 0xfffffffd, 0x00000004 };
    private static readonly uint[] One = { 0x00000001, 0x00000000, 0x00000000, 0xffffffff, 0xffffffff, 0xffffffff, 0xfffffffe, 0x00000000 };
    private static readonly uint[] CurveB = { 0x29c4bddf, 0xd89cdf62, 0x78843090, 0xacf005cd, 0xf7212ed6, 0xe5a220ab, 0x04874834, 0xdc30061d };
    private static readonly uint[] GeneratorX = { 0x18a9143c, 0x79e730d4, 0x5fedb601, 0x75ba95fc, 0x77622510, 0x79fb732b, 0xa53755c6, 0x18905f76 };
    private static readonly uint[] GeneratorY = { 0xce95560a, 0xddf25357, 0xba19e45c, 0x8b4ab8e4, 0xdd21f325, 0xd2e88688, 0x25885d85, 0x8571ff18 };
    private const int ShareLength = 65;
    private const int Size = 32;
    private const int Limbs = 8;
    private const byte Uncompressed = 4;
}

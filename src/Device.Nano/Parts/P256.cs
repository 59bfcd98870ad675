using System;

namespace Flint.Device.Nano;

/// <summary>
/// ECDH on NIST P-256 (SP 800-186, SP 800-56A) for suite S2: about 4500 multiplications modulo p for each of its two operations, the first of which
/// can be done before connecting.
/// </summary>
/// <remarks>
/// Points are homogeneous, X : Y : Z. Addition and doubling are the complete formulas of Renes, Costello and Batina (2016, algorithms 4 and 6), which
/// have no special cases, so neither time nor a branch tells anything about the scalar; the window's table is read whole for the same reason.
/// <para>
/// A formula is text: four letters a step, as <c>AX*P</c> for A = X · P, <c>+</c> and <c>-</c> likewise; <c>XU=U</c> copies U to X. The letters are
/// registers of 256 bits, in Montgomery form but for M, N and S:
/// </para>
/// <code>
/// X Y Z, P Q R    the first and the second point        M N    p, and the order of the curve
/// U V W           the result                            S      R² mod p, R = 2^256: a plain number times S is in Montgomery form
/// A B C D E       t0 to t4 of the paper                 I K    1, and b of the curve
///                                                       G H    the generator
/// </code>
/// </remarks>
public sealed class P256 : IKeyExchange
{
    internal readonly P256Field Field;
    private uint[][] _registers = new uint[0][];

    /// <summary>Called after each of 64 steps of an operation; null: nothing is.</summary>
    public Action? Yield;

    /// <summary>A curve that has done nothing yet; it serves for ever.</summary>
    public P256()
    {
        Begin();
        Field = new P256Field(Register('M'));
        End();
    }

    /// <inheritdoc/>
    public bool IsScalar(byte[] scalar)
    {
        Begin();
        uint[] number = Montgomery.Read(scalar, 0, Size);
        bool fits = !IsZero(number) && Montgomery.IsLess(number, Register('N'));
        Array.Clear(number, 0, Limbs);
        End();
        return fits;
    }

    /// <inheritdoc/>
    public byte[] PublicShare(byte[] scalar)
    {
        byte[] share = new byte[ShareLength];
        Begin();
        try
        {
            Run(Parse("XG=G" + "YH=H"));
            Multiply(scalar);
            ToAffine();
            share[0] = Uncompressed;
            Montgomery.Write(Register('X'), share, 1);
            Montgomery.Write(Register('Y'), share, 1 + Size);
        }
        finally
        {
            End();
        }

        return share;
    }

    /// <inheritdoc/>
    public bool TryAgree(byte[] scalar, byte[] peer, int offset, byte[] secret)
    {
        ByteRange.Check(peer, offset, ShareLength);
        uint[] x = Montgomery.Read(peer, offset + 1, Size);
        uint[] y = Montgomery.Read(peer, offset + 1 + Size, Size);
        if (peer[offset] != Uncompressed || !Montgomery.IsLess(x, Field.Modulus) || !Montgomery.IsLess(y, Field.Modulus))
        {
            return false;
        }

        Begin();
        try
        {
            _registers['X' & LetterMask] = x;
            _registers['Y' & LetterMask] = y;
            Run(Parse("XX*S" + "YY*S" + CurveEquation));
            if (!IsZero(Register('A')))
            {
                return false;
            }

            Multiply(scalar);
            ToAffine();
            Montgomery.Write(Register('X'), secret, 0);

            // Infinity, whose 1/W is 0, and a secret of 32 zero bytes [ST-405].
            return !IsZero(Register('X'));
        }
        finally
        {
            End();
        }
    }

    /// <summary>Makes the registers: between two operations nobody needs their 1.5 KB of RAM.</summary>
    private void Begin()
    {
        _registers = new uint[LetterMask + 1][];

        // Specification: SP 800-186 section 3.2.1.3, limbs least first, in the order of the letters.
        uint[] constants =
        {
            0xffffffff, 0xffffffff, 0xffffffff, 0x00000000, 0x00000000, 0x00000000, 0x00000001, 0xffffffff, // M
            0xfc632551, 0xf3b9cac2, 0xa7179e84, 0xbce6faad, 0xffffffff, 0xffffffff, 0x00000000, 0xffffffff, // N
            0x00000003, 0x00000000, 0xffffffff, 0xfffffffb, 0xfffffffe, 0xffffffff, 0xfffffffd, 0x00000004, // S
            0x00000001, 0x00000000, 0x00000000, 0xffffffff, 0xffffffff, 0xffffffff, 0xfffffffe, 0x00000000, // I
            0x29c4bddf, 0xd89cdf62, 0x78843090, 0xacf005cd, 0xf7212ed6, 0xe5a220ab, 0x04874834, 0xdc30061d, // K
            0x18a9143c, 0x79e730d4, 0x5fedb601, 0x75ba95fc, 0x77622510, 0x79fb732b, 0xa53755c6, 0x18905f76, // G
            0xce95560a, 0xddf25357, 0xba19e45c, 0x8b4ab8e4, 0xdd21f325, 0xd2e88688, 0x25885d85, 0x8571ff18, // H
        };
        byte[] letters = Parse(ConstantLetters + VariableLetters);
        for (int i = 0; i < letters.Length; i++)
        {
            uint[] register = new uint[Limbs];
            _registers[letters[i]] = register;
            if (i < ConstantLetters.Length)
            {
                Array.Copy(constants, i * Limbs, register, 0, Limbs);
            }
        }
    }

    /// <summary>(U : V : W) = scalar · (X, Y), four bits a step from the top.</summary>
    private void Multiply(byte[] scalar)
    {
        byte[] addition = Parse(Addition);
        byte[] doubling = Parse(Doubling);
        uint[][] table = BuildTable(addition);
        uint[] chosen = new uint[3 * Limbs];
        Run(Parse(Infinity));
        try
        {
            for (int step = 0; step < 2 * Size; step++)
            {
                for (int i = 0; i < 4; i++)
                {
                    Run(doubling);
                }

                Select(table, (scalar[step >> 1] >> ((~step & 1) << 2)) & 0x0F, chosen);
                Run(addition);
                Yield?.Invoke();
            }
        }
        finally
        {
            Array.Clear(chosen, 0, chosen.Length);
            for (int i = 0; i < table.Length; i++)
            {
                Array.Clear(table[i], 0, chosen.Length);
            }
        }
    }

    /// <summary>0 to 15 times (X, Y), each X ‖ Y ‖ Z.</summary>
    private uint[][] BuildTable(byte[] addition)
    {
        uint[][] table = new uint[16][];
        Run(Parse(Infinity + "PX=X" + "QY=Y" + "RI=I"));
        for (int i = 0; i < table.Length; i++)
        {
            table[i] = new uint[3 * Limbs];
            for (int part = 0; part < 3; part++)
            {
                Array.Copy(Register('U' + part), 0, table[i], part * Limbs, Limbs);
            }

            Run(addition);
        }

        return table;
    }

    /// <summary>(P : Q : R) = table[digit], reading every entry.</summary>
    private void Select(uint[][] table, int digit, uint[] chosen)
    {
        Array.Clear(chosen, 0, chosen.Length);
        for (int entry = 0; entry < table.Length; entry++)
        {
            // All ones where entry = digit.
            uint mask = (uint)(((entry ^ digit) - 1) >> 31);
            uint[] point = table[entry];
            for (int i = 0; i < point.Length; i++)
            {
                chosen[i] |= point[i] & mask;
            }
        }

        for (int part = 0; part < 3; part++)
        {
            Array.Copy(chosen, part * Limbs, Register('P' + part), 0, Limbs);
        }
    }

    /// <summary>(X, Y) = (U/W, V/W) as plain numbers; 1/W = W^(p-2), p being no secret.</summary>
    private void ToAffine()
    {
        Run(Parse("AI=I" + "BB-B"));
        byte[] square = Parse("AA*A");
        byte[] step = Parse("AA*W");
        for (int bit = (32 * Limbs) - 1; bit >= 0; bit--)
        {
            Run(square);
            uint limb = bit < 32 ? Field.Modulus[0] - 2 : Field.Modulus[bit >> 5];
            if (((limb >> (bit & 31)) & 1) != 0)
            {
                Run(step);
            }
        }

        // Multiplying by the plain 1 leaves the Montgomery form.
        Register('B')[0] = 1;
        Run(Parse("XA*U" + "XX*B" + "YA*V" + "YY*B"));
    }

    /// <summary>Runs a formula. Which steps it takes is in the formula alone.</summary>
    private void Run(byte[] formula)
    {
        uint[][] registers = _registers;
        P256Field field = Field;
        for (int at = 0; at < formula.Length; at += 4)
        {
            uint[] result = registers[formula[at]];
            uint[] left = registers[formula[at + 1]];
            uint[] right = registers[formula[at + 3]];
            switch (formula[at + 2])
            {
                case '*' & LetterMask:
                    field.Multiply(left, right, result);
                    break;
                case '+' & LetterMask:
                    field.Add(left, right, result);
                    break;
                case '-' & LetterMask:
                    field.Subtract(left, right, result);
                    break;
                default:
                    Array.Copy(left, 0, result, 0, Limbs);
                    break;
            }
        }
    }

    /// <summary>Erases the registers and lets them go.</summary>
    private void End()
    {
        for (int i = 0; i < VariableLetters.Length; i++)
        {
            Array.Clear(Register(VariableLetters[i]), 0, Limbs);
        }

        Field.Clear();
        _registers = new uint[0][];
    }

    private uint[] Register(int letter) => _registers[letter & LetterMask];

    private static byte[] Parse(string letters)
    {
        byte[] formula = new byte[letters.Length];
        for (int i = 0; i < formula.Length; i++)
        {
            formula[i] = (byte)(letters[i] & LetterMask);
        }

        return formula;
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

    /// <summary>Algorithm 4: (U : V : W) = (U : V : W) + (P : Q : R).</summary>
    private const string Addition = "XU=U" + "YV=V" + "ZW=W"
        + "AX*P" + "BY*Q" + "CZ*R" + "DX+Y" + "EP+Q" + "DD*E" + "EA+B" + "DD-E" + "EY+Z" + "UQ+R" + "EE*U" + "UB+C"
        + "EE-U" + "UX+Z" + "VP+R" + "UU*V" + "VA+C" + "VU-V" + "WK*C" + "UV-W" + "WU+U" + "UU+W" + "WB-U" + "UB+U"
        + "VK*V" + "BC+C" + "CB+C" + "VV-C" + "VV-A" + "BV+V" + "VB+V" + "BA+A" + "AB+A" + "AA-C" + "BE*V" + "CA*V"
        + "VU*W" + "VV+C" + "UD*U" + "UU-B" + "WE*W" + "BD*A" + "WW+B";

    /// <summary>Algorithm 6: (U : V : W) = 2 · (U : V : W).</summary>
    private const string Doubling = "XU=U" + "YV=V" + "ZW=W"
        + "AX*X" + "BY*Y" + "CZ*Z" + "DX*Y" + "DD+D" + "WX*Z" + "WW+W" + "VK*C" + "VV-W" + "UV+V" + "VU+V" + "UB-V"
        + "VB+V" + "VU*V" + "UU*D" + "DC+C" + "CC+D" + "WK*W" + "WW-C" + "WW-A" + "DW+W" + "WW+D" + "DA+A" + "AD+A"
        + "AA-C" + "AA*W" + "VV+A" + "AY*Z" + "AA+A" + "WA*W" + "UU-W" + "WA*B" + "WW+W" + "WW+W";

    /// <summary>A = X³ - 3X + b - Y², which is 0 on the curve.</summary>
    private const string CurveEquation = "AX*X" + "AA*X" + "AA-X" + "AA-X" + "AA-X" + "AA+K" + "BY*Y" + "AA-B";

    /// <summary>(U : V : W) = 0 : 1 : 0.</summary>
    private const string Infinity = "UU-U" + "VI=I" + "WW-W";

    private const string ConstantLetters = "MNSIKGH";
    private const string VariableLetters = "XYZPQRUVWABCDE";
    private const int LetterMask = 31;
    private const int ShareLength = 65;
    private const int Size = 32;
    private const int Limbs = 8;
    private const byte Uncompressed = 4;
}

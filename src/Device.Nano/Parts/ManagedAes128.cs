using System;

namespace Flint.Device.Nano;

/// <summary>
/// AES-128 encryption (FIPS 197) in managed code, for where the platform has none: about 14 000 IL instructions a block.
/// It looks its S-box up in a table, so on a machine with a data cache its timing depends on key and data; microcontrollers have none.
/// </summary>
internal sealed class ManagedAes128 : IAes128
{
    private readonly byte[] _roundKeys = new byte[(Rounds + 1) * BlockLength];
    private readonly byte[] _state = new byte[BlockLength];

    public ManagedAes128(byte[] key, int offset)
    {
        ByteRange.Check(key, offset, BlockLength);
        Array.Copy(key, offset, _roundKeys, 0, BlockLength);
        ExpandKey();
    }

    public byte[] EncryptEcb(byte[] data)
    {
        for (int at = 0; at < data.Length; at += BlockLength)
        {
            EncryptBlock(data, at);
        }

        return data;
    }

    public byte[] EncryptCbc(byte[] data)
    {
        for (int at = 0; at < data.Length; at += BlockLength)
        {
            for (int i = 0; i < BlockLength && at > 0; i++)
            {
                data[at + i] ^= data[at - BlockLength + i];
            }

            EncryptBlock(data, at);
        }

        return data;
    }

    public void Clear()
    {
        ByteRange.Clear(_roundKeys);
        ByteRange.Clear(_state);
    }

    /// <summary>FIPS 197 section 5.2.</summary>
    private void ExpandKey()
    {
        byte[] w = _roundKeys;
        byte round = 1;
        for (int at = BlockLength; at < w.Length; at++)
        {
            byte before = w[at - 4];
            int column = at & (BlockLength - 1);
            if (column < 4)
            {
                // The first word of a round key: the one before it rotated, through the S-box, and the round's constant on its first byte.
                before = SBox[column == 3 ? w[at - 7] : w[at - 3]];
                if (column == 0)
                {
                    before ^= round;
                    round = Double(round);
                }
            }

            w[at] = (byte)(w[at - BlockLength] ^ before);
        }
    }

    /// <summary>FIPS 197 section 5.1. The state is kept in the order of the bytes; ShiftRows is folded into the reading of a column.</summary>
    private void EncryptBlock(byte[] data, int at)
    {
        byte[] s = _state;
        byte[] w = _roundKeys;
        for (int i = 0; i < BlockLength; i++)
        {
            data[at + i] ^= w[i];
        }

        for (int round = 1; round <= Rounds; round++)
        {
            int key = round * BlockLength;
            for (int column = 0; column < BlockLength; column += 4)
            {
                byte a = SBox[data[at + column]];
                byte b = SBox[data[at + ((column + 5) & 15)]];
                byte c = SBox[data[at + ((column + 10) & 15)]];
                byte d = SBox[data[at + ((column + 15) & 15)]];
                if (round < Rounds)
                {
                    // MixColumns: 2a+3b+c+d and its rotations.
                    byte all = (byte)(a ^ b ^ c ^ d);
                    byte first = a;
                    a ^= (byte)(all ^ Double((byte)(a ^ b)));
                    b ^= (byte)(all ^ Double((byte)(b ^ c)));
                    c ^= (byte)(all ^ Double((byte)(c ^ d)));
                    d ^= (byte)(all ^ Double((byte)(d ^ first)));
                }

                s[column] = (byte)(a ^ w[key + column]);
                s[column + 1] = (byte)(b ^ w[key + column + 1]);
                s[column + 2] = (byte)(c ^ w[key + column + 2]);
                s[column + 3] = (byte)(d ^ w[key + column + 3]);
            }

            Array.Copy(s, 0, data, at, BlockLength);
        }
    }

    /// <summary>FIPS 197 section 5.1.1: the inverse in GF(2^8), then the affine transformation. The powers of 3 are every element but 0.</summary>
    private static byte[] CreateSBox()
    {
        byte[] box = new byte[256];
        box[0] = AffineConstant;
        byte power = 1;
        byte inverse = 1;
        do
        {
            power ^= Double(power);

            // Divided by 3: times the inverse of 3, which is 1 + 2 + 4 + ... + 128 but for the reduction.
            inverse ^= (byte)(inverse << 1);
            inverse ^= (byte)(inverse << 2);
            inverse ^= (byte)(inverse << 4);
            inverse ^= (byte)(0x09 & -(inverse >> 7));

            // Twice in a row, so that a shift is a rotation.
            int twice = inverse * 0x101;
            box[power] = (byte)(AffineConstant ^ twice ^ (twice >> 4) ^ (twice >> 5) ^ (twice >> 6) ^ (twice >> 7));
        }
        while (power != 1);

        return box;
    }

    private static byte Double(byte value) => (byte)((value << 1) ^ (0x1B & -(value >> 7)));

    private static readonly byte[] SBox = CreateSBox();

    // Specification
    private const int BlockLength = 16;
    private const int Rounds = 10;
    private const byte AffineConstant = 0x63;
}

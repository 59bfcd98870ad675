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
        for (int at = BlockLength; at < w.Length; at += 4)
        {
            byte a = w[at - 4], b = w[at - 3], c = w[at - 2], d = w[at - 1];
            if (at % BlockLength == 0)
            {
                byte first = a;
                a = (byte)(SBox[b] ^ round);
                b = SBox[c];
                c = SBox[d];
                d = SBox[first];
                round = Double(round);
            }

            w[at] = (byte)(w[at - 16] ^ a);
            w[at + 1] = (byte)(w[at - 15] ^ b);
            w[at + 2] = (byte)(w[at - 14] ^ c);
            w[at + 3] = (byte)(w[at - 13] ^ d);
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

    private static byte Double(byte value) => (byte)((value << 1) ^ (0x1B & -(value >> 7)));

    // Specification
    private const int BlockLength = 16;
    private const int Rounds = 10;

    private static readonly byte[] SBox =
    {
        0x63, 0x7c, 0x77, 0x7b, 0xf2, 0x6b, 0x6f, 0xc5, 0x30, 0x01, 0x67, 0x2b, 0xfe, 0xd7, 0xab, 0x76,
        0xca, 0x82, 0xc9, 0x7d, 0xfa, 0x59, 0x47, 0xf0, 0xad, 0xd4, 0xa2, 0xaf, 0x9c, 0xa4, 0x72, 0xc0,
        0xb7, 0xfd, 0x93, 0x26, 0x36, 0x3f, 0xf7, 0xcc, 0x34, 0xa5, 0xe5, 0xf1, 0x71, 0xd8, 0x31, 0x15,
        0x04, 0xc7, 0x23, 0xc3, 0x18, 0x96, 0x05, 0x9a, 0x07, 0x12, 0x80, 0xe2, 0xeb, 0x27, 0xb2, 0x75,
        0x09, 0x83, 0x2c, 0x1a, 0x1b, 0x6e, 0x5a, 0xa0, 0x52, 0x3b, 0xd6, 0xb3, 0x29, 0xe3, 0x2f, 0x84,
        0x53, 0xd1, 0x00, 0xed, 0x20, 0xfc, 0xb1, 0x5b, 0x6a, 0xcb, 0xbe, 0x39, 0x4a, 0x4c, 0x58, 0xcf,
        0xd0, 0xef, 0xaa, 0xfb, 0x43, 0x4d, 0x33, 0x85, 0x45, 0xf9, 0x02, 0x7f, 0x50, 0x3c, 0x9f, 0xa8,
        0x51, 0xa3, 0x40, 0x8f, 0x92, 0x9d, 0x38, 0xf5, 0xbc, 0xb6, 0xda, 0x21, 0x10, 0xff, 0xf3, 0xd2,
        0xcd, 0x0c, 0x13, 0xec, 0x5f, 0x97, 0x44, 0x17, 0xc4, 0xa7, 0x7e, 0x3d, 0x64, 0x5d, 0x19, 0x73,
        0x60, 0x81, 0x4f, 0xdc, 0x22, 0x2a, 0x90, 0x88, 0x46, 0xee, 0xb8, 0x14, 0xde, 0x5e, 0x0b, 0xdb,
        0xe0, 0x32, 0x3a, 0x0a, 0x49, 0x06, 0x24, 0x5c, 0xc2, 0xd3, 0xac, 0x62, 0x91, 0x95, 0xe4, 0x79,
        0xe7, 0xc8, 0x37, 0x6d, 0x8d, 0xd5, 0x4e, 0xa9, 0x6c, 0x56, 0xf4, 0xea, 0x65, 0x7a, 0xae, 0x08,
        0xba, 0x78, 0x25, 0x2e, 0x1c, 0xa6, 0xb4, 0xc6, 0xe8, 0xdd, 0x74, 0x1f, 0x4b, 0xbd, 0x8b, 0x8a,
        0x70, 0x3e, 0xb5, 0x66, 0x48, 0x03, 0xf6, 0x0e, 0x61, 0x35, 0x57, 0xb9, 0x86, 0xc1, 0x1d, 0x9e,
        0xe1, 0xf8, 0x98, 0x11, 0x69, 0xd9, 0x8e, 0x94, 0x9b, 0x1e, 0x87, 0xe9, 0xce, 0x55, 0x28, 0xdf,
        0x8c, 0xa1, 0x89, 0x0d, 0xbf, 0xe6, 0x42, 0x68, 0x41, 0x99, 0x2d, 0x0f, 0xb0, 0x54, 0xbb, 0x16,
    };
}

using System;

namespace Flint.Device.Nano;

/// <summary>
/// SHA-256 (FIPS 180-4), incremental. The device has none in native code: about 172 IL instructions a byte, so a download is hashed while it
/// comes in. One object serves for ever.
/// </summary>
public sealed class Sha256
{
    /// <summary>The length of a digest in bytes.</summary>
    public const int DigestLength = 32;

    private static readonly uint[] Constants =
    {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,

        // The initial hash value, section 5.3.3.
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    };

    private readonly uint[] _state = new uint[8];
    private readonly uint[] _schedule;
    private readonly byte[] _block = new byte[BlockLength];
    private long _length;

    /// <summary>A computation that has begun.</summary>
    /// <param name="other">Lends its work array, which is of no use to it between two calls: 256 bytes of RAM less. Both are for one thread then.</param>
    public Sha256(Sha256? other = null)
    {
        _schedule = other == null ? new uint[64] : other._schedule;
        Start();
    }

    /// <summary>The blocks of 64 bytes compressed so far, over all computations: the unit of cost.</summary>
    public int Blocks;

    /// <summary>Begins a computation; the one before, finished or not, is forgotten.</summary>
    public void Start()
    {
        Array.Copy(Constants, 64, _state, 0, _state.Length);
        _length = 0;
    }

    /// <summary>Adds bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie within the buffer.</exception>
    public void Append(byte[] buffer, int offset, int count)
    {
        ByteRange.Check(buffer, offset, count);
        int used = (int)(_length & (BlockLength - 1));
        _length += count;
        while (count > 0)
        {
            int part = BlockLength - used < count ? BlockLength - used : count;
            Array.Copy(buffer, offset, _block, used, part);
            offset += part;
            count -= part;
            used += part;
            if (used == BlockLength)
            {
                Compress();
                used = 0;
            }
        }
    }

    /// <summary>Ends the computation and writes its 32 bytes. Afterwards only <see cref="Start"/> makes sense.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The digest does not fit into the buffer.</exception>
    public void Finish(byte[] digest, int offset)
    {
        ByteRange.Check(digest, offset, DigestLength);
        int used = (int)(_length & (BlockLength - 1));
        _block[used++] = 0x80;
        Array.Clear(_block, used, BlockLength - used);
        if (used > BlockLength - 8)
        {
            Compress();
            Array.Clear(_block, 0, BlockLength);
        }

        ByteRange.WriteUInt64(_block, BlockLength - 8, (ulong)_length << 3);
        Compress();
        for (int i = 0; i < 8; i++)
        {
            BigEndian.WriteUInt32(digest, offset + (4 * i), _state[i]);
        }
    }

    /// <summary>Takes over the state of another computation, so that a digest can be taken in the middle of it.</summary>
    internal void CopyFrom(Sha256 other)
    {
        Array.Copy(other._state, 0, _state, 0, 8);
        Array.Copy(other._block, 0, _block, 0, BlockLength);
        _length = other._length;
    }

    /// <summary>Erases what was hashed.</summary>
    public void Clear()
    {
        Array.Clear(_schedule, 0, _schedule.Length);
        Array.Clear(_block, 0, BlockLength);
        Start();
    }

    /// <summary>FIPS 180-4 section 6.2.2. Locals instead of arrays: a field or element costs the interpreter three times as much.</summary>
    private void Compress()
    {
        byte[] block = _block;
        uint[] w = _schedule;
        uint[] k = Constants;
        for (int i = 0, at = 0; i < 16; i++, at += 4)
        {
            w[i] = ((uint)block[at] << 24) | ((uint)block[at + 1] << 16) | ((uint)block[at + 2] << 8) | block[at + 3];
        }

        for (int i = 16; i < 64; i++)
        {
            uint x = w[i - 15];
            uint y = w[i - 2];
            w[i] = w[i - 16] + w[i - 7]
                + (((x >> 7) | (x << 25)) ^ ((x >> 18) | (x << 14)) ^ (x >> 3))
                + (((y >> 17) | (y << 15)) ^ ((y >> 19) | (y << 13)) ^ (y >> 10));
        }

        uint[] s = _state;
        uint a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];
        for (int i = 0; i < 64; i++)
        {
            uint t = h + (((e >> 6) | (e << 26)) ^ ((e >> 11) | (e << 21)) ^ ((e >> 25) | (e << 7))) + (g ^ (e & (f ^ g))) + k[i] + w[i];
            uint u = (((a >> 2) | (a << 30)) ^ ((a >> 13) | (a << 19)) ^ ((a >> 22) | (a << 10))) + ((a & b) | (c & (a | b)));
            h = g;
            g = f;
            f = e;
            e = d + t;
            d = c;
            c = b;
            b = a;
            a = t + u;
        }

        s[0] += a;
        s[1] += b;
        s[2] += c;
        s[3] += d;
        s[4] += e;
        s[5] += f;
        s[6] += g;
        s[7] += h;
        Blocks++;
    }

    // Specification
    private const int BlockLength = 64;
}

using System;
using System.Buffers.Binary;

namespace Flint.Coap;

/// <summary>
/// Spreads the entropy that a machine was given: jitter, first message ids, and the secret of the hash indexes. No key comes from here; the tokens, on which
/// matching rests (RFC 7252 section 5.3.1), are the caller's.
/// </summary>
internal sealed class EntropySource
{
    private readonly ulong _key;
    private ulong _state;

    public EntropySource(ReadOnlySpan<byte> entropy)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(entropy.Length, Length, nameof(entropy));
        _state = BinaryPrimitives.ReadUInt64LittleEndian(entropy);
        _key = BinaryPrimitives.ReadUInt64LittleEndian(entropy[sizeof(ulong)..]) | 1;
    }

    /// <summary>The next 64 bits: SplitMix64 from a secret start.</summary>
    public ulong Next()
    {
        unchecked
        {
            _state += Increment;
            ulong z = (_state ^ _state >> 30) * 0xbf58476d1ce4e5b9;
            z = (z ^ z >> 27) * 0x94d049bb133111eb;
            return z ^ z >> 31;
        }
    }

    /// <summary>Evenly from 0 to <paramref name="most"/>.</summary>
    public long Next(long most) => (long)Math.BigMul(Next(), (ulong)most + 1, out _);

    /// <summary>Hashes a small key with the secret.</summary>
    public uint Hash(ulong value)
    {
        unchecked
        {
            value = (value ^ _key) * Increment;
            value = (value ^ value >> 32) * _key;
            return (uint)(value >> 32);
        }
    }

    /// <summary>Hashes a few bytes with the secret.</summary>
    public uint Hash(ulong seed, ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            ulong hash = seed ^ (ulong)bytes.Length << 56;
            while (bytes.Length >= sizeof(ulong))
            {
                hash = Hash(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes)) | hash << 32;
                bytes = bytes[sizeof(ulong)..];
            }

            ulong rest = 0;
            foreach (byte b in bytes)
            {
                rest = rest << 8 | b;
            }

            return Hash(hash ^ rest);
        }
    }

    /// <summary>Goes on hashing, with the secret, to 64 bits.</summary>
    public ulong Hash64(ulong hash, ReadOnlySpan<byte> bytes)
    {
        unchecked
        {
            hash = (hash ^ (ulong)bytes.Length) * Increment;
            foreach (byte b in bytes)
            {
                hash = (hash ^ b) * _key;
                hash ^= hash >> 29;
            }

            return hash;
        }
    }

    // Implementation.
    private const int Length = 2 * sizeof(ulong);
    private const ulong Increment = 0x9e3779b97f4a7c15;
}

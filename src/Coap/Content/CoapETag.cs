using System;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Flint.Coap;

/// <summary>An entity-tag: one to eight bytes that tell the representations of a resource apart (RFC 7252 section 5.10.6).</summary>
public readonly record struct CoapETag
{
    private readonly ulong _bytes;
    private readonly byte _length;

    /// <summary>An entity-tag of these bytes.</summary>
    /// <exception cref="ArgumentException">Not one to eight bytes.</exception>
    public CoapETag(ReadOnlySpan<byte> value)
    {
        if (!CoapOptionNumber.ETag.AllowsLength(value.Length))
        {
            throw new ArgumentException($"An entity-tag of {value.Length} bytes: it has one to {MaxLength}.", nameof(value));
        }

        Span<byte> padded = stackalloc byte[MaxLength];
        padded.Clear();
        value.CopyTo(padded);
        _bytes = BinaryPrimitives.ReadUInt64BigEndian(padded);
        _length = (byte)value.Length;
    }

    /// <summary>How many bytes it has; 0 only for <c>default</c>, which is no entity-tag.</summary>
    public int Length => _length;

    /// <summary>An entity-tag that follows from the representation alone: the first eight bytes of its SHA-256.</summary>
    public static CoapETag Of(ReadOnlySpan<byte> representation)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(representation, hash);
        return new CoapETag(hash[..MaxLength]);
    }

    /// <summary>Whether it has these bytes.</summary>
    public bool Is(ReadOnlySpan<byte> value) => CoapOptionNumber.ETag.AllowsLength(value.Length) && this == new CoapETag(value);

    /// <summary>Its bytes.</summary>
    public byte[] ToArray()
    {
        var bytes = new byte[_length];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Copies its bytes to the start of <paramref name="destination"/>.</summary>
    /// <exception cref="ArgumentException">There is no room for <see cref="Length"/> bytes.</exception>
    public void CopyTo(Span<byte> destination)
    {
        Span<byte> padded = stackalloc byte[MaxLength];
        BinaryPrimitives.WriteUInt64BigEndian(padded, _bytes);
        padded[.._length].CopyTo(destination);
    }

    /// <summary>Its bytes as hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexString(ToArray());

    // Specification: RFC 7252 section 5.10.
    internal const int MaxLength = 8;
}

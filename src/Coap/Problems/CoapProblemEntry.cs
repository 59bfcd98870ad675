using System;

namespace Flint.Coap;

/// <summary>A problem detail beyond the standard ones that this library knows (RFC 9290 section 3).</summary>
public sealed class CoapProblemEntry
{
    /// <summary>A custom entry with a registered key (RFC 9290 section 3.2), or with a negative one a standard entry (section 3.1).</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value as CBOR: for a custom entry a map.</param>
    /// <exception cref="ArgumentException">The value is no single item, or no map where it must be one, or the key is one that <see cref="CoapProblemDetails"/> has a property for.</exception>
    public CoapProblemEntry(long key, ReadOnlyMemory<byte> value)
    {
        if (key is < 0 and >= CoapProblemDetails.LastKnownKey)
        {
            throw new ArgumentException($"Key {key} has a property of its own.", nameof(key));
        }

        Key = key;
        Value = Checked(value, mustBeMap: key >= 0);
    }

    /// <summary>A custom entry whose key is an absolute URI, which nobody follows (RFC 9290 section 3.2).</summary>
    /// <param name="name">The key.</param>
    /// <param name="value">The value: a map as CBOR.</param>
    /// <exception cref="ArgumentException">The value is no map.</exception>
    public CoapProblemEntry(string name, ReadOnlyMemory<byte> value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        Value = Checked(value, mustBeMap: true);
    }

    /// <summary>The key, where it is a number.</summary>
    public long? Key { get; }

    /// <summary>The key, where it is a URI.</summary>
    public string? Name { get; }

    /// <summary>The value as CBOR.</summary>
    public ReadOnlyMemory<byte> Value { get; }

    private static ReadOnlyMemory<byte> Checked(ReadOnlyMemory<byte> value, bool mustBeMap)
    {
        var reader = new CborReader(value.Span);
        bool isFine = (!mustBeMap || reader.NextMajor == CborReader.Map) && reader.TrySkip(CoapProblemDetails.MaxDepth) == CoapProblemStatus.Ok && reader.IsAtEnd;
        return isFine ? value : throw new ArgumentException("The value is not what it must be: one item of CBOR, for a custom entry a map.", nameof(value));
    }
}

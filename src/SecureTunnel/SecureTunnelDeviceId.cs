using System;
using System.Text;

namespace Flint.SecureTunnel;

/// <summary>The identity of a device: 1 to 64 opaque bytes (section 4), compared byte for byte.</summary>
public readonly struct SecureTunnelDeviceId : IEquatable<SecureTunnelDeviceId>
{
    /// <summary>The longest identity, in bytes.</summary>
    public const int MaxLength = 64;

    private readonly byte[]? _bytes;

    /// <summary>Copies <paramref name="bytes"/>.</summary>
    /// <exception cref="ArgumentException">Fewer than 1 or more than 64 bytes.</exception>
    public SecureTunnelDeviceId(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is < 1 or > MaxLength) // [ST-104]
        {
            throw new ArgumentException("A device identity has 1 to 64 bytes.", nameof(bytes));
        }

        _bytes = bytes.ToArray();
    }

    /// <summary>The identity whose bytes are the UTF-8 form of <paramref name="text"/>.</summary>
    /// <exception cref="ArgumentException">Fewer than 1 or more than 64 bytes.</exception>
    public SecureTunnelDeviceId(string text)
        : this(Encoding.UTF8.GetBytes(text ?? throw new ArgumentNullException(nameof(text))))
    {
    }

    /// <summary>The bytes; none in <c>default</c>.</summary>
    public ReadOnlySpan<byte> Span => _bytes;

    /// <summary>True in <c>default</c>, which names no device.</summary>
    public bool IsEmpty => _bytes is null;

    /// <inheritdoc/>
    public bool Equals(SecureTunnelDeviceId other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is SecureTunnelDeviceId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Span);
        return hash.ToHashCode();
    }

    /// <summary>The text where every byte is printable ASCII, otherwise <c>0x</c> and hexadecimal digits: safe to log.</summary>
    public override string ToString()
    {
        foreach (byte b in Span)
        {
            if (b is < 0x21 or > 0x7E)
            {
                return "0x" + Convert.ToHexStringLower(Span);
            }
        }

        return Encoding.ASCII.GetString(Span);
    }

    /// <summary>Byte equality.</summary>
    public static bool operator ==(SecureTunnelDeviceId left, SecureTunnelDeviceId right) => left.Equals(right);

    /// <summary>Byte inequality.</summary>
    public static bool operator !=(SecureTunnelDeviceId left, SecureTunnelDeviceId right) => !left.Equals(right);
}

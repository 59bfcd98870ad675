using System;
using System.Collections.Generic;

namespace Flint.Ota;

/// <summary>Writes deterministic CBOR (RFC 8949 section 4.2.1) as far as a manifest uses it.</summary>
internal sealed class OtaCborWriter
{
    private readonly List<byte> _bytes = [];

    public byte[] ToArray() => [.. _bytes];

    public OtaCborWriter Head(int major, ulong value)
    {
        int extra = value < 24 ? 0 : value <= byte.MaxValue ? 1 : value <= ushort.MaxValue ? 2 : value <= uint.MaxValue ? 4 : 8;
        int info = extra switch { 0 => (int)value, 1 => 24, 2 => 25, 4 => 26, _ => 27 };
        _bytes.Add((byte)((major << 5) | info));
        for (int shift = (extra - 1) * 8; shift >= 0; shift -= 8)
        {
            _bytes.Add((byte)((value >> shift) & 0xFF));
        }

        return this;
    }

    public OtaCborWriter Unsigned(ulong value) => Head(OtaCborReader.Unsigned, value);

    public OtaCborWriter Boolean(bool value) => Head(OtaCborReader.Simple, value ? 21u : 20u);

    public OtaCborWriter Map(int pairs) => Head(OtaCborReader.Map, (ulong)pairs);

    public OtaCborWriter Array(int items) => Head(OtaCborReader.Array, (ulong)items);

    public OtaCborWriter Bytes(ReadOnlySpan<byte> value) => String(OtaCborReader.Bytes, value);

    public OtaCborWriter Text(string value) => String(OtaCborReader.Text, System.Text.Encoding.UTF8.GetBytes(value));

    private OtaCborWriter String(int major, ReadOnlySpan<byte> value)
    {
        Head(major, (ulong)value.Length);
        _bytes.AddRange(value);
        return this;
    }
}

using System;
using System.Buffers.Binary;

namespace Flint.SecureTunnel;

/// <summary>Takes fields off the front of a message; each length is checked before it is sliced.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool IsEmpty => _rest.IsEmpty;

    public readonly int Length => _rest.Length;

    /// <summary>Takes <paramref name="length"/> bytes; false, taking nothing, where there are fewer.</summary>
    public bool TryTake(int length, out ReadOnlySpan<byte> field)
    {
        if (length > _rest.Length)
        {
            field = default;
            return false;
        }

        field = _rest[..length];
        _rest = _rest[length..];
        return true;
    }

    /// <summary>Takes <c>u16 length ‖ bytes</c>.</summary>
    public bool TryTakeVector(out ReadOnlySpan<byte> field)
    {
        field = default;
        return TryTake(2, out ReadOnlySpan<byte> length) && TryTake(BinaryPrimitives.ReadUInt16BigEndian(length), out field);
    }
}

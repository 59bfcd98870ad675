using System;

namespace Flint.Coap;

/// <summary>Bytes that arrive in any order. They take the memory up to the last one that has arrived, and no more than twice that.</summary>
internal sealed class QBlockBody
{
    private byte[] _bytes = [];
    private int _length;

    /// <summary>What has arrived, with zeros between.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        int end = (int)offset + bytes.Length;
        if (end > _bytes.Length)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(end, 2L * _bytes.Length)));
        }

        bytes.CopyTo(_bytes.AsSpan((int)offset));
        _length = Math.Max(_length, end);
    }
}

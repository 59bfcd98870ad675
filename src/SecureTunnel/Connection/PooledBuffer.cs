using System;
using System.Buffers;

namespace Flint.SecureTunnel;

/// <summary>Bytes in the clear that grow in the shared pool's arrays, and leave nothing there. Holds an array only while it holds bytes or a caller fills it.</summary>
internal sealed class PooledBuffer
{
    private byte[] _array = [];
    private int _touched; // of the array, may hold something: its bytes, and the room that was given

    public int Length { get; private set; }

    /// <summary>Of the array that is held; 0 where none is.</summary>
    public int Capacity => _array.Length;

    public ReadOnlySpan<byte> Span => _array.AsSpan(0, Length);

    /// <summary>Room behind the bytes: at least <paramref name="sizeHint"/>, and never none.</summary>
    public Memory<byte> GetMemory(int sizeHint)
    {
        Reserve(Math.Max(1, sizeHint));
        _touched = _array.Length;
        return _array.AsMemory(Length);
    }

    /// <summary>What the caller has filled of the room.</summary>
    public void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _array.Length - Length);
        Length += bytes;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_array.AsSpan(Length));
        Length += bytes.Length;
        _touched = Math.Max(_touched, Length);
    }

    /// <summary>Takes all bytes of another, which is left empty.</summary>
    public void Take(PooledBuffer source)
    {
        if (Length == 0 && source.Length > 0)
        {
            (_array, source._array) = (source._array, _array);
            (_touched, source._touched) = (source._touched, _touched);
            (Length, source.Length) = (source.Length, 0);
        }
        else if (source.Length > 0)
        {
            Append(source.Span);
        }

        source.Release();
    }

    /// <summary>Erases the bytes, and what a caller has left in the room behind them, and gives the array back.</summary>
    public void Release()
    {
        Return();
        _array = [];
        (Length, _touched) = (0, 0);
    }

    private void Reserve(int more)
    {
        if (_array.Length - Length >= more)
        {
            return;
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(Length + more, MinSize));
        Span.CopyTo(larger);
        Return();
        _array = larger;
        _touched = Length;
    }

    private void Return()
    {
        _array.AsSpan(0, _touched).Clear();
        ArrayPool<byte>.Shared.Return(_array);
    }

    private const int MinSize = 512;
}

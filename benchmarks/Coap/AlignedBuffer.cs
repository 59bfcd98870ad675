using System.Runtime.InteropServices;

namespace Flint.Benchmarks.Coap;

/// <summary>Pinned bytes that begin at a cache line, the same for ours, the limit and the peer.</summary>
public sealed class AlignedBuffer
{
    private readonly byte[] _array;
    private readonly int _offset;

    public AlignedBuffer(int length)
    {
        Length = length;
        _array = GC.AllocateArray<byte>(length + CacheLine, pinned: true);
        _offset = (int)(-Marshal.UnsafeAddrOfPinnedArrayElement(_array, 0) & (CacheLine - 1));
    }

    public int Length { get; }

    public Span<byte> Span => _array.AsSpan(_offset, Length);

    public nint Address => Marshal.UnsafeAddrOfPinnedArrayElement(_array, _offset);

    private const int CacheLine = 64;
}

using System;

namespace Flint.Coap;

/// <summary>Datagrams on their way out, in order, in one buffer. Allocates only when it grows, up to a limit in bytes.</summary>
internal sealed class DatagramQueue
{
    private readonly int _maxBytes;
    private byte[] _bytes = new byte[MinBytes];
    private Entry[] _entries = new Entry[MinEntries];
    private int _first;
    private int _next;
    private int _end;

    public DatagramQueue(int maxBytes) => _maxBytes = maxBytes;

    /// <summary>Whether nothing waits.</summary>
    public bool IsEmpty => _first == _next;

    /// <summary>Makes room for a datagram that the caller then fills in.</summary>
    /// <returns>False where the limit is reached.</returns>
    public bool TryAdd(CoapPeerHandle peer, int length, out Span<byte> datagram)
    {
        if (!HasRoom(length))
        {
            datagram = default;
            return false;
        }

        if (IsEmpty)
        {
            _first = _next = _end = 0;
        }

        if (_next == _entries.Length)
        {
            Array.Resize(ref _entries, _entries.Length * 2);
        }

        if (length > _bytes.Length - _end)
        {
            Array.Resize(ref _bytes, Math.Min(_maxBytes, Math.Max(_end + length, _bytes.Length * 2)));
        }

        _entries[_next++] = new Entry(peer, _end, length);
        datagram = _bytes.AsSpan(_end, length);
        _end += length;
        return true;
    }

    /// <summary>Whether a datagram of <paramref name="length"/> bytes can be added.</summary>
    public bool HasRoom(int length) => IsEmpty || length <= _maxBytes - _end;

    /// <summary>Gives the oldest datagram, which stays valid until the next one is added.</summary>
    public bool TryTake(out CoapPeerHandle peer, out ReadOnlyMemory<byte> datagram)
    {
        if (IsEmpty)
        {
            peer = default;
            datagram = default;
            return false;
        }

        ref Entry entry = ref _entries[_first++];
        peer = entry.Peer;
        datagram = _bytes.AsMemory(entry.Offset, entry.Length);
        return true;
    }

    private readonly record struct Entry(CoapPeerHandle Peer, int Offset, int Length);

    private const int MinBytes = 4096;
    private const int MinEntries = 16;
}

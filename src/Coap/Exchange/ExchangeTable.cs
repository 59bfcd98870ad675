using System;

namespace Flint.Coap;

/// <summary>A request that waits for its response.</summary>
internal struct ExchangeEntry
{
    public CoapReceiveState State;
    public uint Version;
    public bool IsOpen;
    public CoapPeerHandle Peer;
    public ushort MessageId;
    public bool IsMulticast;

    /// <summary>Where its deduplication record stands, and in which of the two stores.</summary>
    public bool IsIdempotent;
    public long Record;

    /// <summary>When an empty acknowledgement is due, and the neighbours in the list of those that wait for it.</summary>
    public long AckDue;
    public bool AwaitsAck;
    public int Previous;

    /// <summary>The next in that list, or the next that is free.</summary>
    public int Next;
}

/// <summary>The requests that wait for their responses, bounded in number. Those to be acknowledged stand in a list, the earliest first.</summary>
internal sealed class ExchangeTable
{
    private readonly int _maxEntries;
    private ExchangeEntry[] _entries;
    private int _used;
    private int _freeHead = None;
    private int _ackHead = None;
    private int _ackTail = None;

    public ExchangeTable(int maxEntries)
    {
        _maxEntries = maxEntries;
        _entries = new ExchangeEntry[Math.Min(maxEntries, MinEntries)];
    }

    public int Count { get; private set; }

    public bool IsFull => Count == _maxEntries;

    /// <summary>The places that may be in use are below this.</summary>
    public int Used => _used;

    public ref ExchangeEntry this[int place] => ref _entries[place];

    /// <summary>When the next acknowledgement is due; <see cref="long.MaxValue"/> where none is.</summary>
    public long NextAck => _ackHead == None ? long.MaxValue : _entries[_ackHead].AckDue;

    public int NextAckPlace => _ackHead;

    public bool Contains(CoapExchangeHandle handle) =>
        (uint)handle.Index < (uint)_used && _entries[handle.Index].Version == handle.Version && _entries[handle.Index].IsOpen;

    public CoapExchangeHandle HandleOf(int place) => new(place, _entries[place].Version);

    /// <summary>Takes a free place; the caller knows that the table is not full.</summary>
    public int Add(CoapPeerHandle peer, ushort messageId, CoapReceiveState state)
    {
        int place = _freeHead;
        if (place == None)
        {
            place = _used++;
            if (place == _entries.Length)
            {
                Array.Resize(ref _entries, Math.Min(_maxEntries, _entries.Length * 2));
            }
        }
        else
        {
            _freeHead = _entries[place].Next;
        }

        uint version = unchecked(_entries[place].Version + 1);
        _entries[place] = new ExchangeEntry { State = state, Version = version == 0 ? 1 : version, IsOpen = true, Peer = peer, MessageId = messageId };
        Count++;
        return place;
    }

    public void Free(int place)
    {
        RemoveAck(place);
        _entries[place].IsOpen = false;
        _entries[place].Next = _freeHead;
        _freeHead = place;
        Count--;
    }

    /// <summary>Adds to those to be acknowledged; nothing in the list is due later.</summary>
    public void AppendAck(int place, long due)
    {
        ref ExchangeEntry entry = ref _entries[place];
        entry.AckDue = due;
        entry.AwaitsAck = true;
        entry.Next = None;
        entry.Previous = _ackTail;
        if (_ackTail == None)
        {
            _ackHead = place;
        }
        else
        {
            _entries[_ackTail].Next = place;
        }

        _ackTail = place;
    }

    public void RemoveAck(int place)
    {
        ref ExchangeEntry entry = ref _entries[place];
        if (!entry.AwaitsAck)
        {
            return;
        }

        entry.AwaitsAck = false;
        if (entry.Previous == None)
        {
            _ackHead = entry.Next;
        }
        else
        {
            _entries[entry.Previous].Next = entry.Next;
        }

        if (entry.Next == None)
        {
            _ackTail = entry.Previous;
        }
        else
        {
            _entries[entry.Next].Previous = entry.Previous;
        }
    }

    /// <summary>No exchange: the end of a list.</summary>
    public const int None = -1;

    private const int MinEntries = 16;
}

using System;

namespace Flint.Coap;

/// <summary>What the message layer remembers of one peer.</summary>
internal struct PeerEntry
{
    public uint Generation;
    public bool IsPresent;

    /// <summary>A multicast group: responses to its requests come from others.</summary>
    public bool IsGroup;
    public MessageIds MessageIds;

    /// <summary>How many interactions count against NSTART.</summary>
    public int Outstanding;

    /// <summary>Messages under way, a list through <see cref="SendEntry.PeerNext"/>, and those that wait their turn, through <see cref="SendEntry.QueueNext"/>.</summary>
    public int SendHead;
    public int QueueHead;
    public int QueueTail;

    public int Sends;
    public int Exchanges;
    public int Deduplicated;

    /// <summary>How often another machine holds on to it.</summary>
    public int Holds;

    /// <summary>Its neighbours among the idle, and since when it is one of them.</summary>
    public int IdlePrevious;
    public int IdleNext;
    public long IdleSince;

    public readonly bool IsIdle => Sends == 0 && Exchanges == 0 && Deduplicated == 0 && Holds == 0;
}

/// <summary>The peers, bounded in number. The idle ones stand in a list, the longest idle first.</summary>
internal sealed class PeerTable
{
    private readonly int _maxPeers;
    private readonly EntropySource _entropy;
    private PeerEntry[] _entries;
    private int _used;
    private int _freeHead = None;
    private int _idleHead = None;
    private int _idleTail = None;

    public PeerTable(int maxPeers, EntropySource entropy)
    {
        _maxPeers = maxPeers;
        _entropy = entropy;
        _entries = new PeerEntry[Math.Min(maxPeers, MinPeers)];
    }

    /// <summary>How many peers there are.</summary>
    public int Count { get; private set; }

    public ref PeerEntry this[int index] => ref _entries[index];

    /// <summary>The longest idle peer, or <see cref="None"/>.</summary>
    public int LongestIdle => _idleHead;

    public bool Contains(CoapPeerHandle peer) =>
        (uint)peer.Index < (uint)_used && _entries[peer.Index].Generation == peer.Generation && _entries[peer.Index].IsPresent;

    public CoapPeerHandle HandleOf(int index) => new(index, _entries[index].Generation);

    public bool TryAdd(long now, bool isGroup, out CoapPeerHandle peer)
    {
        peer = default;
        if (Count == _maxPeers)
        {
            return false;
        }

        int index = _freeHead;
        if (index == None)
        {
            index = _used++;
            if (index == _entries.Length)
            {
                Array.Resize(ref _entries, Math.Min(_maxPeers, _entries.Length * 2));
            }
        }
        else
        {
            _freeHead = _entries[index].IdleNext;
        }

        uint generation = unchecked(_entries[index].Generation + 1);
        _entries[index] = new PeerEntry
        {
            Generation = generation == 0 ? 1 : generation,
            IsPresent = true,
            IsGroup = isGroup,
            MessageIds = new MessageIds(unchecked((ushort)_entropy.Next())),
            SendHead = None,
            QueueHead = None,
            QueueTail = None,
        };
        Count++;
        AppendIdle(index, now);
        peer = HandleOf(index);
        return true;
    }

    /// <summary>Removes a peer that has no message under way and no open exchange. Its deduplication records run out by themselves.</summary>
    public void Remove(int index)
    {
        BeforeUse(index);
        ref PeerEntry entry = ref _entries[index];
        entry.IsPresent = false;
        entry.IdleNext = _freeHead;
        _freeHead = index;
        Count--;
    }

    /// <summary>To be called before the first use of an idle peer is counted.</summary>
    public void BeforeUse(int index)
    {
        if (_entries[index].IsIdle)
        {
            UnlinkIdle(index);
        }
    }

    /// <summary>To be called after a use is no longer counted.</summary>
    public void AfterUse(int index, long now)
    {
        if (_entries[index].IsIdle)
        {
            AppendIdle(index, now);
        }
    }

    private void AppendIdle(int index, long now)
    {
        ref PeerEntry entry = ref _entries[index];
        entry.IdleSince = now;
        entry.IdleNext = None;
        entry.IdlePrevious = _idleTail;
        if (_idleTail == None)
        {
            _idleHead = index;
        }
        else
        {
            _entries[_idleTail].IdleNext = index;
        }

        _idleTail = index;
    }

    private void UnlinkIdle(int index)
    {
        ref PeerEntry entry = ref _entries[index];
        if (entry.IdlePrevious == None)
        {
            _idleHead = entry.IdleNext;
        }
        else
        {
            _entries[entry.IdlePrevious].IdleNext = entry.IdleNext;
        }

        if (entry.IdleNext == None)
        {
            _idleTail = entry.IdlePrevious;
        }
        else
        {
            _entries[entry.IdleNext].IdlePrevious = entry.IdlePrevious;
        }
    }

    /// <summary>No peer: the end of a list.</summary>
    public const int None = -1;

    private const int MinPeers = 16;
}

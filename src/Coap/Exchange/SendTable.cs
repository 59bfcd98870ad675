using System;

namespace Flint.Coap;

/// <summary>A message under way.</summary>
internal struct SendEntry
{
    public CoapSendState State;
    public uint Version;
    public CoapPeerHandle Peer;
    public object? UserState;

    public ushort MessageId;
    public bool HasMessageId;
    public bool IsConfirmable;

    /// <summary>A request that stays open after a response.</summary>
    public bool IsKeptOpen;

    /// <summary>It has been sent at least once: before, no response can belong to it.</summary>
    public bool WasSent;

    /// <summary>Many requests whose tokens begin alike; only that beginning is kept.</summary>
    public bool IsBody;

    /// <summary>Q-Block options are understood in its responses.</summary>
    public bool TakesQBlocks;

    /// <summary>A request to a multicast group.</summary>
    public bool IsToGroup;

    /// <summary>Counts against NSTART.</summary>
    public bool IsOutstanding;

    /// <summary>The bytes were replaced after the last transmission.</summary>
    public bool IsReplaced;

    public byte Retransmissions;
    public CoapEndReason Reason;

    public int Length;
    public int TokenOffset;
    public int TokenLength;
    public uint TokenHash;
    public uint IdHash;

    /// <summary>The present time-out for the acknowledgement.</summary>
    public long Timeout;

    /// <summary>When the caller's patience ends; <see cref="long.MaxValue"/> for never.</summary>
    public long Deadline;

    public int PeerPrevious;
    public int PeerNext;

    /// <summary>The next that waits for its turn, the next that has ended, or the next that is free.</summary>
    public int QueueNext;
}

/// <summary>The messages under way, with their bytes, bounded in number; found by message id and by token. Allocates only when it grows.</summary>
internal sealed class SendTable
{
    private readonly int _maxEntries;
    private readonly int _maxMessageSize;
    private readonly EntropySource _entropy;
    private readonly HashIndex _ids = new();
    private readonly HashIndex _tokens = new();
    private SendEntry[] _entries;
    private byte[]?[] _pages = new byte[]?[1];
    private int _used;
    private int _freeHead = None;
    private int _endedHead = None;
    private int _endedTail = None;

    public SendTable(int maxEntries, int maxMessageSize, EntropySource entropy)
    {
        _maxEntries = maxEntries;
        _maxMessageSize = maxMessageSize;
        _entropy = entropy;
        _entries = new SendEntry[Math.Min(maxEntries, MinEntries)];
    }

    /// <summary>How many messages there are, those that have ended and wait to be told among them.</summary>
    public int Count { get; private set; }

    public bool IsFull => Count == _maxEntries;

    public ref SendEntry this[int place] => ref _entries[place];

    public bool Contains(CoapSendHandle handle) =>
        (uint)handle.Index < (uint)_used && _entries[handle.Index].Version == handle.Version && _entries[handle.Index].State != CoapSendState.Closed;

    public CoapSendHandle HandleOf(int place) => new(place, _entries[place].Version);

    /// <summary>The bytes of a message, as they were sent last or will be sent first.</summary>
    public Span<byte> Bytes(int place) => Buffer(place)[.._entries[place].Length];

    public ReadOnlySpan<byte> Token(int place) => Buffer(place).Slice(_entries[place].TokenOffset, _entries[place].TokenLength);

    /// <summary>Takes a free place; the caller knows that the table is not full.</summary>
    public int Add(CoapPeerHandle peer, ReadOnlySpan<byte> message)
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
            _freeHead = _entries[place].QueueNext;
        }

        int page = place / PageEntries;
        if (page >= _pages.Length)
        {
            Array.Resize(ref _pages, _pages.Length * 2);
        }

        _pages[page] ??= GC.AllocateUninitializedArray<byte>(PageEntries * _maxMessageSize);
        uint version = unchecked(_entries[place].Version + 1);
        _entries[place] = new SendEntry { Version = version == 0 ? 1 : version, Peer = peer, PeerPrevious = None, PeerNext = None, QueueNext = None };
        Replace(place, message);
        Count++;
        return place;
    }

    /// <summary>Puts other bytes in the place of a message.</summary>
    public void Replace(int place, ReadOnlySpan<byte> message)
    {
        message.CopyTo(Buffer(place));
        _entries[place].Length = message.Length;
    }

    /// <summary>Makes a message findable by its id.</summary>
    public void SetMessageId(int place, ushort messageId)
    {
        ClearMessageId(place);
        ref SendEntry entry = ref _entries[place];
        entry.MessageId = messageId;
        entry.HasMessageId = true;
        entry.IdHash = HashOf(entry.Peer, messageId);
        _ids.Add(entry.IdHash, place);
    }

    /// <summary>Makes a request findable by its token.</summary>
    public void SetToken(int place, int offset, int length)
    {
        ref SendEntry entry = ref _entries[place];
        entry.TokenOffset = offset;
        entry.TokenLength = length;
        entry.TokenHash = HashOf(entry.IsToGroup ? default : entry.Peer, Token(place));
        _tokens.Add(entry.TokenHash, place);
    }

    public int FindMessageId(CoapPeerHandle peer, ushort messageId)
    {
        uint hash = HashOf(peer, messageId);
        int cursor = _ids.Start(hash);
        while (_ids.TryNext(hash, ref cursor, out int place))
        {
            if (_entries[place].MessageId == messageId && _entries[place].Peer == peer)
            {
                return place;
            }
        }

        return None;
    }

    public int FindToken(CoapPeerHandle peer, ReadOnlySpan<byte> token)
    {
        uint hash = HashOf(peer, token);
        int cursor = _tokens.Start(hash);
        while (_tokens.TryNext(hash, ref cursor, out int place))
        {
            if (_entries[place].Peer == peer && !_entries[place].IsBody && Token(place).SequenceEqual(token))
            {
                return place;
            }
        }

        return None;
    }

    /// <summary>Makes a body findable by what its tokens begin with, which is all that is kept of it.</summary>
    public void SetBodyToken(int place)
    {
        ref SendEntry entry = ref _entries[place];
        entry.TokenLength = entry.Length;
        entry.TokenHash = HashOf(entry.Peer, Token(place));
        _tokens.Add(entry.TokenHash, place);
    }

    public int FindBodyToken(CoapPeerHandle peer, ReadOnlySpan<byte> prefix)
    {
        uint hash = HashOf(peer, prefix);
        int cursor = _tokens.Start(hash);
        while (_tokens.TryNext(hash, ref cursor, out int place))
        {
            if (_entries[place].Peer == peer && _entries[place].IsBody && Token(place).SequenceEqual(prefix))
            {
                return place;
            }
        }

        return None;
    }

    public void ClearMessageId(int place)
    {
        ref SendEntry entry = ref _entries[place];
        if (entry.HasMessageId)
        {
            _ids.Remove(entry.IdHash, place);
            entry.HasMessageId = false;
        }
    }

    public void ClearToken(int place)
    {
        ref SendEntry entry = ref _entries[place];
        if (entry.TokenOffset != 0 || entry.IsBody)
        {
            _tokens.Remove(entry.TokenHash, place);
            entry.TokenOffset = 0;
            entry.IsBody = false;
        }
    }

    /// <summary>Finds the request to a group to which the response of any peer belongs (RFC 7252 section 8.2).</summary>
    public int FindGroupToken(ReadOnlySpan<byte> token)
    {
        uint hash = HashOf(default, token);
        int cursor = _tokens.Start(hash);
        while (_tokens.TryNext(hash, ref cursor, out int place))
        {
            if (_entries[place].IsToGroup && Token(place).SequenceEqual(token))
            {
                return place;
            }
        }

        return None;
    }

    /// <summary>Gives back the place of a message that is over.</summary>
    public void Free(int place)
    {
        ref SendEntry entry = ref _entries[place];
        entry.UserState = null;
        entry.QueueNext = _freeHead;
        _freeHead = place;
        Count--;
    }

    /// <summary>Keeps a message that is over until it is told.</summary>
    public void AppendEnded(int place)
    {
        _entries[place].QueueNext = None;
        if (_endedHead == None)
        {
            _endedHead = place;
        }
        else
        {
            _entries[_endedTail].QueueNext = place;
        }

        _endedTail = place;
    }

    public bool TryTakeEnded(out CoapEnded ended)
    {
        int place = _endedHead;
        if (place == None)
        {
            ended = default;
            return false;
        }

        ref SendEntry entry = ref _entries[place];
        _endedHead = entry.QueueNext;
        ended = new CoapEnded(HandleOf(place), entry.Peer, entry.UserState, entry.Reason);
        Free(place);
        return true;
    }

    private Span<byte> Buffer(int place) => _pages[place / PageEntries].AsSpan(place % PageEntries * _maxMessageSize, _maxMessageSize);

    private uint HashOf(CoapPeerHandle peer, ushort messageId) => _entropy.Hash(KeyOf(peer) << 16 ^ messageId);

    private uint HashOf(CoapPeerHandle peer, ReadOnlySpan<byte> token) => _entropy.Hash(KeyOf(peer), token);

    private static ulong KeyOf(CoapPeerHandle peer) => (ulong)peer.Generation << 32 ^ (uint)peer.Index;

    /// <summary>No message: the end of a list.</summary>
    public const int None = -1;

    private const int MinEntries = 16;
    private const int PageEntries = 32;
}

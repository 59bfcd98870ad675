using System;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Flint.Coap;

/// <summary>A message id that a peer has used.</summary>
internal struct DeduplicationRecord
{
    public CoapPeerHandle Peer;
    public ushort MessageId;
    public CoapReceiveState State;

    /// <summary>The exchange that answers it, while that is open.</summary>
    public CoapExchangeHandle Exchange;

    /// <summary>Where its response stands in the log; -1 where there is none.</summary>
    public long Response;

    public long Expires;
    public uint Hash;
}

/// <summary>
/// The message ids that peers have used, with the responses, for as long as duplicates may come (RFC 7252 section 4.5): a ring of records
/// in the order of their arrival, found by a hash of peer and message id. Bounded in bytes; a store that is full either refuses or forgets the oldest.
/// </summary>
internal sealed class DeduplicationStore
{
    private readonly EntropySource _entropy;
    private readonly PeerTable? _counted;
    private readonly ResponseLog _log;
    private readonly HashIndex _index = new();
    private readonly int _maxRecords;
    private DeduplicationRecord[] _records = new DeduplicationRecord[MinRecords];
    private long _first;
    private long _next;

    /// <param name="maxBytes">The limit: half for records, half for responses.</param>
    /// <param name="entropy">Hashes the keys.</param>
    /// <param name="counted">Where each peer's records are counted; null where nothing counts them.</param>
    public DeduplicationStore(int maxBytes, EntropySource entropy, PeerTable? counted)
    {
        _entropy = entropy;
        _counted = counted;
        _log = new ResponseLog(maxBytes / 2);
        _maxRecords = Math.Max(MinRecords, 1 << BitOperations.Log2((uint)(maxBytes / 2 / BytesPerRecord)));
    }

    /// <summary>How many records there are.</summary>
    public int Count => (int)(_next - _first);

    /// <summary>When the oldest record may go; <see cref="long.MaxValue"/> where there is none.</summary>
    public long Earliest => _first == _next ? long.MaxValue : this[_first].Expires;

    public ref DeduplicationRecord this[long sequence] => ref _records[(int)(sequence & (_records.Length - 1))];

    /// <summary>Whether the record of this number is still there.</summary>
    public bool Contains(long sequence) => sequence >= _first && sequence < _next;

    /// <summary>Whether another record and the responses of <paramref name="open"/> exchanges find room without anything being forgotten.</summary>
    public bool HasRoom(int open, int maxMessageSize) => Count < _maxRecords && _log.HasRoom(open + 1, maxMessageSize);

    /// <summary>Finds the record of a message id whose time is not over.</summary>
    public bool TryFind(CoapPeerHandle peer, ushort messageId, long now, out long sequence)
    {
        uint hash = Hash(peer, messageId);
        int cursor = _index.Start(hash);
        while (_index.TryNext(hash, ref cursor, out int place))
        {
            ref DeduplicationRecord record = ref _records[place];
            if (record.MessageId == messageId && record.Peer == peer && record.Expires > now)
            {
                sequence = _first + (int)((place - _first) & (_records.Length - 1));
                return true;
            }
        }

        sequence = -1;
        return false;
    }

    /// <summary>Adds a record; where there is no room, the oldest gives way.</summary>
    /// <returns>Its number.</returns>
    public long Add(CoapPeerHandle peer, ushort messageId, CoapReceiveState state, long expires)
    {
        if (Count == _records.Length)
        {
            if (Count == _maxRecords)
            {
                RemoveFirst();
            }
            else
            {
                Grow();
            }
        }

        long sequence = _next++;
        uint hash = Hash(peer, messageId);
        this[sequence] = new DeduplicationRecord
        {
            Peer = peer,
            MessageId = messageId,
            State = state,
            Response = NoResponse,
            Expires = expires,
            Hash = hash,
        };
        _index.Add(hash, (int)(sequence & (_records.Length - 1)));
        if (_counted is not null)
        {
            _counted.BeforeUse(peer.Index);
            _counted[peer.Index].Deduplicated++;
        }

        return sequence;
    }

    /// <summary>Keeps the response of a record, as it went out.</summary>
    public void KeepResponse(long sequence, ReadOnlySpan<byte> response) =>
        this[sequence].Response = _log.Add(response, this[sequence].Expires);

    /// <summary>The response of a record.</summary>
    /// <returns>False where it has given way.</returns>
    public bool TryGetResponse(long sequence, out ReadOnlySpan<byte> response) => _log.TryGet(this[sequence].Response, out response);

    /// <summary>Forgets the records and responses whose time is over.</summary>
    public void Purge(long now)
    {
        while (_first != _next && this[_first].Expires <= now)
        {
            RemoveFirst(now);
        }

        _log.Purge(now);
    }

    /// <summary>Whether nothing at all is kept.</summary>
    public bool IsEmpty => _first == _next && _log.IsEmpty && _index.Count == 0;

    private void RemoveFirst(long now = 0)
    {
        ref DeduplicationRecord record = ref this[_first];
        if (CoapReceiveTransitions.TryNext(record.State, CoapReceiveInput.Lifetime, out CoapReceiveState next))
        {
            record.State = next;
        }

        _index.Remove(record.Hash, (int)(_first & (_records.Length - 1)));
        _first++;
        if (_counted is not null && _counted.Contains(record.Peer))
        {
            _counted[record.Peer.Index].Deduplicated--;
            _counted.AfterUse(record.Peer.Index, now);
        }
    }

    private void Grow()
    {
        DeduplicationRecord[] old = _records;
        _records = new DeduplicationRecord[old.Length * 2];
        _index.Clear();
        for (long sequence = _first; sequence != _next; sequence++)
        {
            DeduplicationRecord record = old[(int)(sequence & (old.Length - 1))];
            this[sequence] = record;
            _index.Add(record.Hash, (int)(sequence & (_records.Length - 1)));
        }
    }

    private uint Hash(CoapPeerHandle peer, ushort messageId) =>
        _entropy.Hash((ulong)peer.Generation << 48 ^ (ulong)(uint)peer.Index << 16 ^ messageId);

    private const long NoResponse = -1;
    private const int MinRecords = 64;
    private static readonly int BytesPerRecord = Unsafe.SizeOf<DeduplicationRecord>() + HashIndex.BytesPerEntry;
}

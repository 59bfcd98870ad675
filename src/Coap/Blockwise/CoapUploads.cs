using System;

namespace Flint.Coap;

/// <summary>
/// The server's side of requests whose bodies come in blocks (RFC 7959 section 2.5), without I/O: which block belongs to which body, and where. It never holds a body; the caller
/// writes each block where it is told to.
/// </summary>
/// <remarks>
/// <para>Blocks belong together when peer, method and options are the same, Request-Tag among them, but for Block1, Block2, Observe and those that are no part of the cache key (RFC 9175 section 3.3).
/// If-Match and If-None-Match are those of the first block; a later one repeats them or has none.</para>
/// <para>Bounded (<see cref="CoapUploadsOptions"/>). After each call, take what <see cref="TryTakeAbandoned"/> gives. One thread at a time. docs/spec/coap-profile.md section 12.3.</para>
/// </remarks>
public sealed class CoapUploads
{
    private readonly CoapUploadsOptions _options;
    private readonly CoapMessageLayer? _layer;
    private readonly EntropySource _entropy;
    private readonly PlaceLists _ofPeer = new();
    private readonly PlaceLists _abandoned = new();
    private readonly DeadlineHeap _deadlines = new();
    private Entry[] _entries;
    private int _used;
    private int _freeHead = PlaceLists.None;

    /// <summary>Begins without transfers.</summary>
    /// <param name="options">Limits.</param>
    /// <param name="layer">Where the peers are known: it does not take a sending peer for an idle one. Null where peers are connections.</param>
    /// <param name="entropy">At least 16 unpredictable bytes: they hash the options.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option lies outside its range, or there is too little entropy.</exception>
    public CoapUploads(CoapUploadsOptions options, CoapMessageLayer? layer, ReadOnlySpan<byte> entropy)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _layer = layer;
        _entropy = new EntropySource(entropy);
        _entries = new Entry[Math.Min(options.MaxTransfers, MinEntries)];
    }

    /// <summary>How many transfers there are, those abandoned and not taken among them.</summary>
    public int Count { get; private set; }

    /// <summary>When <see cref="OnDeadline"/> is to be called next; null while there is nothing to wait for.</summary>
    public TimeSpan? NextDeadline => _deadlines.Count == 0 ? null : new TimeSpan(_deadlines.Earliest);

    /// <summary>Takes a request, whether it has a Block1 option or not.</summary>
    /// <param name="peer">From whom.</param>
    /// <param name="code">Its method.</param>
    /// <param name="options">Its options.</param>
    /// <param name="payloadLength">The bytes of its payload.</param>
    /// <param name="now">Now.</param>
    /// <param name="maxBody">How large this body may become, where it is not <see cref="CoapBlockSizes.MaxBody"/>: one that is not kept.</param>
    public CoapUploadStep OnRequest(CoapPeerHandle peer, CoapCode code, CoapOptions options, int payloadLength, TimeSpan now, long? maxBody = null)
    {
        long limit = maxBody ?? _options.Sizes.MaxBody;
        CoapBlockSizes sizes = _options.Sizes;
        switch (CoapBlock.TryFind(options, CoapOptionNumber.Block1, sizes.IsBert, out CoapBlock block))
        {
            case CoapBlockStatus.Absent:
                return payloadLength <= limit ? default : Refuse(CoapCode.RequestEntityTooLarge, null);
            case CoapBlockStatus.Malformed:
                return Refuse(CoapCode.BadRequest, null);
        }

        if (!block.SuitsPayload(payloadLength))
        {
            return Refuse(CoapCode.BadRequest, null);
        }

        ulong key = TransferKeys.OfUpload(_entropy, code, options);
        ulong preconditions = TransferKeys.OfPreconditions(_entropy, options);
        int place = Find(peer, key);
        if (IsTooLarge(block, options, payloadLength, limit))
        {
            Abandon(place);
            return Refuse(CoapCode.RequestEntityTooLarge, null);
        }

        CoapBlock answer = block with { SizeExponent = Math.Min(block.SizeExponent, sizes.SizeExponent) };
        return block.Number == 0
            ? OnFirst(place, peer, key, preconditions, block, answer, payloadLength, now)
            : OnNext(place, preconditions, block, answer, payloadLength, now);
    }

    /// <summary>Gives a transfer the caller's own object, such as the place where the body goes.</summary>
    /// <returns>False where the transfer is over.</returns>
    public bool SetState(CoapTransferHandle transfer, object? state)
    {
        bool found = Contains(transfer);
        if (found)
        {
            _entries[transfer.Index].UserState = state;
        }

        return found;
    }

    /// <summary>Abandons a transfer, for example because its first block was answered with an error. Its state is given back by <see cref="TryTakeAbandoned"/>.</summary>
    /// <returns>False where the transfer is over.</returns>
    public bool Abandon(CoapTransferHandle transfer)
    {
        bool found = Contains(transfer);
        if (found)
        {
            Abandon(transfer.Index);
        }

        return found;
    }

    /// <summary>Abandons all transfers of a peer that has gone.</summary>
    public void RemovePeer(CoapPeerHandle peer)
    {
        foreach (int place in _ofPeer.Of(peer.Index))
        {
            if (_entries[place].Peer == peer)
            {
                Abandon(place);
            }
        }
    }

    /// <summary>Abandons transfers whose next block has not come in time.</summary>
    public void OnDeadline(TimeSpan now)
    {
        while (_deadlines.Earliest <= now.Ticks)
        {
            Abandon(_deadlines.EarliestPlace);
        }
    }

    /// <summary>Gives the state of a transfer that will not be completed, so that the caller can throw away what it has stored.</summary>
    /// <returns>False where there is none.</returns>
    public bool TryTakeAbandoned(out object? state)
    {
        int place = _abandoned.Head(0);
        if (place == PlaceLists.None)
        {
            state = null;
            return false;
        }

        _abandoned.Remove(0, place);
        state = _entries[place].UserState;
        Advance(ref _entries[place], CoapUploadInput.Taken);
        Free(place);
        return true;
    }

    /// <summary>A first block begins a body, in the place of one that was begun before (RFC 7959 section 2.5).</summary>
    private CoapUploadStep OnFirst(int place, CoapPeerHandle peer, ulong key, ulong preconditions, CoapBlock block, CoapBlock answer, int payloadLength, TimeSpan now)
    {
        Abandon(place);
        if (!block.More)
        {
            return new CoapUploadStep(CoapUploadKind.Store, default, null, 0, true, answer, CoapCode.Changed);
        }

        if (Count == _options.MaxTransfers || CountOf(peer) >= _options.MaxTransfersPerPeer)
        {
            return Refuse(CoapCode.ServiceUnavailable, null);
        }

        place = Add(peer, key);
        ref Entry entry = ref _entries[place];
        entry.Preconditions = preconditions;
        Advance(ref entry, CoapUploadInput.FirstBlock);
        return Store(place, 0, answer, payloadLength, now);
    }

    /// <summary>
    /// [C-131] A block that does not follow what was stored is answered 4.08 (section 2.9.2); the same block once more is not stored twice. [C-134] So is one with other preconditions than the first.
    /// </summary>
    private CoapUploadStep OnNext(int place, ulong preconditions, CoapBlock block, CoapBlock answer, int payloadLength, TimeSpan now)
    {
        if (place == PlaceLists.None)
        {
            return Refuse(CoapCode.RequestEntityIncomplete, answer with { More = block.More });
        }

        ref Entry entry = ref _entries[place];
        bool isConditionedAlike = preconditions == 0 || preconditions == entry.Preconditions;
        if (isConditionedAlike && block.More && block.Offset == entry.LastOffset && block.Offset + payloadLength == entry.Received)
        {
            Advance(ref entry, CoapUploadInput.SameBlock);
            return new CoapUploadStep(CoapUploadKind.Duplicate, HandleOf(place), entry.UserState, block.Offset, false, answer, CoapCode.Continue);
        }

        if (!isConditionedAlike || block.Offset != entry.Received)
        {
            Abandon(place);
            return Refuse(CoapCode.RequestEntityIncomplete, answer with { More = block.More });
        }

        if (block.More)
        {
            Advance(ref entry, CoapUploadInput.NextBlock);
            return Store(place, block.Offset, answer, payloadLength, now);
        }

        Advance(ref entry, CoapUploadInput.LastBlock);
        object? state = entry.UserState;
        Unlink(place);
        Free(place);
        return new CoapUploadStep(CoapUploadKind.Store, default, state, block.Offset, true, answer, CoapCode.Changed);
    }

    private CoapUploadStep Store(int place, long offset, CoapBlock answer, int payloadLength, TimeSpan now)
    {
        ref Entry entry = ref _entries[place];
        entry.LastOffset = offset;
        entry.Received = offset + payloadLength;
        _deadlines.Set(place, (now + _options.Timeout).Ticks);
        return new CoapUploadStep(CoapUploadKind.Store, HandleOf(place), entry.UserState, offset, false, answer, CoapCode.Continue);
    }

    private static CoapUploadStep Refuse(CoapCode code, CoapBlock? block) => new(CoapUploadKind.Refused, default, null, 0, false, block, code);

    /// <summary>[C-133] The body is measured before any of it is stored: by Size1 where the client tells it, by its end so far in any case (section 2.9.3).</summary>
    private static bool IsTooLarge(CoapBlock block, CoapOptions options, int payloadLength, long limit) =>
        block.Offset + payloadLength > limit
        || (options.TryFind(CoapOptionNumber.Size1, out CoapOption option) && option.TryGetUInt32(out uint size) && size > limit);

    /// <summary>What a request asks, hashed: the same for all who ask for a part of its response, be it with the payload of a FETCH or without.</summary>
    internal ulong KeyOfResponse(CoapCode code, CoapOptions options, ReadOnlySpan<byte> payload) => TransferKeys.OfResponse(_entropy, code, options, payload);

    private int Find(CoapPeerHandle peer, ulong key)
    {
        foreach (int place in _ofPeer.Of(peer.Index))
        {
            if (_entries[place].Key == key && _entries[place].Peer == peer)
            {
                return place;
            }
        }

        return PlaceLists.None;
    }

    private int CountOf(CoapPeerHandle peer)
    {
        int count = 0;
        foreach (int place in _ofPeer.Of(peer.Index))
        {
            count++;
        }

        return count;
    }

    private int Add(CoapPeerHandle peer, ulong key)
    {
        int place = _freeHead;
        if (place == PlaceLists.None)
        {
            place = _used++;
            if (place == _entries.Length)
            {
                Array.Resize(ref _entries, Math.Min(_options.MaxTransfers, _entries.Length * 2));
            }
        }
        else
        {
            _freeHead = _entries[place].NextFree;
        }

        uint version = unchecked(_entries[place].Version + 1);
        _entries[place] = new Entry { Version = version == 0 ? 1 : version, Peer = peer, Key = key };
        _ofPeer.Append(peer.Index, place);
        _layer?.Hold(peer);
        Count++;
        return place;
    }

    private void Abandon(int place)
    {
        if (place != PlaceLists.None)
        {
            Advance(ref _entries[place], CoapUploadInput.Abandon);
            Unlink(place);
            _abandoned.Append(0, place);
        }
    }

    private void Unlink(int place)
    {
        CoapPeerHandle peer = _entries[place].Peer;
        _ofPeer.Remove(peer.Index, place);
        _deadlines.Remove(place);
        _layer?.Release(peer);
    }

    private void Free(int place)
    {
        _entries[place].UserState = null;
        _entries[place].NextFree = _freeHead;
        _freeHead = place;
        Count--;
    }

    private bool Contains(CoapTransferHandle transfer) =>
        (uint)transfer.Index < (uint)_used && _entries[transfer.Index].Version == transfer.Version && _entries[transfer.Index].State == CoapUploadState.Receiving;

    private CoapTransferHandle HandleOf(int place) => new(place, _entries[place].Version);

    private static void Advance(ref Entry entry, CoapUploadInput input)
    {
        if (!CoapUploadTransitions.TryNext(entry.State, input, out CoapUploadState next))
        {
            throw new InvalidOperationException($"{input} in {entry.State}.");
        }

        entry.State = next;
    }

    private struct Entry
    {
        public CoapUploadState State;
        public uint Version;
        public CoapPeerHandle Peer;
        public ulong Key;
        public ulong Preconditions;
        public long LastOffset;
        public long Received;
        public object? UserState;
        public int NextFree;
    }

    // Implementation.
    private const int MinEntries = 16;
}

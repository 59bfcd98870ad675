using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Flint.Coap;

/// <summary>
/// The server's side of observation (RFC 7641 section 4), without I/O: who observes what, who is to be told of a change, when and how, and who has gone. It goes with a
/// <see cref="CoapMessageLayer"/>, whose handles it uses.
/// </summary>
/// <remarks>
/// <para>A change that comes while the one before is under way is not queued: the observer gets the newest state in the end, not every state (section 1.3).</para>
/// <para>Bounded (<see cref="CoapObserversOptions"/>); nothing is allocated but where a table grows. One thread at a time. docs/spec/coap-profile.md section 11.3.</para>
/// </remarks>
public sealed partial class CoapObservers
{
    private readonly CoapObserversOptions _options;
    private readonly CoapMessageLayer? _layer;
    private readonly PlaceLists _ofResource = new();
    private readonly PlaceLists _ofPeer = new();
    private readonly PlaceLists _ready = new();
    private readonly PlaceLists _unobserved = new();
    private readonly Stack<int> _freeResources = [];
    private readonly DeadlineHeap _deadlines = new();
    private Entry[] _entries;
    private int[] _sequences;
    private int[] _observerOfSend = new int[16];
    private int _used;
    private int _freeHead = PlaceLists.None;
    private int _resources;

    /// <summary>Begins without observers.</summary>
    /// <param name="options">Limits and paces.</param>
    /// <param name="layer">Where the peers are known: it does not take an observing peer for an idle one. Null where peers are connections.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option lies outside its range.</exception>
    public CoapObservers(CoapObserversOptions options, CoapMessageLayer? layer)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _layer = layer;
        _entries = new Entry[Math.Min(options.MaxObservers, MinEntries)];
        _sequences = new int[Math.Min(options.MaxResources, MinEntries)];
    }

    /// <summary>How many observers there are.</summary>
    public int Count { get; private set; }

    /// <summary>When <see cref="OnDeadline"/> is to be called next; null while there is nothing to wait for.</summary>
    public TimeSpan? NextDeadline => _deadlines.Count == 0 ? null : new TimeSpan(_deadlines.Earliest);

    /// <summary>Adds a resource that can be observed. Its first observer is to come before <see cref="TryTakeUnobserved"/> is asked.</summary>
    /// <param name="resource">Its number, from 0.</param>
    /// <returns>False where <see cref="CoapObserversOptions.MaxResources"/> are there.</returns>
    public bool TryAddResource(out int resource)
    {
        if (_freeResources.TryPop(out resource))
        {
            _unobserved.Append(0, resource);
            return true;
        }

        resource = _resources;
        if (_resources == _options.MaxResources)
        {
            return false;
        }

        if (_resources == _sequences.Length)
        {
            Array.Resize(ref _sequences, Math.Min(_options.MaxResources, _sequences.Length * 2));
        }

        _sequences[_resources++] = _options.FirstSequence;
        _unobserved.Append(0, resource);
        return true;
    }

    /// <summary>Gives a resource that nobody observes, or nobody any more, so that the caller can remove it.</summary>
    /// <returns>False where there is none.</returns>
    public bool TryTakeUnobserved(out int resource)
    {
        resource = _unobserved.Head(0);
        if (resource == PlaceLists.None)
        {
            return false;
        }

        _unobserved.Remove(0, resource);
        return true;
    }

    /// <summary>Removes a resource with all its observers. Its number is given again; the numbers of its notifications go on.</summary>
    public void RemoveResource(int resource)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(resource);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(resource, _resources);
        for (int place = _ofResource.Head(resource); place != PlaceLists.None; place = _ofResource.Head(resource))
        {
            Remove(place);
        }

        _unobserved.Remove(0, resource);
        _freeResources.Push(resource);
    }

    /// <summary>Whether a peer is told of a resource.</summary>
    public bool IsObserving(CoapPeerHandle peer, int resource)
    {
        for (int place = _ofPeer.Head(peer.Index); place != PlaceLists.None; place = _ofPeer.Next(place))
        {
            if (_entries[place].Peer == peer && _entries[place].Resource == resource)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes a request with Observe: 0 that will be answered with success.</summary>
    /// <param name="resource">What it asks for.</param>
    /// <param name="peer">Who asks.</param>
    /// <param name="token">Its token.</param>
    /// <param name="state">Given back with each notification: what the caller needs to write it, such as the Accept option.</param>
    /// <param name="now">Now.</param>
    /// <param name="observer">The observer, unless it is not added.</param>
    /// <param name="sequence">The value of the Observe option of the response, whose payload is to be read after this call.</param>
    public CoapRegisterStatus Register(
        int resource, CoapPeerHandle peer, ReadOnlySpan<byte> token, object? state, TimeSpan now, out CoapObserverHandle observer, out uint sequence)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(resource);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(resource, _resources);
        observer = default;
        sequence = 0;
        int place = Find(peer, token, out int ofPeer);
        CoapRegisterStatus status = CoapRegisterStatus.Renewed;
        if (place != PlaceLists.None && _entries[place].Resource != resource)
        {
            // The token stands for another request now.
            Remove(place);
            place = PlaceLists.None;
        }

        if (place == PlaceLists.None)
        {
            if (Count == _options.MaxObservers || ofPeer >= _options.MaxObserversPerPeer || token.Length > CoapHeader.MaxTokenLength)
            {
                return CoapRegisterStatus.NotAdded;
            }

            place = Add(resource, peer, token);
            _entries[place].LastConfirmable = now.Ticks;
            status = CoapRegisterStatus.Registered;
        }

        ref Entry entry = ref _entries[place];
        Advance(ref entry, CoapObserverInput.Register);
        entry.UserState = state;
        observer = new CoapObserverHandle(place, entry.Version);
        sequence = NextSequence(resource);
        return status;
    }

    /// <summary>Takes a request with Observe: 1, or an error that ends an observation (section 4.2).</summary>
    /// <returns>False where nobody observes with this token.</returns>
    public bool Deregister(CoapPeerHandle peer, ReadOnlySpan<byte> token)
    {
        int place = Find(peer, token, out _);
        if (place != PlaceLists.None)
        {
            Remove(place);
        }

        return place != PlaceLists.None;
    }

    /// <summary>Removes an observer whose last notification was sent: an error, or a state without the Observe option (section 4.2).</summary>
    /// <returns>False where it was removed before.</returns>
    public bool Remove(CoapObserverHandle observer)
    {
        bool found = Contains(observer);
        if (found)
        {
            Remove(observer.Index);
        }

        return found;
    }

    /// <summary>Removes all observers of a peer that has gone or cannot be reached.</summary>
    public void RemovePeer(CoapPeerHandle peer)
    {
        int place = _ofPeer.Head(peer.Index);
        while (place != PlaceLists.None)
        {
            int next = _ofPeer.Next(place);
            if (_entries[place].Peer == peer)
            {
                Remove(place);
            }

            place = next;
        }
    }

    /// <summary>Whether a message id is that of one of the last non-confirmable notifications to a peer.</summary>
    public bool HasSent(CoapPeerHandle peer, ushort messageId) => FindNotification(peer, messageId) != PlaceLists.None;

    /// <summary>[C-123] Takes a reset that belongs to no message under way: it may answer one of the last notifications that were non-confirmable (section 3.6).</summary>
    /// <returns>Whether an observer was removed.</returns>
    public bool OnReset(CoapPeerHandle peer, ushort messageId)
    {
        int place = FindNotification(peer, messageId);
        if (place != PlaceLists.None)
        {
            Remove(place);
        }

        return place != PlaceLists.None;
    }

    private int FindNotification(CoapPeerHandle peer, ushort messageId)
    {
        for (int place = _ofPeer.Head(peer.Index); place != PlaceLists.None; place = _ofPeer.Next(place))
        {
            ref Entry entry = ref _entries[place];
            if (entry.Peer == peer && entry.MessageIds.Contains(messageId))
            {
                return place;
            }
        }

        return PlaceLists.None;
    }

    private int Add(int resource, CoapPeerHandle peer, ReadOnlySpan<byte> token)
    {
        int place = _freeHead;
        if (place == PlaceLists.None)
        {
            place = _used++;
            if (place == _entries.Length)
            {
                Array.Resize(ref _entries, Math.Min(_options.MaxObservers, _entries.Length * 2));
            }
        }
        else
        {
            _freeHead = _entries[place].NextFree;
        }

        uint version = unchecked(_entries[place].Version + 1);
        _entries[place] = new Entry { Version = version == 0 ? 1 : version, Resource = resource, Peer = peer, TokenLength = token.Length };
        token.CopyTo(_entries[place].Token);
        _ofResource.Append(resource, place);
        _unobserved.Remove(0, resource);
        _ofPeer.Append(peer.Index, place);
        _layer?.Hold(peer);
        Count++;
        return place;
    }

    private void Remove(int place)
    {
        ref Entry entry = ref _entries[place];
        Advance(ref entry, CoapObserverInput.End);
        _ofResource.Remove(entry.Resource, place);
        if (_ofResource.Head(entry.Resource) == PlaceLists.None)
        {
            _unobserved.Append(0, entry.Resource);
        }

        _ofPeer.Remove(entry.Peer.Index, place);
        _ready.Remove(0, place);
        _deadlines.Remove(place);
        _layer?.Release(entry.Peer);
        entry.UserState = null;
        entry.NextFree = _freeHead;
        _freeHead = place;
        Count--;
    }

    private bool Contains(CoapObserverHandle observer) =>
        (uint)observer.Index < (uint)_used && _entries[observer.Index].Version == observer.Version && _entries[observer.Index].State != CoapObserverState.Unregistered;

    private int Find(CoapPeerHandle peer, ReadOnlySpan<byte> token, out int ofPeer)
    {
        ofPeer = 0;
        for (int place = _ofPeer.Head(peer.Index); place != PlaceLists.None; place = _ofPeer.Next(place))
        {
            ref Entry entry = ref _entries[place];
            if (entry.Peer == peer && token.SequenceEqual(entry.Token[..entry.TokenLength]))
            {
                return place;
            }

            ofPeer++;
        }

        return PlaceLists.None;
    }

    private uint NextSequence(int resource)
    {
        _sequences[resource] = (_sequences[resource] + 1) & CoapObserversOptions.MaxSequence;
        return (uint)_sequences[resource];
    }

    private static void Advance(ref Entry entry, CoapObserverInput input)
    {
        if (!CoapObserverTransitions.TryNext(entry.State, input, out CoapObserverState next))
        {
            throw new InvalidOperationException($"{input} in {entry.State}.");
        }

        entry.State = next;
    }

    private struct Entry
    {
        public CoapObserverState State;
        public uint Version;
        public int Resource;
        public CoapPeerHandle Peer;
        public TokenBytes Token;
        public int TokenLength;
        public object? UserState;
        public CoapSendHandle Send;
        public RecentMessageIds MessageIds;
        public int NonConfirmables;
        public long LastSent;
        public long LastConfirmable;
        public int NextFree;
    }

    [InlineArray(CoapHeader.MaxTokenLength)]
    private struct TokenBytes
    {
        private byte _element;
    }

    /// <summary>The message ids of the last non-confirmable notifications, plus one.</summary>
    [InlineArray(RememberedMessageIds)]
    private struct RecentMessageIds
    {
        private int _element;

        public readonly bool Contains(ushort messageId) => ((ReadOnlySpan<int>)this).Contains(messageId + 1);
    }

    // Implementation.
    private const int MinEntries = 16;
    private const int RememberedMessageIds = 4;
}

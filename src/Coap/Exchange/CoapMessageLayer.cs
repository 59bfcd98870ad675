using System;
using System.Buffers.Binary;

namespace Flint.Coap;

/// <summary>
/// The message layer and the matching of responses to requests, for both roles at once (RFC 7252 sections 4 and 5.2 to 5.3), without I/O: it takes
/// datagrams and the time, and gives datagrams, requests, responses and a deadline.
/// </summary>
/// <remarks>
/// <para>After every call, take what <see cref="TryTakeDatagram"/> and <see cref="TryTakeEnded"/> give until they say false. When
/// <see cref="NextDeadline"/> has come, call <see cref="OnDeadline"/>, until it lies ahead. Times are measured from any moment that the caller chooses, and never run backwards.</para>
/// <para>Every store is bounded (<see cref="CoapMessageLayerOptions"/>), and nothing is allocated but where a store grows. One thread at a time: shard by peer to use more.</para>
/// <para>docs/spec/coap-profile.md section 10 has the states and what is sent when.</para>
/// </remarks>
public sealed partial class CoapMessageLayer
{
    private readonly CoapMessageLayerOptions _options;
    private readonly EntropySource _entropy;
    private readonly PeerTable _peers;
    private readonly SendTable _sends;
    private readonly DeadlineHeap _deadlines = new();
    private readonly ExchangeTable _exchanges;
    private readonly DeduplicationStore _strict;
    private readonly DeduplicationStore _relaxed;
    private readonly DatagramQueue _output;
    private readonly long _exchangeLifetime;
    private readonly long _nonLifetime;
    private int _openStrict;
    private long _latest;

    /// <summary>Begins without peers.</summary>
    /// <param name="options">Parameters and limits.</param>
    /// <param name="entropy">At least 16 unpredictable bytes: jitter, first message ids and the order in the stores come from them.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option lies outside its range, or there is too little entropy.</exception>
    public CoapMessageLayer(CoapMessageLayerOptions options, ReadOnlySpan<byte> entropy)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _entropy = new EntropySource(entropy);
        _peers = new PeerTable(options.MaxPeers, _entropy);
        _sends = new SendTable(options.MaxSends, options.MaxMessageSize, _entropy);
        _exchanges = new ExchangeTable(options.MaxExchanges);
        _strict = new DeduplicationStore(options.DeduplicationBytes, _entropy, _peers);
        _relaxed = new DeduplicationStore(options.IdempotentDeduplicationBytes, _entropy, null);
        _output = new DatagramQueue(options.MaxOutputBytes);
        _exchangeLifetime = options.ExchangeLifetime.Ticks;
        _nonLifetime = options.NonLifetime.Ticks;
    }

    /// <summary>What was counted so far.</summary>
    public CoapMessageCounters Counters { get; } = new();

    /// <summary>How many peers are known.</summary>
    public int PeerCount => _peers.Count;

    /// <summary>How many messages are under way, those whose end was not taken among them.</summary>
    public int SendCount => _sends.Count;

    /// <summary>How many requests wait for their responses.</summary>
    public int ExchangeCount => _exchanges.Count;

    /// <summary>Whether nothing is under way, remembered or waiting to be taken. Peers may still be known.</summary>
    public bool IsEmpty => _sends.Count == 0 && _exchanges.Count == 0 && _deadlines.Count == 0 && _strict.IsEmpty && _relaxed.IsEmpty && _output.IsEmpty;

    /// <summary>When <see cref="OnDeadline"/> is to be called next; null while there is nothing to wait for.</summary>
    public TimeSpan? NextDeadline
    {
        get
        {
            long deadline = Math.Min(_deadlines.Earliest, _exchanges.NextAck);
            long oldest = Math.Min(_strict.Earliest, _relaxed.Earliest);
            if (oldest != long.MaxValue)
            {
                deadline = Math.Min(deadline, oldest - (oldest % PurgeInterval) + PurgeInterval);
            }

            return deadline == long.MaxValue ? null : new TimeSpan(deadline);
        }
    }

    /// <summary>Makes a peer known, before its first datagram or the first message to it.</summary>
    /// <returns>False where <see cref="CoapMessageLayerOptions.MaxPeers"/> are known: take an idle one first, or do without.</returns>
    public bool TryAddPeer(TimeSpan now, out CoapPeerHandle peer) => _peers.TryAdd(now.Ticks, false, out peer);

    /// <summary>
    /// Makes a multicast group known, to which non-confirmable requests can be sent (RFC 7252 section 8). The responses come from peers, each of which is to be
    /// made known as one; they are told as <see cref="CoapReceivedKind.Notification"/> until the time-out of the request.
    /// </summary>
    /// <returns>False where <see cref="CoapMessageLayerOptions.MaxPeers"/> are known.</returns>
    public bool TryAddGroup(TimeSpan now, out CoapPeerHandle group) => _peers.TryAdd(now.Ticks, true, out group);

    /// <summary>
    /// Forgets the peer that is idle for the longest time, so that the caller can forget its address. A peer is idle when nothing to or from it is under way, none of its
    /// requests must be remembered, it observes nothing, and EXCHANGE_LIFETIME has passed since a message id was used towards it.
    /// </summary>
    /// <param name="now">Now.</param>
    /// <param name="idleFor">The least time that it must have been idle.</param>
    /// <param name="peer">The peer, whose handle is valid no more.</param>
    /// <returns>False where no peer is idle for so long.</returns>
    public bool TryTakeIdlePeer(TimeSpan now, TimeSpan idleFor, out CoapPeerHandle peer)
    {
        int index = _peers.LongestIdle;
        for (int i = 0; i < IdlePeersLookedAt && index != PeerTable.None; i++)
        {
            ref PeerEntry entry = ref _peers[index];
            if (now.Ticks - entry.IdleSince < idleFor.Ticks)
            {
                break;
            }

            if (!entry.MessageIds.AreInUse(now.Ticks, _exchangeLifetime))
            {
                peer = _peers.HandleOf(index);
                _peers.Remove(index);
                return true;
            }

            index = entry.IdleNext;
        }

        peer = default;
        return false;
    }

    /// <summary>
    /// Forgets a peer that is idle but for the message ids used towards it, where a table that is full would otherwise shut out everybody: a peer of which nobody knows whether it is there at all.
    /// Should it come back, its message ids begin anew at random.
    /// </summary>
    /// <param name="isStranger">Whether such a peer may go.</param>
    /// <param name="peer">The peer, whose handle is valid no more.</param>
    /// <returns>False where there is none among those that are idle for longest.</returns>
    internal bool TryTakeStranger(Func<CoapPeerHandle, bool> isStranger, out CoapPeerHandle peer)
    {
        int index = _peers.LongestIdle;
        for (int i = 0; i < IdlePeersLookedAt && index != PeerTable.None; i++)
        {
            peer = _peers.HandleOf(index);
            if (isStranger(peer))
            {
                _peers.Remove(index);
                return true;
            }

            index = _peers[index].IdleNext;
        }

        peer = default;
        return false;
    }

    /// <summary>
    /// Forgets a peer at once: its messages under way end with <see cref="CoapEndReason.PeerRemoved"/>, its exchanges are closed. For peers that are
    /// known to be gone; what the layer promises about duplicates and message ids ends with it.
    /// </summary>
    public void RemovePeer(CoapPeerHandle peer, TimeSpan now)
    {
        if (!_peers.Contains(peer))
        {
            return;
        }

        EndAll(peer, CoapEndReason.PeerRemoved, now.Ticks);
        for (int place = 0; place < _exchanges.Used; place++)
        {
            if (_exchanges[place].IsOpen && _exchanges[place].Peer == peer)
            {
                CloseExchange(place, now.Ticks);
            }
        }

        _peers.Remove(peer.Index);
    }

    /// <summary>
    /// Takes the transport's word that the peer cannot be reached, such as an ICMP error: every message under way to it ends with
    /// <see cref="CoapEndReason.Unreachable"/> (RFC 7252 section 4.2). The peer stays known.
    /// </summary>
    public void OnUnreachable(CoapPeerHandle peer, TimeSpan now)
    {
        if (_peers.Contains(peer))
        {
            EndAll(peer, CoapEndReason.Unreachable, now.Ticks);
        }
    }

    /// <summary>Whether a message to the peer with this message id is under way: one that the quotation in an ICMP error may name (RFC 7252 section 4.2).</summary>
    public bool IsUnderWay(CoapPeerHandle peer, ushort messageId) => _sends.FindMessageId(peer, messageId) != SendTable.None;

    /// <summary>Does what time asks for: retransmissions, acknowledgements, ends. Where more is due than the output holds, the rest stays due.</summary>
    public void OnDeadline(TimeSpan now)
    {
        long ticks = _latest = now.Ticks;
        while (_deadlines.Earliest <= ticks && _output.HasRoom(_options.MaxMessageSize))
        {
            OnTimer(_deadlines.EarliestPlace, ticks);
        }

        while (_exchanges.NextAck <= ticks && _output.HasRoom(CoapHeader.Length))
        {
            AcknowledgeSeparately(_exchanges.NextAckPlace);
        }

        Purge(ticks);
    }

    /// <summary>Gives the next datagram to send, in order.</summary>
    /// <param name="peer">To whom.</param>
    /// <param name="datagram">The bytes, valid until another member than this one is called.</param>
    /// <returns>False where there is none.</returns>
    public bool TryTakeDatagram(out CoapPeerHandle peer, out ReadOnlyMemory<byte> datagram) => _output.TryTake(out peer, out datagram);

    /// <summary>Gives the next message that ended without a response: each is told once.</summary>
    /// <returns>False where there is none.</returns>
    public bool TryTakeEnded(out CoapEnded ended) => _sends.TryTakeEnded(out ended);

    /// <summary>Keeps a peer from being idle, as long as another machine knows it.</summary>
    internal void Hold(CoapPeerHandle peer)
    {
        if (_peers.Contains(peer))
        {
            _peers.BeforeUse(peer.Index);
            _peers[peer.Index].Holds++;
        }
    }

    /// <summary>The opposite of <see cref="Hold"/>.</summary>
    internal void Release(CoapPeerHandle peer)
    {
        if (_peers.Contains(peer))
        {
            _peers[peer.Index].Holds--;
            _peers.AfterUse(peer.Index, _latest);
        }
    }

    private void Purge(long now)
    {
        _strict.Purge(now);
        _relaxed.Purge(now);
    }

    /// <summary>Gives out a copy of a message, with the type and the message id that it is to have.</summary>
    private bool Emit(CoapPeerHandle peer, ReadOnlySpan<byte> message, CoapType type, ushort messageId)
    {
        if (!_output.TryAdd(peer, message.Length, out Span<byte> datagram))
        {
            Counters.OutputDropped++;
            return false;
        }

        message.CopyTo(datagram);
        SetHeader(datagram, type, messageId);
        return true;
    }

    private void EmitEmpty(CoapPeerHandle peer, CoapType type, ushort messageId)
    {
        if (!_output.TryAdd(peer, CoapHeader.Length, out Span<byte> datagram))
        {
            Counters.OutputDropped++;
            return;
        }

        BinaryPrimitives.WriteUInt32BigEndian(datagram, (uint)CoapHeader.Version << 30 | (uint)type << 28 | messageId);
        if (type == CoapType.Reset)
        {
            Counters.Resets++;
        }
        else
        {
            Counters.Acknowledgements++;
        }
    }

    private static void SetHeader(Span<byte> message, CoapType type, ushort messageId)
    {
        message[0] = unchecked((byte)((message[0] & TypeMask) | (int)type << 4));
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], messageId);
    }

    // Implementation.
    private const byte TypeMask = 0b1100_1111;
    private const int IdlePeersLookedAt = 8;
    private const long PurgeInterval = 8 * TimeSpan.TicksPerSecond;
}

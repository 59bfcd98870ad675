using System.Buffers.Binary;

namespace Flint.Coap.Tests.Soak;

/// <summary>
/// A server of the machines alone (message layer, observers, uploads), with tight limits, and a referee beside it: of each datagram it knows by the sections of RFC 7252
/// what may be sent at once, and it counts.
/// </summary>
internal sealed class SoakServer
{
    private readonly CoapMessageLayer _layer;
    private readonly CoapObservers _observers;
    private readonly CoapUploads _uploads;
    private readonly SoakTraffic _traffic;
    private readonly Random _random;
    private readonly Dictionary<int, CoapPeerHandle> _peers = [];
    private readonly int[] _addresses;
    private readonly Queue<(CoapExchangeHandle Exchange, byte[] Token)> _late = new();
    private readonly byte[] _response = new byte[1200];
    private readonly byte[] _body = new byte[3000];
    private TimeSpan _now = TimeSpan.FromSeconds(1);
    private int _replies;

    public SoakServer(int seed, SoakTraffic traffic)
    {
        _traffic = traffic;
        _random = new Random(seed);
        var entropy = new byte[16];
        _random.NextBytes(entropy);
        _layer = new CoapMessageLayer(Limits, entropy);
        _observers = new CoapObservers(new CoapObserversOptions { MaxObservers = MaxObservers, MaxResources = 8, ConfirmableEvery = 3 }, _layer);
        _uploads = new CoapUploads(
            new CoapUploadsOptions { MaxTransfers = MaxUploads, MaxTransfersPerPeer = 3, Sizes = new CoapBlockSizes { MaxBody = 4096 } }, _layer, entropy);
        _addresses = new int[Limits.MaxPeers];
        for (int i = 0; i < 8; i++)
        {
            _observers.TryAddResource(out _);
        }
    }

    /// <summary>How many datagrams had each fault, by the referee's count.</summary>
    public long[] Malformed { get; } = new long[Enum.GetValues<CoapReadStatus>().Length];

    /// <summary>What was sent at once, by what came: "malformed: reset" and so on.</summary>
    public SortedDictionary<string, long> Answers { get; } = new(StringComparer.Ordinal);

    public CoapMessageCounters Counters => _layer.Counters;

    /// <summary>Datagrams from addresses for which there was no place.</summary>
    public long Turned { get; private set; }

    public int MostPeers { get; private set; }

    public int MostObservers { get; private set; }

    public int MostUploads { get; private set; }

    public void OnDatagram(int address, ReadOnlySpan<byte> datagram)
    {
        _now += TimeSpan.FromTicks(_random.Next(2 * (int)TimeSpan.TicksPerMillisecond * 5));
        if (!TryGetPeer(address, out CoapPeerHandle peer))
        {
            Turned++;
            return;
        }

        bool multicast = _random.Next(50) == 0;
        CoapReadStatus status = CoapMessageReader.TryRead(datagram, out CoapMessageReader message);
        Malformed[(int)status]++;
        long duplicates = _layer.Counters.Duplicates;
        CoapReceived received = _layer.OnDatagram(peer, datagram, _now, multicast);
        string reply = Drain(peer, datagram);
        Judge(status, message, received.Kind, reply, multicast, _layer.Counters.Duplicates > duplicates, datagram);
        if (received.Kind == CoapReceivedKind.Request)
        {
            Serve(peer, received.Exchange, message, datagram, multicast);
        }
        else if (received.Kind == CoapReceivedKind.Reset)
        {
            _observers.OnReset(peer, message.MessageId);
        }

        Meanwhile();
        Drain(default, default);
    }

    /// <summary>Lets the time of everything run out, and checks that nothing is left.</summary>
    public void AssertNothingIsLeft()
    {
        while (_late.TryDequeue(out (CoapExchangeHandle Exchange, byte[] Token) late))
        {
            _layer.RespondNothing(late.Exchange, _now);
        }

        foreach (CoapPeerHandle peer in _peers.Values)
        {
            _observers.RemovePeer(peer);
        }

        while (_layer.NextDeadline is not null || _uploads.NextDeadline is not null)
        {
            _now += TimeSpan.FromSeconds(10);
            Deadlines();
            Drain(default, default);
        }

        Assert.True(_layer.IsEmpty);
        Assert.Equal(0, _uploads.Count);
        Assert.Equal(0, _observers.Count);
        while (_layer.TryTakeIdlePeer(_now + TimeSpan.FromHours(1), TimeSpan.Zero, out _))
        {
        }

        Assert.Equal(0, _layer.PeerCount);
    }

    public void AssertBounded()
    {
        Assert.InRange(_layer.PeerCount, 0, Limits.MaxPeers);
        Assert.InRange(_layer.SendCount, 0, Limits.MaxSends);
        Assert.InRange(_layer.ExchangeCount, 0, Limits.MaxExchanges);
        Assert.InRange(_observers.Count, 0, MaxObservers);
        Assert.InRange(_uploads.Count, 0, MaxUploads);
        MostPeers = Math.Max(MostPeers, _layer.PeerCount);
        MostObservers = Math.Max(MostObservers, _observers.Count);
        MostUploads = Math.Max(MostUploads, _uploads.Count);
    }

    /// <summary>What RFC 7252 lets a server send at once: one reply at most, and which.</summary>
    private void Judge(CoapReadStatus status, CoapMessageReader message, CoapReceivedKind kind, string reply, bool multicast, bool duplicate, ReadOnlySpan<byte> datagram)
    {
        bool confirmable = datagram.Length >= 4 && datagram[0] >> 4 == 4;
        string what;
        bool right;
        if (status != CoapReadStatus.Ok)
        {
            // Section 4.2: a confirmable message that cannot be processed is reset; section 4.3 and section 3: everything else is ignored.
            what = $"malformed, {status}";
            right = kind == CoapReceivedKind.None && reply == (confirmable && !multicast ? "reset" : "silence");
        }
        else if (duplicate)
        {
            // Section 4.5: a confirmable one gets what the first one got, any other is ignored.
            what = "duplicate";
            right = kind == CoapReceivedKind.None && ((confirmable && !multicast) || reply == "silence");
        }
        else if (message.Code == CoapCode.Empty)
        {
            what = confirmable ? "ping" : "empty acknowledgement or reset";
            right = reply == (confirmable && !multicast ? "reset" : "silence");
        }
        else if (message.Code.IsRequest())
        {
            // A new one is the handler's to answer; one too many gets 4.29 (RFC 8516) or 5.03 (section 5.9.3.4), where it is confirmable.
            what = kind == CoapReceivedKind.Request ? "request, new" : "request, one too many";
            right = kind == CoapReceivedKind.Request || !confirmable || multicast ? reply == "silence" : reply is "4.29" or "5.03";
        }
        else
        {
            // Section 4.2: a confirmable response that nobody waits for is reset; RFC 7641 section 3.6: a notification too.
            bool notification = message.Options.TryFind(CoapOptionNumber.Observe, out _);
            what = "response to nothing";
            right = kind == CoapReceivedKind.None && reply == (!multicast && (confirmable || (notification && message.Type == CoapType.NonConfirmable)) ? "reset" : "silence");
        }

        Assert.True(right, $"{what}: {reply}, {kind}, {(multicast ? "multicast, " : "")}{Convert.ToHexString(datagram[..Math.Min(64, datagram.Length)])}");
        Count($"{what}: {reply}");
    }

    private void Serve(CoapPeerHandle peer, CoapExchangeHandle exchange, CoapMessageReader message, ReadOnlySpan<byte> datagram, bool multicast)
    {
        bool confirmable = message.Type == CoapType.Confirmable && !multicast;
        if (HasUnknownCriticalOption(message.Options))
        {
            // Section 5.4.1: 4.02 to a confirmable request, silence to any other.
            if (confirmable)
            {
                Respond(exchange, CoapCode.BadOption, message.Token, null, null);
            }
            else
            {
                _layer.Reject(exchange, _now);
            }

            Expect(peer, datagram, confirmable ? "4.02" : "silence", "request, unknown critical option");
            return;
        }

        if (_random.Next(10) == 0)
        {
            _late.Enqueue((exchange, message.Token.ToArray()));
            return;
        }

        CoapUploadStep step = _uploads.OnRequest(peer, message.Code, message.Options, message.Payload.Length, _now);
        if (step.Kind == CoapUploadKind.Store && step.Offset == 0 && !step.IsLast)
        {
            _uploads.SetState(step.Transfer, new byte[64]);
        }

        CoapCode code = step.Kind == CoapUploadKind.Whole || step.IsLast ? CoapCode.Content : step.Code;
        uint? observe = null;
        if (code == CoapCode.Content && message.Code == CoapCode.Get && message.Options.TryFind(CoapOptionNumber.Observe, out CoapOption option))
        {
            if (option.Value.IsEmpty && _observers.Register(_random.Next(8), peer, message.Token, this, _now, out _, out uint sequence) != CoapRegisterStatus.NotAdded)
            {
                observe = sequence;
            }
            else
            {
                _observers.Deregister(peer, message.Token);
            }
        }

        CoapBlock? block2 = null;
        if (code == CoapCode.Content && (!CoapServedBlock.TryRead(message.Options, CoapBlockSizes.Datagram, out CoapServedBlock served) || !TryCut(served, out block2)))
        {
            code = CoapCode.BadRequest;
            block2 = null;
        }

        Respond(exchange, code, message.Token, observe, block2);
        Expect(peer, datagram, multicast ? "silence" : confirmable ? code.ToDotted() : null, "request, served");
    }

    private bool TryCut(CoapServedBlock served, out CoapBlock? block)
    {
        int offset = (int)Math.Min(served.Offset, _body.Length);
        int count = Math.Min(served.MaxCount, _body.Length - offset);
        return served.TryAnswer(count, offset + count == _body.Length, out block);
    }

    private void Respond(CoapExchangeHandle exchange, CoapCode code, ReadOnlySpan<byte> token, uint? observe, CoapBlock? block2) =>
        _layer.TryRespond(exchange, Write(CoapType.Acknowledgement, code, token, observe, block2), _now);

    private ReadOnlySpan<byte> Write(CoapType type, CoapCode code, ReadOnlySpan<byte> token, uint? observe, CoapBlock? block2)
    {
        var writer = new CoapMessageWriter(_response);
        writer.WriteHeader(type, code, 0, token);
        if (observe is uint sequence)
        {
            writer.WriteOption(CoapOptionNumber.Observe, sequence);
        }

        if (block2 is CoapBlock block)
        {
            writer.WriteOption(CoapOptionNumber.Block2, block.Value);
        }

        writer.WritePayload(_body.AsSpan(0, 100));
        Assert.True(writer.TryComplete(out int length));
        return _response.AsSpan(0, length);
    }

    /// <summary>Checks the reply to a request that the handler has answered; null: anything with its token may come, or nothing where a limit is reached.</summary>
    private void Expect(CoapPeerHandle peer, ReadOnlySpan<byte> datagram, string? expected, string what)
    {
        string reply = Drain(peer, datagram);
        Assert.True(expected is null ? reply is "silence" : reply == expected, $"{what}: {reply}, not {expected}");
        Count($"{what}: {(expected is null ? "non-confirmable response" : reply)}");
    }

    /// <summary>What happens beside the datagrams: time, late answers, changes of resources.</summary>
    private void Meanwhile()
    {
        if (_late.Count > 30 || (_late.Count > 0 && _random.Next(60) == 0))
        {
            (CoapExchangeHandle exchange, byte[] token) = _late.Dequeue();
            switch (_random.Next(4))
            {
                case 0:
                    _layer.RespondNothing(exchange, _now);
                    break;
                case 1:
                    _layer.Reject(exchange, _now);
                    break;
                default:
                    Respond(exchange, CoapCode.Content, token, null, null);
                    break;
            }
        }

        if (_random.Next(500) == 0)
        {
            _observers.Notify(_random.Next(8), _now);
        }

        Deadlines();
    }

    private void Deadlines()
    {
        if (_layer.NextDeadline <= _now)
        {
            _layer.OnDeadline(_now);
        }

        _uploads.OnDeadline(_now);
        _observers.OnDeadline(_now);
    }

    /// <summary>Takes what is to be sent. Of the acknowledgements and resets to <paramref name="peer"/> there may be one, and it must belong to the datagram.</summary>
    /// <returns>"silence", "reset", "acknowledgement", or the code of the reply.</returns>
    private string Drain(CoapPeerHandle peer, ReadOnlySpan<byte> datagram)
    {
        string reply = "silence";
        _replies = 0;
        while (_uploads.TryTakeAbandoned(out _))
        {
        }

        while (_layer.TryTakeEnded(out CoapEnded ended))
        {
            _observers.OnEnded(ended, _now);
        }

        while (_observers.TryTakeNotification(_now, out CoapNotification notification))
        {
            Send(notification);
        }

        while (_layer.TryTakeDatagram(out CoapPeerHandle to, out ReadOnlyMemory<byte> sent))
        {
            _traffic.OnSent(_addresses[to.Index], sent.Span);
            var type = (CoapType)(sent.Span[0] >> 4 & 3);
            if (datagram.IsEmpty || type is CoapType.Confirmable or CoapType.NonConfirmable)
            {
                continue;
            }

            if (BinaryPrimitives.ReadUInt16BigEndian(sent.Span[2..]) == BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]) && to == peer)
            {
                _replies++;
                reply = type == CoapType.Reset ? "reset" : sent.Span[1] == 0 ? "acknowledgement" : ((CoapCode)sent.Span[1]).ToDotted();
            }
        }

        Assert.InRange(_replies, 0, 1);
        return reply;
    }

    private void Send(CoapNotification notification)
    {
        ReadOnlySpan<byte> message = Write(CoapType.Confirmable, CoapCode.Content, notification.Token, notification.Sequence, null);
        if (notification.Replaces is CoapSendHandle old)
        {
            _layer.TryReplace(old, message);
            _observers.OnReplaced(notification.Observer);
        }
        else if (notification.IsConfirmable && _layer.TrySendConfirmable(notification.Peer, message, this, _now, out CoapSendHandle handle) == CoapSendStatus.Ok)
        {
            _observers.OnSentConfirmable(notification.Observer, handle, _now);
        }
        else if (!notification.IsConfirmable && _layer.TrySendNonConfirmable(notification.Peer, message, _now, out ushort id) == CoapSendStatus.Ok)
        {
            _observers.OnSentNonConfirmable(notification.Observer, id, _now);
        }
        else
        {
            _observers.OnNotSent(notification.Observer, _now);
        }
    }

    private bool TryGetPeer(int address, out CoapPeerHandle peer)
    {
        if (_peers.TryGetValue(address, out peer))
        {
            return true;
        }

        if (!_layer.TryAddPeer(_now, out peer))
        {
            if (!_layer.TryTakeIdlePeer(_now, TimeSpan.Zero, out CoapPeerHandle idle))
            {
                return false;
            }

            _peers.Remove(_addresses[idle.Index]);
            if (!_layer.TryAddPeer(_now, out peer))
            {
                return false;
            }
        }

        _addresses[peer.Index] = address;
        _peers.Add(address, peer);
        return true;
    }

    private static bool HasUnknownCriticalOption(CoapOptions options)
    {
        foreach (CoapOption option in options)
        {
            if (option.Number.IsCritical() && (!Known.Contains((ushort)option.Number) || !option.Number.AllowsLength(option.Value.Length)))
            {
                return true;
            }
        }

        return false;
    }

    private void Count(string what) => Answers[what] = Answers.GetValueOrDefault(what) + 1;

    private static ReadOnlySpan<ushort> Known => [3, 7, 11, 15, 17, 23, 27];

    private static readonly CoapMessageLayerOptions Limits = new()
    {
        MaxPeers = 600,
        MaxExchanges = 24,
        MaxExchangesPerPeer = 3,
        MaxSends = 100,
        MaxSendsPerPeer = 8,
        MaxDeduplicatedPerPeer = 30,
        DeduplicationBytes = 1 << 20,
        IdempotentDeduplicationBytes = 1 << 18,
        MaxOutputBytes = 1 << 16,
    };

    private const int MaxObservers = 200;
    private const int MaxUploads = 32;
}

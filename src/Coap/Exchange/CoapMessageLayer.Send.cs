using System;

namespace Flint.Coap;

public sealed partial class CoapMessageLayer
{
    /// <summary>Sends a request, as soon as NSTART lets it (RFC 7252 section 4.7). It ends once: with a response, or with one <see cref="CoapEnded"/>.</summary>
    /// <param name="peer">To whom; to a group, the request stays open until its time-out.</param>
    /// <param name="request">A whole request. Its token tells its response apart; its type says whether it is confirmable; its message id is filled in.</param>
    /// <param name="keepOpen">Whether it stays open after a response, for more with the same token (RFC 7641), until <see cref="Cancel"/>.</param>
    /// <param name="timeout">How long to wait for the (first) response; null for EXCHANGE_LIFETIME, or NON_LIFETIME where the request is non-confirmable.</param>
    /// <param name="state">Given back with the response or the end.</param>
    /// <param name="now">Now.</param>
    /// <param name="handle">The request under way, where the result is <see cref="CoapSendStatus.Ok"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="request"/> is no request.</exception>
    public CoapSendStatus TryRequest(
        CoapPeerHandle peer, ReadOnlySpan<byte> request, bool keepOpen, TimeSpan? timeout, object? state, TimeSpan now, out CoapSendHandle handle)
    {
        int tokenLength = ReadTokenLength(request, true, out int tokenOffset);
        handle = default;
        bool isToGroup = _peers.Contains(peer) && _peers[peer.Index].IsGroup;
        if (isToGroup && IsConfirmable(request))
        {
            throw new ArgumentException("A request to a group is non-confirmable (RFC 7252 section 8.1).", nameof(request));
        }

        if (_peers.Contains(peer) && FindToken(peer, request.Slice(tokenOffset, tokenLength)) != SendTable.None)
        {
            return CoapSendStatus.TokenInUse;
        }

        long deadline = DeadlineOf(request, timeout, now);
        CoapSendStatus status = Open(peer, request, CoapSendInput.OpenRequest, state, deadline, now.Ticks, out int place);
        if (status == CoapSendStatus.Ok)
        {
            ref SendEntry entry = ref _sends[place];
            entry.IsKeptOpen = keepOpen || isToGroup;
            entry.IsToGroup = isToGroup;
            _sends.SetToken(place, tokenOffset, tokenLength);
            handle = _sends.HandleOf(place);
        }

        return status;
    }

    /// <summary>Sends a request that is kept open once more, with the same token: to renew an observation, or to end it (RFC 7641 section 3.3).</summary>
    /// <param name="handle">The request under way; no transmission of it is outstanding.</param>
    /// <param name="request">A whole request with the same token.</param>
    /// <param name="keepOpen">False where the next response is to be the last.</param>
    /// <param name="timeout">As in <see cref="TryRequest"/>.</param>
    /// <param name="now">Now.</param>
    /// <returns>False where the request is over, is being sent, or has another token, or where <paramref name="request"/> is too large.</returns>
    /// <exception cref="ArgumentException"><paramref name="request"/> is no request.</exception>
    public bool TryRepeat(CoapSendHandle handle, ReadOnlySpan<byte> request, bool keepOpen, TimeSpan? timeout, TimeSpan now)
    {
        int tokenLength = ReadTokenLength(request, true, out int tokenOffset);
        if (!_sends.Contains(handle) || request.Length > _options.MaxMessageSize
            || !_sends.Token(handle.Index).SequenceEqual(request.Slice(tokenOffset, tokenLength))
            || !CoapSendTransitions.TryNext(_sends[handle.Index].State, CoapSendInput.Repeat, out _))
        {
            return false;
        }

        int place = handle.Index;
        ref SendEntry entry = ref _sends[place];
        StopCounting(place);
        Advance(ref entry, CoapSendInput.Repeat);
        _sends.Replace(place, request);
        entry.IsConfirmable = IsConfirmable(request);
        entry.IsKeptOpen = keepOpen;
        entry.Retransmissions = 0;
        entry.Deadline = DeadlineOf(request, timeout, now);
        Enqueue(place);
        Pump(entry.Peer, now.Ticks);
        return true;
    }

    /// <summary>Sends a confirmable response that answers no open exchange: a notification (RFC 7641 section 4.5), as soon as NSTART lets it.</summary>
    /// <param name="peer">To whom.</param>
    /// <param name="response">A whole response; its type and message id are filled in.</param>
    /// <param name="state">Given back with the end; null where the end does not matter, and is then not told.</param>
    /// <param name="now">Now.</param>
    /// <param name="handle">The response under way, where the result is <see cref="CoapSendStatus.Ok"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="response"/> is no response.</exception>
    public CoapSendStatus TrySendConfirmable(CoapPeerHandle peer, ReadOnlySpan<byte> response, object? state, TimeSpan now, out CoapSendHandle handle)
    {
        ReadTokenLength(response, false, out _);
        CoapSendStatus status = Open(peer, response, CoapSendInput.OpenResponse, state, long.MaxValue, now.Ticks, out int place);
        handle = status == CoapSendStatus.Ok ? _sends.HandleOf(place) : default;
        return status;
    }

    /// <summary>Sends a non-confirmable response at once; nothing is remembered of it.</summary>
    /// <param name="peer">To whom.</param>
    /// <param name="response">A whole response; its type and message id are filled in.</param>
    /// <param name="now">Now.</param>
    /// <param name="messageId">Its message id, by which a reset would name it.</param>
    /// <exception cref="ArgumentException"><paramref name="response"/> is no response.</exception>
    public CoapSendStatus TrySendNonConfirmable(CoapPeerHandle peer, ReadOnlySpan<byte> response, TimeSpan now, out ushort messageId)
    {
        ReadTokenLength(response, false, out _);
        if (!_peers.Contains(peer))
        {
            messageId = 0;
            return CoapSendStatus.UnknownPeer;
        }

        return EmitOnce(peer, response, now, out messageId);
    }

    /// <summary>Gives a message to the output, non-confirmable and under a new message id.</summary>
    private CoapSendStatus EmitOnce(CoapPeerHandle peer, ReadOnlySpan<byte> message, TimeSpan now, out ushort messageId)
    {
        messageId = 0;
        if (message.Length > _options.MaxMessageSize)
        {
            return CoapSendStatus.MessageTooLarge;
        }

        if (!_output.HasRoom(message.Length))
        {
            return CoapSendStatus.OutputFull;
        }

        if (!_peers[peer.Index].MessageIds.TryTake(now.Ticks, _exchangeLifetime, out messageId, out _))
        {
            return CoapSendStatus.NoMessageId;
        }

        Emit(peer, message, CoapType.NonConfirmable, messageId);
        return CoapSendStatus.Ok;
    }

    /// <summary>
    /// Puts a newer response in the place of a confirmable one that is not yet acknowledged. It goes out with the next transmission, under a
    /// new message id where the older one was sent already; attempts and time-outs go on (RFC 7641 section 4.5.2).
    /// </summary>
    /// <returns>False where the response has ended, or the newer one is too large.</returns>
    /// <exception cref="ArgumentException"><paramref name="response"/> is no response.</exception>
    public bool TryReplace(CoapSendHandle handle, ReadOnlySpan<byte> response)
    {
        ReadTokenLength(response, false, out _);
        if (!_sends.Contains(handle) || response.Length > _options.MaxMessageSize
            || _sends[handle.Index].State is not (CoapSendState.ResponseQueued or CoapSendState.ResponseTx))
        {
            return false;
        }

        _sends.Replace(handle.Index, response);
        _sends[handle.Index].IsReplaced = _sends[handle.Index].State == CoapSendState.ResponseTx;
        return true;
    }

    /// <summary>Gives up a message under way; nothing more is told of it. A response that still comes is reset or ignored.</summary>
    /// <returns>False where it had ended.</returns>
    public bool Cancel(CoapSendHandle handle, TimeSpan now)
    {
        if (!_sends.Contains(handle))
        {
            return false;
        }

        CoapPeerHandle peer = _sends[handle.Index].Peer;
        Close(handle.Index, CoapSendInput.Cancel, now.Ticks);
        _sends.Free(handle.Index);
        Pump(peer, now.Ticks);
        return true;
    }

    private CoapSendStatus Open(
        CoapPeerHandle peer, ReadOnlySpan<byte> message, CoapSendInput input, object? state, long deadline, long now, out int place)
    {
        place = SendTable.None;
        if (!_peers.Contains(peer))
        {
            return CoapSendStatus.UnknownPeer;
        }

        if (message.Length > _options.MaxMessageSize)
        {
            return CoapSendStatus.MessageTooLarge;
        }

        if (_sends.IsFull || _peers[peer.Index].Sends >= _options.MaxSendsPerPeer)
        {
            return CoapSendStatus.TooManyMessages;
        }

        place = _sends.Add(peer, message);
        ref SendEntry entry = ref _sends[place];
        Advance(ref entry, input);
        entry.UserState = state;
        entry.IsConfirmable = input == CoapSendInput.OpenResponse || (input != CoapSendInput.OpenBody && IsConfirmable(message));
        entry.Deadline = deadline;

        _peers.BeforeUse(peer.Index);
        ref PeerEntry peerEntry = ref _peers[peer.Index];
        peerEntry.Sends++;
        entry.PeerNext = peerEntry.SendHead;
        if (peerEntry.SendHead != SendTable.None)
        {
            _sends[peerEntry.SendHead].PeerPrevious = place;
        }

        peerEntry.SendHead = place;
        if (input == CoapSendInput.OpenBody)
        {
            return CoapSendStatus.Ok;
        }

        if (input == CoapSendInput.OpenDelayed)
        {
            SetTimer(place, now + _entropy.Next(_options.Leisure.Ticks));
            return CoapSendStatus.Ok;
        }

        Enqueue(place);
        Pump(peer, now);
        return CoapSendStatus.Ok;
    }

    private void Enqueue(int place)
    {
        ref SendEntry entry = ref _sends[place];
        ref PeerEntry peer = ref _peers[entry.Peer.Index];
        entry.QueueNext = SendTable.None;
        if (peer.QueueHead == SendTable.None)
        {
            peer.QueueHead = place;
        }
        else
        {
            _sends[peer.QueueTail].QueueNext = place;
        }

        peer.QueueTail = place;
        SetTimer(place, long.MaxValue);
    }

    private void Dequeue(int place)
    {
        ref PeerEntry peer = ref _peers[_sends[place].Peer.Index];
        int previous = SendTable.None;
        for (int i = peer.QueueHead; i != place; i = _sends[i].QueueNext)
        {
            previous = i;
        }

        int next = _sends[place].QueueNext;
        if (previous == SendTable.None)
        {
            peer.QueueHead = next;
        }
        else
        {
            _sends[previous].QueueNext = next;
        }

        if (next == SendTable.None)
        {
            peer.QueueTail = previous;
        }
    }

    /// <summary>[C-107] Sends what waits for this peer, as far as NSTART, message ids and the output let it (RFC 7252 section 4.7).</summary>
    private void Pump(CoapPeerHandle peer, long now)
    {
        while (_peers[peer.Index].QueueHead != SendTable.None && _peers[peer.Index].Outstanding < _options.NStart)
        {
            int place = _peers[peer.Index].QueueHead;
            ref SendEntry entry = ref _sends[place];
            if (!_output.HasRoom(entry.Length))
            {
                SetTimer(place, now);
                return;
            }

            if (!_peers[peer.Index].MessageIds.TryTake(now, _exchangeLifetime, out ushort messageId, out long readyAt))
            {
                SetTimer(place, readyAt);
                return;
            }

            Dequeue(place);
            Advance(ref entry, entry.IsConfirmable ? CoapSendInput.TransmitConfirmable : CoapSendInput.TransmitNonConfirmable);
            _sends.SetMessageId(place, messageId);
            entry.WasSent = true;
            entry.IsOutstanding = true;
            _peers[peer.Index].Outstanding++;
            if (entry.IsConfirmable)
            {
                // "a random duration (often not an integral number of seconds) between ACK_TIMEOUT and (ACK_TIMEOUT * ACK_RANDOM_FACTOR)" (section 4.2).
                long ackTimeout = _options.AckTimeout.Ticks;
                entry.Timeout = ackTimeout + _entropy.Next((long)(ackTimeout * (_options.AckRandomFactor - 1)));
                SetTimer(place, now + entry.Timeout);
            }
            else
            {
                SetTimer(place, now + Math.Min(_nonLifetime, entry.Length * TimeSpan.TicksPerSecond / _options.ProbingRate));
            }

            Emit(peer, _sends.Bytes(place), entry.IsConfirmable ? CoapType.Confirmable : CoapType.NonConfirmable, messageId);
        }
    }

    private void OnTimer(int place, long now)
    {
        ref SendEntry entry = ref _sends[place];
        if (now >= entry.Deadline)
        {
            End(place, CoapSendInput.ResponseTimer, CoapEndReason.NoResponse, now);
            return;
        }

        switch (entry.State)
        {
            case CoapSendState.RequestTx or CoapSendState.ResponseTx when entry.Retransmissions == _options.MaxRetransmit:
                End(place, CoapSendInput.Exhausted, CoapEndReason.TimedOut, now);
                break;
            case CoapSendState.RequestTx or CoapSendState.ResponseTx:
                Retransmit(place, now);
                break;
            case CoapSendState.RequestWaiting:
                StopTransmitting(place, now);
                break;
            case CoapSendState.ResponseLeisure:
                TrySendNonConfirmable(entry.Peer, _sends.Bytes(place), new TimeSpan(now), out _);
                Close(place, CoapSendInput.LeisureTimer, now);
                _sends.Free(place);
                break;
            default:
                SetTimer(place, long.MaxValue);
                Pump(entry.Peer, now);
                break;
        }
    }

    private void Retransmit(int place, long now)
    {
        ref SendEntry entry = ref _sends[place];
        if (entry.IsReplaced)
        {
            if (!_peers[entry.Peer.Index].MessageIds.TryTake(now, _exchangeLifetime, out ushort messageId, out long readyAt))
            {
                SetTimer(place, readyAt);
                return;
            }

            _sends.SetMessageId(place, messageId);
            entry.IsReplaced = false;
        }

        Advance(ref entry, CoapSendInput.RetransmitTimer);
        entry.Retransmissions++;
        entry.Timeout *= 2;
        SetTimer(place, now + entry.Timeout);
        Counters.Retransmissions++;
        Emit(entry.Peer, _sends.Bytes(place), CoapType.Confirmable, entry.MessageId);
    }

    /// <summary>A request was acknowledged, or waited long enough to count no more: from here on only its response is awaited.</summary>
    private void StopTransmitting(int place, long now)
    {
        StopCounting(place);
        SetTimer(place, long.MaxValue);
        Pump(_sends[place].Peer, now);
    }

    private void StopCounting(int place)
    {
        ref SendEntry entry = ref _sends[place];
        _sends.ClearMessageId(place);
        if (entry.IsOutstanding)
        {
            entry.IsOutstanding = false;
            _peers[entry.Peer.Index].Outstanding--;
        }
    }

    private void EndAll(CoapPeerHandle peer, CoapEndReason reason, long now)
    {
        while (_peers[peer.Index].SendHead != SendTable.None)
        {
            Tell(_peers[peer.Index].SendHead, CoapSendInput.Cancel, reason, now);
        }
    }

    private void End(int place, CoapSendInput input, CoapEndReason reason, long now)
    {
        CoapPeerHandle peer = _sends[place].Peer;
        Tell(place, input, reason, now);
        Pump(peer, now);
    }

    /// <summary>[C-102] Ends a message without a response: told once, unless it is a response whose end matters to nobody.</summary>
    private void Tell(int place, CoapSendInput input, CoapEndReason reason, long now)
    {
        ref SendEntry entry = ref _sends[place];
        bool told = entry.State is CoapSendState.RequestQueued or CoapSendState.RequestTx or CoapSendState.RequestWaiting || entry.UserState is not null;
        Close(place, input, now);
        entry.Reason = reason;
        if (told)
        {
            _sends.AppendEnded(place);
        }
        else
        {
            _sends.Free(place);
        }
    }

    /// <summary>Takes a message out of every list and index; its place stays taken.</summary>
    private void Close(int place, CoapSendInput input, long now)
    {
        ref SendEntry entry = ref _sends[place];
        if (entry.State is CoapSendState.RequestQueued or CoapSendState.ResponseQueued)
        {
            Dequeue(place);
        }

        Advance(ref entry, input);
        StopCounting(place);
        _sends.ClearToken(place);
        _deadlines.Remove(place);

        ref PeerEntry peer = ref _peers[entry.Peer.Index];
        if (entry.PeerPrevious == SendTable.None)
        {
            peer.SendHead = entry.PeerNext;
        }
        else
        {
            _sends[entry.PeerPrevious].PeerNext = entry.PeerNext;
        }

        if (entry.PeerNext != SendTable.None)
        {
            _sends[entry.PeerNext].PeerPrevious = entry.PeerPrevious;
        }

        peer.Sends--;
        _peers.AfterUse(entry.Peer.Index, now);
    }

    /// <summary>Wakes a message at <paramref name="due"/>, or at its deadline if that is earlier.</summary>
    private void SetTimer(int place, long due)
    {
        due = Math.Min(due, _sends[place].Deadline);
        if (due == long.MaxValue)
        {
            _deadlines.Remove(place);
        }
        else
        {
            _deadlines.Set(place, due);
        }
    }

    private long DeadlineOf(ReadOnlySpan<byte> request, TimeSpan? timeout, TimeSpan now) =>
        now.Ticks + (timeout?.Ticks ?? (IsConfirmable(request) ? _exchangeLifetime : _nonLifetime));

    private static bool IsConfirmable(ReadOnlySpan<byte> message) => (message[0] >> 4 & 3) == (int)CoapType.Confirmable;

    private int ReadTokenLength(ReadOnlySpan<byte> message, bool request, out int offset)
    {
        CoapReadStatus status = CoapHeader.TryRead(message, out CoapHeader header);
        int length = header.TokenLengthField;
        int extension = 0;
        if (status == CoapReadStatus.Ok && length > CoapHeader.MaxTokenLength)
        {
            status = CoapTokenLength.TryRead(message[CoapHeader.Length..], _options.MaxTokenLength, ref length, out extension);
        }

        offset = CoapHeader.Length + extension;
        bool suits = request ? header.Code.IsRequest() && header.Type <= CoapType.NonConfirmable : header.Code.IsResponse();
        if (status != CoapReadStatus.Ok || !suits || length > message.Length - offset)
        {
            throw new ArgumentException(request ? "A whole confirmable or non-confirmable request is wanted." : "A whole response is wanted.", nameof(message));
        }

        return length;
    }

    private static void Advance(ref SendEntry entry, CoapSendInput input)
    {
        if (!CoapSendTransitions.TryNext(entry.State, input, out CoapSendState next))
        {
            throw new InvalidOperationException($"{input} in {entry.State}.");
        }

        entry.State = next;
    }
}

using System;

namespace Flint.Coap;

public sealed partial class CoapMessageLayer
{
    /// <summary>Takes a datagram that arrived.</summary>
    /// <param name="peer">From whom.</param>
    /// <param name="datagram">The bytes. The result has views into them.</param>
    /// <param name="now">Now.</param>
    /// <param name="multicast">Whether it was sent to a group: then nothing is acknowledged, reset or refused (RFC 7252 section 8.1).</param>
    /// <returns>What it means to the layer above. Malformed datagrams mean nothing; they are counted, and answered as RFC 7252 section 4 says.</returns>
    public CoapReceived OnDatagram(CoapPeerHandle peer, ReadOnlySpan<byte> datagram, TimeSpan now, bool multicast = false)
    {
        _latest = now.Ticks;
        Counters.Received++;
        if (!_peers.Contains(peer))
        {
            Counters.FromUnknownPeer++;
            return default;
        }

        CoapReadStatus status = CoapMessageReader.TryRead(datagram, _options.MaxTokenLength, out CoapMessageReader message);
        if (status != CoapReadStatus.Ok)
        {
            OnMalformed(peer, datagram, status, multicast);
            return default;
        }

        if (message.Code.IsRequest())
        {
            return OnRequest(peer, message, multicast, now.Ticks);
        }

        if (message.Code != CoapCode.Empty)
        {
            return message.Type == CoapType.Acknowledgement
                ? OnPiggybackedResponse(peer, message, now.Ticks)
                : OnSeparateResponse(peer, message, multicast, now.Ticks);
        }

        return OnEmpty(peer, message, multicast, now.Ticks);
    }

    /// <summary>[C-101] A malformed confirmable message is answered with a reset, anything else with silence (RFC 7252 sections 4.2 and 4.3).</summary>
    private void OnMalformed(CoapPeerHandle peer, ReadOnlySpan<byte> datagram, CoapReadStatus status, bool multicast)
    {
        Counters.CountMalformed(status);
        if (CoapHeader.TryRead(datagram, out CoapHeader header) == CoapReadStatus.Ok && header.Type == CoapType.Confirmable && !multicast)
        {
            EmitEmpty(peer, CoapType.Reset, header.MessageId);
        }
    }

    private CoapReceived OnEmpty(CoapPeerHandle peer, CoapMessageReader message, bool multicast, long now)
    {
        if (message.Type == CoapType.Confirmable)
        {
            // "Provoking a Reset message ... is also useful as an inexpensive check of the liveness of an endpoint" (section 1.2).
            if (!multicast)
            {
                EmitEmpty(peer, CoapType.Reset, message.MessageId);
            }

            return default;
        }

        int place = _sends.FindMessageId(peer, message.MessageId);
        CoapSendState state = place == SendTable.None ? CoapSendState.Closed : _sends[place].State;
        if (message.Type == CoapType.Reset)
        {
            if (state is CoapSendState.RequestTx or CoapSendState.RequestWaiting or CoapSendState.ResponseTx)
            {
                End(place, CoapSendInput.Reset, CoapEndReason.Reset, now);
                return default;
            }

            Counters.Unmatched++;
            return new CoapReceived(CoapReceivedKind.Reset, message);
        }

        switch (state)
        {
            case CoapSendState.RequestTx:
                Advance(ref _sends[place], CoapSendInput.EmptyAck);
                StopTransmitting(place, now);
                break;
            case CoapSendState.ResponseTx:
                bool replaced = _sends[place].IsReplaced;
                End(place, CoapSendInput.EmptyAck, replaced ? CoapEndReason.AcknowledgedBeforeReplacement : CoapEndReason.Acknowledged, now);
                break;
            default:
                Counters.Unmatched++;
                break;
        }

        return default;
    }

    private CoapReceived OnRequest(CoapPeerHandle peer, CoapMessageReader message, bool multicast, long now)
    {
        bool idempotent = message.Code.IsIdempotent();
        DeduplicationStore store = idempotent ? _relaxed : _strict;
        if (store.TryFind(peer, message.MessageId, now, out long record) && !(idempotent && TryForget(record, now)))
        {
            OnDuplicate(store, record, message.Type, multicast);
            return default;
        }

        // [C-106] Limits before anything is stored.
        ref PeerEntry entry = ref _peers[peer.Index];
        if (entry.Exchanges >= _options.MaxExchangesPerPeer || entry.Deduplicated >= _options.MaxDeduplicatedPerPeer)
        {
            Refuse(peer, message, CoapCode.TooManyRequests, multicast);
            return default;
        }

        if (!idempotent)
        {
            _strict.Purge(now);
        }

        if (_exchanges.IsFull || (!idempotent && !_strict.HasRoom(_openStrict, _options.MaxMessageSize)))
        {
            Refuse(peer, message, CoapCode.ServiceUnavailable, multicast);
            return default;
        }

        bool confirmable = message.Type == CoapType.Confirmable && !multicast;
        CoapReceiveTransitions.TryNext(CoapReceiveState.Unknown, confirmable ? CoapReceiveInput.ConRequest : CoapReceiveInput.NonRequest, out CoapReceiveState state);
        record = store.Add(peer, message.MessageId, state, now + (confirmable ? _exchangeLifetime : _nonLifetime));
        _peers.BeforeUse(peer.Index);
        _peers[peer.Index].Exchanges++;
        _openStrict += idempotent ? 0 : 1;

        int place = _exchanges.Add(peer, message.MessageId, state);
        ref ExchangeEntry exchange = ref _exchanges[place];
        exchange.IsIdempotent = idempotent;
        exchange.IsMulticast = multicast;
        exchange.Record = record;
        CoapExchangeHandle handle = _exchanges.HandleOf(place);
        store[record].Exchange = handle;
        if (confirmable)
        {
            _exchanges.AppendAck(place, now + _options.AcknowledgementDelay.Ticks);
        }

        return new CoapReceived(CoapReceivedKind.Request, message, handle);
    }

    /// <summary>Forgets an idempotent request that was answered, and whose response has given way: a duplicate of it is as good as new (section 4.5).</summary>
    private bool TryForget(long record, long now)
    {
        ref DeduplicationRecord entry = ref _relaxed[record];
        if (entry.State != CoapReceiveState.Answered || _relaxed.TryGetResponse(record, out _))
        {
            return false;
        }

        entry.Expires = now;
        return true;
    }

    /// <summary>[C-103] "The recipient SHOULD acknowledge each duplicate copy of a Confirmable message using the same Acknowledgement or Reset message" (section 4.5).</summary>
    private void OnDuplicate(DeduplicationStore store, long number, CoapType type, bool multicast)
    {
        Counters.Duplicates++;
        if (type != CoapType.Confirmable || multicast)
        {
            // "A Non-confirmable message ... MUST NOT be acknowledged by the recipient" (section 4.3), whatever the message was whose id it has.
            return;
        }

        ref DeduplicationRecord record = ref store[number];
        CoapReceiveState state = _exchanges.Contains(record.Exchange) ? _exchanges[record.Exchange.Index].State : record.State;
        switch (state)
        {
            case CoapReceiveState.Acknowledged:
                EmitEmpty(record.Peer, CoapType.Acknowledgement, record.MessageId);
                break;
            case CoapReceiveState.Rejected:
                EmitEmpty(record.Peer, CoapType.Reset, record.MessageId);
                break;
            case CoapReceiveState.Answered when store.TryGetResponse(number, out ReadOnlySpan<byte> response):
                Emit(record.Peer, response, CoapType.Acknowledgement, record.MessageId);
                break;
        }
    }

    /// <summary>Answers without remembering: the request was not acted on, so a duplicate may be.</summary>
    private void Refuse(CoapPeerHandle peer, CoapMessageReader message, CoapCode code, bool multicast)
    {
        Counters.Refused++;
        if (message.Type != CoapType.Confirmable || multicast)
        {
            return;
        }

        Span<byte> buffer = stackalloc byte[RefusalLength];
        var writer = new CoapMessageWriter(buffer);
        writer.WriteHeader(CoapType.Acknowledgement, code, message.MessageId, message.Token);
        writer.WriteOption(CoapOptionNumber.MaxAge, (uint)Math.Ceiling(_options.AckTimeout.TotalSeconds));
        if (writer.TryComplete(out int length))
        {
            Emit(peer, buffer[..length], CoapType.Acknowledgement, message.MessageId);
        }
    }

    /// <summary>[C-104] "The Message ID of the Confirmable request and the Acknowledgement MUST match, and the tokens ... MUST match" (section 5.3.2).</summary>
    private CoapReceived OnPiggybackedResponse(CoapPeerHandle peer, CoapMessageReader message, long now)
    {
        int place = _sends.FindMessageId(peer, message.MessageId);
        if (place == SendTable.None || _sends[place].State != CoapSendState.RequestTx || !_sends.Token(place).SequenceEqual(message.Token))
        {
            Counters.Unmatched++;
            return default;
        }

        if (HasUnrecognizedOption(message, _sends[place].TakesQBlocks))
        {
            End(place, CoapSendInput.Cancel, CoapEndReason.UnrecognizedOption, now);
            return default;
        }

        return Deliver(place, message, now);
    }

    /// <summary>[C-104] "In a separate response, just the tokens of the response and original request MUST match" (section 5.3.2).</summary>
    private CoapReceived OnSeparateResponse(CoapPeerHandle peer, CoapMessageReader message, bool multicast, long now)
    {
        if (_relaxed.TryFind(peer, message.MessageId, now, out long record))
        {
            OnDuplicate(_relaxed, record, message.Type, multicast);
            return default;
        }

        bool confirmable = message.Type == CoapType.Confirmable;
        int place = FindToken(peer, message.Token);
        if (place != SendTable.None && !_sends[place].WasSent)
        {
            // The token was guessed: the request still waits for its turn.
            place = SendTable.None;
        }

        bool rejected = place != SendTable.None && HasUnrecognizedOption(message, _sends[place].TakesQBlocks);
        if (place == SendTable.None || rejected || _sends[place].State == CoapSendState.Closed)
        {
            // A notification that nobody waits for is reset, confirmable or not, so that it stops (RFC 7641 section 3.6).
            if (!multicast && (confirmable || message.Options.TryFind(CoapOptionNumber.Observe, out _)))
            {
                EmitEmpty(peer, CoapType.Reset, message.MessageId);
            }

            if (rejected && !_sends[place].IsToGroup)
            {
                End(place, CoapSendInput.Cancel, CoapEndReason.UnrecognizedOption, now);
            }
            else
            {
                Counters.Unmatched++;
            }

            return default;
        }

        CoapReceiveTransitions.TryNext(CoapReceiveState.Unknown, confirmable ? CoapReceiveInput.ConResponse : CoapReceiveInput.NonResponse, out CoapReceiveState state);
        _relaxed.Add(peer, message.MessageId, state, now + (confirmable ? _exchangeLifetime : _nonLifetime));
        if (confirmable)
        {
            EmitEmpty(peer, CoapType.Acknowledgement, message.MessageId);
        }

        return Deliver(place, message, now);
    }

    private int FindToken(CoapPeerHandle peer, ReadOnlySpan<byte> token)
    {
        int place = _sends.FindToken(peer, token);
        if (place == SendTable.None && token.Length == CoapHeader.MaxTokenLength)
        {
            place = _sends.FindBodyToken(peer, token[..(CoapHeader.MaxTokenLength / 2)]);
        }

        return place == SendTable.None ? _sends.FindGroupToken(token) : place;
    }

    private CoapReceived Deliver(int place, CoapMessageReader message, long now)
    {
        ref SendEntry entry = ref _sends[place];
        CoapSendHandle handle = _sends.HandleOf(place);
        object? state = entry.UserState;
        bool isRepeated = entry.State == CoapSendState.RequestQueued;
        if (entry.IsKeptOpen || isRepeated)
        {
            bool transmitting = !isRepeated && !entry.IsToGroup;
            Advance(ref entry, CoapSendInput.Notification);
            if (transmitting)
            {
                entry.Deadline = long.MaxValue;
                StopTransmitting(place, now);
            }

            return new CoapReceived(CoapReceivedKind.Notification, message, sent: handle, state: state);
        }

        CoapPeerHandle peer = entry.Peer;
        Close(place, CoapSendInput.Response, now);
        _sends.Free(place);
        Pump(peer, now);
        return new CoapReceived(CoapReceivedKind.Response, message, sent: handle, state: state);
    }

    /// <summary>[C-105] "Unrecognized options of class 'critical' that occur in a Confirmable response, or piggybacked in an Acknowledgement, MUST cause the response to be rejected" (section 5.4.1).</summary>
    private bool HasUnrecognizedOption(CoapMessageReader message, bool takesQBlocks)
    {
        foreach (CoapOption option in message.Options)
        {
            bool isRecognized = _options.IsRecognized(option.Number) || (takesQBlocks && option.Number is CoapOptionNumber.QBlock1 or CoapOptionNumber.QBlock2);
            if (option.Number.IsCritical() && !(isRecognized && option.Number.AllowsLength(option.Value.Length)))
            {
                Counters.Unrecognized++;
                return true;
            }
        }

        return false;
    }

    private const int RefusalLength = 2048;
}

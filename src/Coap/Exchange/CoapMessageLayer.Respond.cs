using System;

namespace Flint.Coap;

public sealed partial class CoapMessageLayer
{
    /// <summary>
    /// Answers a request: piggybacked while it is unacknowledged, in a confirmable message of its own afterwards, in a non-confirmable
    /// one where the request was non-confirmable (RFC 7252 section 5.2), and after a leisure where it came by multicast (section 8.2). The exchange is over.
    /// </summary>
    /// <param name="exchange">The request.</param>
    /// <param name="response">A whole response with the token of the request; its type and message id are filled in.</param>
    /// <param name="now">Now.</param>
    /// <returns><see cref="CoapSendStatus.MessageTooLarge"/> leaves the exchange open, every other status closes it.</returns>
    /// <exception cref="ArgumentException"><paramref name="response"/> is no response.</exception>
    public CoapSendStatus TryRespond(CoapExchangeHandle exchange, ReadOnlySpan<byte> response, TimeSpan now)
    {
        ReadTokenLength(response, false, out _);
        if (!_exchanges.Contains(exchange))
        {
            return CoapSendStatus.UnknownExchange;
        }

        if (response.Length > _options.MaxMessageSize)
        {
            return CoapSendStatus.MessageTooLarge;
        }

        ref ExchangeEntry entry = ref _exchanges[exchange.Index];
        CoapPeerHandle peer = entry.Peer;
        CoapReceiveState before = entry.State;
        Advance(ref entry, CoapReceiveInput.Respond);
        CoapSendStatus status = CoapSendStatus.Ok;
        switch (before)
        {
            case CoapReceiveState.Processing:
                DeduplicationStore store = StoreOf(entry);
                if (store.Contains(entry.Record))
                {
                    store.KeepResponse(entry.Record, response);
                }

                // Where the output is full, the peer's retransmission fetches the response.
                Emit(peer, response, CoapType.Acknowledgement, entry.MessageId);
                break;
            case CoapReceiveState.Acknowledged:
                status = Open(peer, response, CoapSendInput.OpenResponse, null, long.MaxValue, now.Ticks, out _);
                if (status == CoapSendStatus.TooManyMessages)
                {
                    status = TrySendNonConfirmable(peer, response, now, out _);
                }

                break;
            case CoapReceiveState.Silent when entry.IsMulticast:
                // [C-109] At a random moment within Leisure, so that not all members of the group answer at once (section 8.2).
                status = Open(peer, response, CoapSendInput.OpenDelayed, null, long.MaxValue, now.Ticks, out _);
                break;
            default:
                status = TrySendNonConfirmable(peer, response, now, out _);
                break;
        }

        CloseExchange(exchange.Index, now.Ticks);
        return status;
    }

    /// <summary>
    /// Answers a request with nothing, as No-Response asks for (RFC 7967 section 4), or a group of which this one has nothing to say: a confirmable
    /// one is acknowledged. The exchange is over.
    /// </summary>
    /// <returns>False where the exchange was over before.</returns>
    public bool RespondNothing(CoapExchangeHandle exchange, TimeSpan now) => EndWithEmpty(exchange, CoapType.Acknowledgement, CoapReceiveInput.RespondNothing, now);

    /// <summary>
    /// Rejects a request for which there is no context: a confirmable one that is not yet acknowledged is reset, any other ends in silence
    /// (RFC 7252 sections 4.2 and 4.3). The exchange is over.
    /// </summary>
    /// <returns>False where the exchange was over before.</returns>
    public bool Reject(CoapExchangeHandle exchange, TimeSpan now) => EndWithEmpty(exchange, CoapType.Reset, CoapReceiveInput.Reject, now);

    private bool EndWithEmpty(CoapExchangeHandle exchange, CoapType type, CoapReceiveInput input, TimeSpan now)
    {
        if (!_exchanges.Contains(exchange))
        {
            return false;
        }

        ref ExchangeEntry entry = ref _exchanges[exchange.Index];
        if (entry.State == CoapReceiveState.Processing)
        {
            EmitEmpty(entry.Peer, type, entry.MessageId);
        }

        Advance(ref entry, input);
        CloseExchange(exchange.Index, now.Ticks);
        return true;
    }

    /// <summary>Acknowledges a confirmable request now, where its handler is known to take long (RFC 7252 section 5.2.2); its response will be a separate one.</summary>
    /// <returns>False where the exchange is over, acknowledged already, or not confirmable.</returns>
    public bool Acknowledge(CoapExchangeHandle exchange)
    {
        if (!_exchanges.Contains(exchange) || _exchanges[exchange.Index].State != CoapReceiveState.Processing)
        {
            return false;
        }

        AcknowledgeSeparately(exchange.Index);
        return true;
    }

    private void AcknowledgeSeparately(int place)
    {
        ref ExchangeEntry entry = ref _exchanges[place];
        _exchanges.RemoveAck(place);
        Advance(ref entry, CoapReceiveInput.AckTimer);
        EmitEmpty(entry.Peer, CoapType.Acknowledgement, entry.MessageId);
    }

    private void CloseExchange(int place, long now)
    {
        ref ExchangeEntry entry = ref _exchanges[place];
        DeduplicationStore store = StoreOf(entry);
        if (store.Contains(entry.Record))
        {
            store[entry.Record].State = entry.State;
        }

        _openStrict -= entry.IsIdempotent ? 0 : 1;
        int peer = entry.Peer.Index;
        _exchanges.Free(place);
        _peers[peer].Exchanges--;
        _peers.AfterUse(peer, now);
    }

    private DeduplicationStore StoreOf(in ExchangeEntry entry) => entry.IsIdempotent ? _relaxed : _strict;

    private static void Advance(ref ExchangeEntry entry, CoapReceiveInput input)
    {
        if (!CoapReceiveTransitions.TryNext(entry.State, input, out CoapReceiveState next))
        {
            throw new InvalidOperationException($"{input} in {entry.State}.");
        }

        entry.State = next;
    }
}

using System;
using System.Collections.Generic;
using System.Net;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

// Requests both ways: those that arrive, on reused places, and our own.
internal sealed partial class CoapUdpEndpoint
{
    private readonly Stack<IncomingRequest> _free = new();

    /// <summary>Sends a request to the peer at an address and waits for the response.</summary>
    public async Task<CoapResponse> RequestAsync(SocketAddress address, CoapRequest request, CancellationToken cancellationToken)
    {
        Func<CoapRequest, Task<CoapResponse>> exchange = part => ExchangeAsync(address, part, cancellationToken);
        CoapResponse? response = await TryRequestInBurstsAsync(address, request, cancellationToken).ConfigureAwait(false);
        return response is null
            ? await CoapBodyTransfer.SendAsync(request, _options.BlockSizes, _options.BlockSizes, exchange, cancellationToken).ConfigureAwait(false)
            : await CoapBodyTransfer.CompleteAsync(request, response, _options.BlockSizes, exchange, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends one message and gives its response; once more where the server asks for an echo (RFC 9175 section 2.3).</summary>
    private async Task<CoapResponse> ExchangeAsync(SocketAddress address, CoapRequest request, CancellationToken cancellationToken)
    {
        CoapResponse response = await ExchangeOnceAsync(address, request, cancellationToken).ConfigureAwait(false);
        return response.Code == CoapCode.Unauthorized && WithEcho(request, response.Options.View) is CoapRequest again
            ? await ExchangeOnceAsync(address, again, cancellationToken).ConfigureAwait(false)
            : response;
    }

    private async Task<CoapResponse> ExchangeOnceAsync(SocketAddress address, CoapRequest request, CancellationToken cancellationToken)
    {
        var pending = new PendingRequest();
        CoapSendHandle handle = Begin(address, request, pending, _options.RequestTimeout);
        using CancellationTokenRegistration registration = cancellationToken.Register(() => Cancel(handle, pending, cancellationToken));
        return await pending.Task.ConfigureAwait(false);
    }

    /// <summary>Sends a request whose response nobody waits for. A confirmable one is repeated until it is acknowledged.</summary>
    public void RequestWithoutResponse(SocketAddress address, CoapRequest request) => Begin(address, request, null, NoResponseTimeout);

    private CoapSendHandle Begin(SocketAddress address, CoapRequest request, PendingExchange? pending, TimeSpan? timeout)
    {
        Span<byte> token = stackalloc byte[CoapHeader.MaxTokenLength];
        RandomNumberGenerator.Fill(token);
        return Begin(address, request, token, pending, keepOpen: false, timeout);
    }

    private CoapSendHandle Begin(
        SocketAddress address, CoapRequest request, ReadOnlySpan<byte> token, PendingExchange? pending, bool keepOpen, TimeSpan? timeout)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed.IsCancellationRequested, this);
            TimeSpan now = Now();
            if (!request.TryWriteDatagram(_outgoing, request.IsConfirmable ? CoapType.Confirmable : CoapType.NonConfirmable, request.Method, token, out int length))
            {
                throw new CoapException(CoapError.MessageTooLarge, $"The request is larger than a datagram of {_outgoing.Length} bytes.");
            }

            CoapSendHandle handle = default;
            CoapSendStatus status = TryGetPeer(address, now, out CoapPeerHandle peer)
                ? _layer.TryRequest(peer, _outgoing.AsSpan(0, length), keepOpen, timeout, pending, now, out handle)
                : CoapSendStatus.TooManyMessages;
            if (request.Options.TryFind(CoapOptionNumber.QBlock2, out _))
            {
                _layer.TakeQBlocks(handle);
            }

            Drain();
            return status == CoapSendStatus.Ok
                ? handle
                : throw new CoapException(CoapError.TooManyRequests, $"The request could not be sent: {status}.");
        }
    }

    private void Cancel(CoapSendHandle handle, PendingRequest pending, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _layer.Cancel(handle, Now());
            Drain();
        }

        pending.OnCancelled(cancellationToken);
    }

    /// <summary>Takes a request; where it is one of several blocks, answers it at once.</summary>
    /// <returns>What is to be given to the handler; null where the request is answered.</returns>
    private IncomingRequest? Begin(in CoapReceived received, CoapPeerHandle peer, bool multicast, int datagramLength, TimeSpan now)
    {
        if (!_free.TryPop(out IncomingRequest? incoming))
        {
            incoming = new IncomingRequest(_options.MessageLayer.MaxTokenLength);
        }

        incoming.Take(received, peer, _places[peer.Index].Peer!);
        incoming.IsMulticast = multicast;
        incoming.DatagramLength = datagramLength;
        incoming.Changes = _resources?.Changes ?? 0;
        incoming.Refusal = _handler is null ? null : CoapCriticalOptions.Refuse(received.Message.Options, CoapCriticalOptions.InDatagramRequests, _options.CriticalOptions);
        if (_handler is null || incoming.Refusal is not null)
        {
            return incoming;
        }

        if (multicast)
        {
            return BeginMulticast(incoming, now);
        }

        if (MustEchoToObserve(received, peer, now))
        {
            int length = WriteEcho(0, incoming.Token, peer, now);
            _layer.TryRespond(incoming.Exchange, _outgoing.AsSpan(0, length), now);
            Free(incoming);
            return null;
        }

        if (TryBeginBurst(incoming, received, now, out IncomingRequest? forHandler))
        {
            return forHandler;
        }

        incoming.Arrival = _bodies!.OnRequest(peer, incoming.Request, now);
        if (incoming.Arrival is { Kind: CoapArrivalKind.Serve, Served: null })
        {
            incoming.Arrival = incoming.Arrival with { Served = HoldObserved(peer, incoming.Request) };
        }

        return incoming.Arrival.Kind == CoapArrivalKind.Answer ? AnswerAtOnce(incoming, incoming.Arrival.ToResponse(), now) : incoming;
    }

    private IncomingRequest? AnswerAtOnce(IncomingRequest incoming, CoapResponse response, TimeSpan now)
    {
        Respond(incoming, response, now);
        Free(incoming);
        return null;
    }

    private void Free(IncomingRequest incoming)
    {
        if (_free.Count < MaxFree && incoming.IsSmall)
        {
            _free.Push(incoming);
        }
    }

    /// <summary>Runs the handler, outside the lock.</summary>
    private void Run(IncomingRequest incoming)
    {
        if (_handler is null)
        {
            Complete(incoming, null, rejected: true);
            return;
        }

        if (incoming.Refusal is not null)
        {
            // RFC 7252 section 5.4.1: in a non-confirmable request an unrecognised critical option "MUST cause the message to be rejected".
            Complete(incoming, incoming.Refusal, rejected: !incoming.Request.IsConfirmable);
            return;
        }

        if (incoming.Arrival.Served is CoapServedBody served)
        {
            _ = CompleteInPartsAsync(incoming, served, isNew: false);
            return;
        }

        ValueTask<CoapResponse> task;
        try
        {
            task = incoming.Arrival.Kind == CoapArrivalKind.Stream ? _bodies!.StreamAsync(incoming.Arrival) : _handler(incoming.Request, _closed.Token);
        }
#pragma warning disable CA1031 // Whatever a handler throws becomes 5.00: one bad request must not end the server.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Complete(incoming, Fail(incoming, e), rejected: false);
            return;
        }

        if (task.IsCompletedSuccessfully)
        {
            Complete(incoming, task.Result, rejected: false);
        }
        else
        {
            _ = CompleteAsync(incoming, task);
        }
    }

    private async Task CompleteAsync(IncomingRequest incoming, ValueTask<CoapResponse> task)
    {
        CoapResponse response;
        try
        {
            response = await task.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever a handler throws becomes 5.00: one bad request must not end the server.
        catch (Exception e)
#pragma warning restore CA1031
        {
            response = Fail(incoming, e);
        }

        Complete(incoming, response, rejected: false);
    }

    private CoapResponse Fail(IncomingRequest incoming, Exception e)
    {
        CoapHandlerFailure.Tell(_options.HandlerFailed, incoming.Request, e);
        return CoapResponse.Error(CoapCode.InternalServerError);
    }

    private void Complete(IncomingRequest incoming, CoapResponse? response, bool rejected)
    {
        response ??= CoapResponse.Error(CoapCode.InternalServerError);
        if (!rejected && TryCompleteInBursts(incoming, response))
        {
            return;
        }

        if (!rejected && !CoapBodies.GoesWhole(response, incoming.Request, incoming.Arrival.Block1, _options.BlockSizes.MaxPayload))
        {
            _ = CompleteInPartsAsync(incoming, new CoapServedBody(response), isNew: true);
            return;
        }

        lock (_gate)
        {
            TimeSpan now = Now();
            if (rejected)
            {
                _layer.Reject(incoming.Exchange, now);
            }
            else
            {
                RespondToRequest(incoming, response, now);
            }

            End(incoming);
        }
    }

    private bool TryCompleteInBursts(IncomingRequest incoming, CoapResponse response)
    {
        if (incoming.QBlock2 is null && incoming.Burst is null)
        {
            return false;
        }

        lock (_gate)
        {
            bool isDone = TryRespondInBursts(incoming, response, Now());
            if (isDone)
            {
                End(incoming);
            }

            return isDone;
        }
    }

    /// <summary>Answers with the block that was asked for.</summary>
    private async Task CompleteInPartsAsync(IncomingRequest incoming, CoapServedBody body, bool isNew)
    {
        CoapPart part = await _bodies!.CutAsync(body, incoming.Request, incoming.Arrival.Block1, _options.BlockSizes).ConfigureAwait(false);
        lock (_gate)
        {
            if (!_closed.IsCancellationRequested)
            {
                TimeSpan now = Now();
                CoapResponse response = _bodies.OnPart(incoming.Peer, incoming.Request, body, part, isNew, now);
                _bodies.OnAnswered(incoming.Arrival);
                RespondToRequest(incoming, response, now);
            }

            End(incoming);
        }

        body.Release();
    }

    private void RespondToRequest(IncomingRequest incoming, CoapResponse response, TimeSpan now)
    {
        if (CoapNoResponse.IsUnwanted(incoming.Request, response.Code))
        {
            _layer.RespondNothing(incoming.Exchange, now);
        }
        else
        {
            uint? observe = Observe(incoming, response, now);
            Respond(incoming, observe is uint sequence ? response.With(CoapOptionNumber.Observe, sequence) : response, now);
        }
    }

    private void End(IncomingRequest incoming)
    {
        Drain();
        OnHandlerEnded();
        Free(incoming);
    }

    private void Respond(IncomingRequest incoming, CoapResponse part, TimeSpan now)
    {
        if (incoming.IsMulticast && IsOfNoUseToAGroup(part))
        {
            _layer.RespondNothing(incoming.Exchange, now);
            return;
        }

        if (!part.TryWriteDatagram(_outgoing, CoapType.Acknowledgement, part.Code, incoming.Token, out int length))
        {
            // RFC 7252 section 5.9.3.1: the handler gave more options than a datagram takes.
            CoapResponse.Error(CoapCode.InternalServerError).TryWriteDatagram(_outgoing, CoapType.Acknowledgement, CoapCode.InternalServerError, incoming.Token, out length);
        }

        if (IsTooLargeForStranger(incoming, length, now))
        {
            length = WriteEcho(0, incoming.Token, incoming.Peer, now);
        }

        _layer.TryRespond(incoming.Exchange, _outgoing.AsSpan(0, length), now);
    }

    /// <summary>A request that a handler answers: its bytes, copied, in a place that is used again.</summary>
    private sealed class IncomingRequest(int maxTokenLength)
    {
        private readonly byte[] _token = new byte[Math.Max(maxTokenLength, CoapHeader.MaxTokenLength)];
        private byte[] _bytes = new byte[InitialLength];
        private int _tokenLength;

        public CoapRequest Request { get; } = new();

        public CoapExchangeHandle Exchange { get; private set; }

        public CoapPeerHandle Peer { get; private set; }

        /// <summary>How many changes of resources there had been when it arrived.</summary>
        public long Changes { get; set; }

        /// <summary>The response to a request that must not reach the handler.</summary>
        public CoapResponse? Refusal { get; set; }

        /// <summary>What its blocks ask for.</summary>
        public CoapArrival Arrival { get; set; }

        /// <summary>What it asks for of a body in bursts, and what tells that body from others.</summary>
        public CoapBlock? QBlock2 { get; set; }

        public ulong BurstKey { get; set; }

        /// <summary>Its own body, where that came in bursts.</summary>
        public QBlockUpload? Burst { get; set; }

        /// <summary>Whether it came to a group (RFC 7252 section 8).</summary>
        public bool IsMulticast { get; set; }

        /// <summary>The bytes of its datagram.</summary>
        public int DatagramLength { get; set; }

        /// <summary>Whether it is worth keeping: a place that has grown would hold its bytes for ever.</summary>
        public bool IsSmall => _bytes.Length <= MaxKeptLength;

        public ReadOnlySpan<byte> Token => _token.AsSpan(0, _tokenLength);

        public void Take(in CoapReceived received, CoapPeerHandle peer, CoapUdpPeer identity)
        {
            CoapMessageReader message = received.Message;
            ReadOnlySpan<byte> options = message.Options.Encoded;
            int length = options.Length + message.Payload.Length;
            if (length > _bytes.Length)
            {
                _bytes = new byte[length];
            }

            options.CopyTo(_bytes);
            message.Payload.CopyTo(_bytes.AsSpan(options.Length));
            message.Token.CopyTo(_token);
            _tokenLength = message.Token.Length;
            Exchange = received.Exchange;
            Peer = peer;
            Refusal = null;
            Arrival = default;
            QBlock2 = null;
            Burst = null;
            Request.Reset(message.Code, message.Type == CoapType.Confirmable, _bytes, options.Length, length, identity);
        }

        private const int InitialLength = 256;
        private const int MaxKeptLength = 2048;
    }

    /// <summary>A request of ours that is open.</summary>
    private abstract class PendingExchange
    {
        /// <summary>Who has answered: with a request to a group, each time another.</summary>
        public CoapPeerHandle From { get; set; }

        /// <summary>A response has come. Under the lock.</summary>
        public abstract void OnResponse(in CoapReceived received, TimeSpan now);

        /// <summary>It ended without one. Under the lock.</summary>
        public abstract void OnEnded(CoapEndReason reason);

        protected static CoapResponse Copy(CoapMessageReader message)
        {
            ReadOnlySpan<byte> options = message.Options.Encoded;
            var copy = new byte[options.Length + message.Payload.Length];
            options.CopyTo(copy);
            message.Payload.CopyTo(copy.AsSpan(options.Length));
            return new CoapResponse(message.Code, new CoapOptionList(copy, 0, options.Length), copy.AsMemory(options.Length));
        }

        protected static CoapException ExceptionFor(CoapEndReason reason) => reason switch
        {
            CoapEndReason.Reset => new CoapException(CoapError.Reset, "The peer rejected the request; perhaps it has restarted."),
            CoapEndReason.Unreachable => new CoapException(CoapError.Unreachable, "The peer cannot be reached."),
            CoapEndReason.UnrecognizedOption => new CoapException(CoapError.UnrecognizedOption, "The response has a critical option that is not understood."),
            CoapEndReason.PeerRemoved => new CoapException(CoapError.Released, "The endpoint was closed."),
            _ => new CoapException(CoapError.TimedOut, "No response in time."),
        };
    }

    /// <summary>A request of ours that waits for its response.</summary>
    private sealed class PendingRequest : PendingExchange
    {
        private readonly TaskCompletionSource<CoapResponse> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<CoapResponse> Task => _completion.Task;

        public override void OnResponse(in CoapReceived received, TimeSpan now) => _completion.TrySetResult(Copy(received.Message));

        public override void OnEnded(CoapEndReason reason) => _completion.TrySetException(ExceptionFor(reason));

        public void OnCancelled(CancellationToken cancellationToken) => _completion.TrySetCanceled(cancellationToken);
    }

    // Implementation.
    private static readonly TimeSpan NoResponseTimeout = TimeSpan.FromSeconds(10);
    private const int MaxFree = 1024;
}

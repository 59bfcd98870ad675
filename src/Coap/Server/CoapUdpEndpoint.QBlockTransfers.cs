using System;
using System.Collections.Generic;
using System.Net;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

// Bodies in bursts, as a client (RFC 9177).
internal sealed partial class CoapUdpEndpoint
{
    private readonly List<BurstTransfer> _transfers = [];
    private bool? _serverTakesBursts;
    private TimeSpan _noBurstsBefore;

    /// <summary>Sends a request whose body, or whose response's, goes in bursts, if the server takes them.</summary>
    /// <returns>Null where it is to be sent in another way.</returns>
    private async Task<CoapResponse?> TryRequestInBurstsAsync(SocketAddress address, CoapRequest request, CancellationToken cancellationToken)
    {
        bool isUpload = request.Payload.Length > 16 << _options.BlockSizes.SizeExponent;
        if (!_options.QBlock.Use || request.Body is not null || request.Sink is not null || _serverTakesBursts == false || Now() < _noBurstsBefore || (!isUpload && !request.Method.IsSafe()) || HasBlockOption(request)
            || (isUpload && !await TakesBurstsAsync(address, cancellationToken).ConfigureAwait(false)))
        {
            return null;
        }

        request = isUpload && !request.Options.TryFind(CoapOptionNumber.RequestTag, out _) ? Retagged(request) : request;
        bool hasEchoed = false;
        for (int restarts = 0; ; restarts++)
        {
            BurstTransfer transfer = isUpload ? new UploadInBursts(this, request) : new DownloadInBursts(this, request);
            CoapResponse? response = await RunAsync(transfer, address, cancellationToken).ConfigureAwait(false);
            if (response?.Code == CoapCode.Unauthorized && !hasEchoed && WithEcho(request, response.Options.View) is CoapRequest again)
            {
                hasEchoed = true;
                request = again;
            }
            else if (response?.Code == CoapCode.BadOption)
            {
                _serverTakesBursts = false;
                return null;
            }
            else if (response is not null && (!isUpload || response.Code != CoapCode.RequestEntityIncomplete))
            {
                _serverTakesBursts = true;
                return response;
            }
            else if (restarts >= _options.BlockSizes.MaxRestarts)
            {
                throw new CoapException(CoapError.TransferFailed, "The body could not be transferred in bursts: it changes too often, or the server forgets it.");
            }
            else if (isUpload)
            {
                request = Retagged(request);
            }
        }
    }

    /// <summary>Section 4.1: "clients use a Confirmable message for determining support". A small part of what every server has.</summary>
    private async Task<bool> TakesBurstsAsync(SocketAddress address, CancellationToken cancellationToken)
    {
        if (_serverTakesBursts is bool known)
        {
            return known;
        }

        var probe = new CoapRequest(CoapCode.Get, "/.well-known/core");
        probe.Options.Add(CoapOptionNumber.QBlock2, new CoapBlock(0, false, 0).Value);
        try
        {
            CoapResponse response = await ExchangeAsync(address, probe, cancellationToken).ConfigureAwait(false);
            _serverTakesBursts = response.Code != CoapCode.BadOption;
        }
        catch (CoapException e) when (e.Error == CoapError.Reset)
        {
            _serverTakesBursts = false;
        }

        return _serverTakesBursts.Value;
    }

    private async Task<CoapResponse?> RunAsync(BurstTransfer transfer, SocketAddress address, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            transfer.Begin(address, Now());
            _transfers.Add(transfer);
            Drain();
        }

        using CancellationTokenRegistration registration = cancellationToken.Register(() => transfer.OnCancelled(cancellationToken));
        try
        {
            return await transfer.Task.ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _transfers.Remove(transfer);
                transfer.Close(Now());
                Drain();
            }
        }
    }

    private void PumpTransfers(TimeSpan now)
    {
        foreach (BurstTransfer transfer in _transfers)
        {
            transfer.Pump(now);
        }
    }

    private TimeSpan? NextBurst()
    {
        TimeSpan? next = Earlier(_burstsIn.NextDeadline, _burstsOut.NextDeadline);
        foreach (BurstTransfer transfer in _transfers)
        {
            next = Earlier(next, transfer.NextDeadline);
        }

        return next;
    }

    private void OnBurstDeadline(TimeSpan now)
    {
        _burstsIn.OnDeadline(now);
        _burstsOut.OnDeadline(now);
        foreach (BurstTransfer transfer in _transfers)
        {
            transfer.OnDeadline(now);
        }
    }

    private void OnBurstReset(CoapPeerHandle peer, ushort messageId)
    {
        _burstsOut.OnReset(peer, messageId);
        foreach (BurstTransfer transfer in _transfers)
        {
            transfer.OnReset(peer, messageId);
        }
    }

    private static bool HasBlockOption(CoapRequest request)
    {
        foreach (CoapOption option in request.Options)
        {
            if (option.Number is CoapOptionNumber.Block1 or CoapOptionNumber.Block2 or CoapOptionNumber.QBlock1 or CoapOptionNumber.QBlock2 or CoapOptionNumber.Observe)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The same request with a tag of its own: its blocks belong to no other body (RFC 9175 section 3.3).</summary>
    private static CoapRequest Retagged(CoapRequest request)
    {
        var again = (CoapRequest)request.Copy();
        again.Options.Remove(CoapOptionNumber.RequestTag);
        again.Options.Add(CoapOptionNumber.RequestTag, RandomNumberGenerator.GetBytes(RequestTagLength));
        return again;
    }

    /// <summary>A request of ours that is many messages. Everything but the task is under the lock.</summary>
    private abstract class BurstTransfer(CoapUdpEndpoint endpoint, CoapRequest request) : PendingExchange
    {
        private readonly TaskCompletionSource<CoapResponse?> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly byte[] _token = RandomNumberGenerator.GetBytes(CoapHeader.MaxTokenLength);
        private readonly Queue<ushort> _messageIds = new();
        private CoapSendHandle _body;
        private uint _count;

        protected CoapUdpEndpoint Endpoint { get; } = endpoint;

        protected CoapRequest Request { get; } = request;

        protected CoapPeerHandle Peer { get; private set; }

        protected bool IsOver => _completion.Task.IsCompleted;

        public Task<CoapResponse?> Task => _completion.Task;

        public abstract TimeSpan? NextDeadline { get; }

        public abstract void OnDeadline(TimeSpan now);

        /// <summary>Sends what is due.</summary>
        public abstract void Pump(TimeSpan now);

        public virtual void Begin(SocketAddress address, TimeSpan now)
        {
            ObjectDisposedException.ThrowIf(Endpoint._closed.IsCancellationRequested, Endpoint);
            CoapSendStatus status = CoapSendStatus.TooManyMessages;
            if (Endpoint.TryGetPeer(address, now, out CoapPeerHandle peer))
            {
                status = Endpoint._layer.TryOpenBody(peer, _token.AsSpan(0, PrefixLength), this, now, out _body);
            }

            Peer = peer;
            if (status != CoapSendStatus.Ok)
            {
                throw new CoapException(CoapError.TooManyRequests, $"The request could not be sent: {status}.");
            }
        }

        public virtual void Close(TimeSpan now) => Endpoint._layer.Cancel(_body, now);

        public override void OnEnded(CoapEndReason reason) => Fail(ExceptionFor(reason));

        public void OnCancelled(CancellationToken cancellationToken) => _completion.TrySetCanceled(cancellationToken);

        public void OnReset(CoapPeerHandle peer, ushort messageId)
        {
            if (peer == Peer && _messageIds.Contains(messageId))
            {
                OnEnded(CoapEndReason.Reset);
            }
        }

        /// <summary>Ends with a response; null where the body is to be transferred anew.</summary>
        protected void End(CoapResponse? response) => _completion.TrySetResult(response);

        protected void Fail(CoapException exception) => _completion.TrySetException(exception);

        /// <summary>Nobody has answered: section 7.2 limits what a silent peer is sent.</summary>
        protected void FailSilently(long bytes, TimeSpan now)
        {
            var wait = TimeSpan.FromSeconds((double)bytes / Endpoint._options.MessageLayer.ProbingRate);
            TimeSpan most = Endpoint._options.QBlock.NonProbingWait;
            Endpoint._noBurstsBefore = now + (wait < most ? wait : most);
            Fail(ExceptionFor(CoapEndReason.NoResponse));
        }

        /// <summary>Sends one of the messages, each with a token of its own (section 6).</summary>
        protected void Send(CoapRequest part, TimeSpan now)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(_token.AsSpan(PrefixLength), unchecked(_count++));
            if (!part.TryWriteDatagram(Endpoint._outgoing, CoapType.NonConfirmable, part.Method, _token, out int length))
            {
                Fail(new CoapException(CoapError.MessageTooLarge, $"A block and the options of the request are larger than a datagram of {Endpoint._outgoing.Length} bytes."));
                return;
            }

            if (Endpoint._layer.TrySendOfBody(_body, Endpoint._outgoing.AsSpan(0, length), now, out ushort messageId) == CoapSendStatus.Ok)
            {
                _messageIds.Enqueue(messageId);
                if (_messageIds.Count > 2 * Endpoint._options.QBlock.MaxPayloads)
                {
                    _messageIds.Dequeue();
                }
            }

            Endpoint.SendDatagrams();
        }

        private const int PrefixLength = CoapHeader.MaxTokenLength / 2;
    }

    /// <summary>A request's body in bursts: Q-Block1.</summary>
    private sealed class UploadInBursts(CoapUdpEndpoint endpoint, CoapRequest request) : BurstTransfer(endpoint, request)
    {
        private readonly QBlockSender _sender = new(endpoint._options.QBlock, request.Payload.Length, endpoint._options.BlockSizes.SizeExponent, Chance(), repeatsLast: true);

        public override TimeSpan? NextDeadline => IsOver ? null : _sender.NextDeadline;

        public override void Pump(TimeSpan now)
        {
            while (!IsOver && _sender.TryTake(now, out CoapBlock block, out _))
            {
                int offset = (int)block.Offset;
                CoapRequest part = Request.Part(Request.Payload.Slice(offset, Math.Min(block.Size, Request.Payload.Length - offset)), CoapOptionNumber.QBlock1, block);
                part.Options.Add(CoapOptionNumber.Size1, (uint)Request.Payload.Length);
                Send(part, now);
            }
        }

        public override void OnResponse(in CoapReceived received, TimeSpan now)
        {
            CoapMessageReader message = received.Message;
            if (message.Code == CoapCode.Continue)
            {
                if (CoapBlock.TryFind(message.Options, CoapOptionNumber.QBlock1, bert: false, out CoapBlock block) == CoapBlockStatus.Present)
                {
                    _sender.OnContinue(block.Number + 1);
                }
            }
            else if (message.Code == CoapCode.RequestEntityIncomplete && HasMissingBlocks(message.Options))
            {
                Span<int> numbers = stackalloc int[Endpoint._options.QBlock.MaxPayloads];
                if (MissingBlocks.TryRead(message.Payload, numbers, out int count))
                {
                    _sender.OnMissing(numbers[..count]);
                }
            }
            else
            {
                _sender.End();
                End(Copy(message));
            }
        }

        public override void OnDeadline(TimeSpan now)
        {
            _sender.OnDeadline(now);
            if (_sender.State == QBlockSenderState.Ended && !IsOver)
            {
                FailSilently(_sender.Length, now);
            }
        }

        private static bool HasMissingBlocks(CoapOptions options) =>
            options.TryFind(CoapOptionNumber.ContentFormat, out CoapOption format) && format.TryGetUInt32(out uint value) && value == (uint)CoapContentFormat.MissingBlocks;
    }

    /// <summary>A response's body in bursts: Q-Block2.</summary>
    private sealed class DownloadInBursts(CoapUdpEndpoint endpoint, CoapRequest request) : BurstTransfer(endpoint, request)
    {
        private readonly QBlockBody _body = new();
        private readonly int _exponent = endpoint._options.BlockSizes.SizeExponent;
        private CoapSendHandle _first;
        private CoapResponse? _response;
        private QBlockReceiver? _receiver;
        private TimeSpan? _askAgain;
        private int _attempts;
        private bool _isToAsk;

        public override TimeSpan? NextDeadline => IsOver ? null : _receiver is null ? _askAgain : _receiver.NextDeadline;

        public override void Begin(SocketAddress address, TimeSpan now)
        {
            base.Begin(address, now);
            CoapRequest all = Request.Part(Request.Payload, CoapOptionNumber.QBlock2, new CoapBlock(0, true, _exponent));
            all.IsConfirmable = true;
            _first = Endpoint.Begin(address, all, RandomNumberGenerator.GetBytes(CoapHeader.MaxTokenLength), this, keepOpen: true, Endpoint._options.RequestTimeout);
            _askAgain = now + Endpoint._options.QBlock.NonReceiveTimeout;
        }

        public override void Close(TimeSpan now)
        {
            base.Close(now);
            Endpoint._layer.Cancel(_first, now);
        }

        public override void OnResponse(in CoapReceived received, TimeSpan now)
        {
            CoapMessageReader message = received.Message;
            if (IsOver)
            {
                return;
            }

            if (!message.Code.IsSuccess() || !message.Options.TryFind(CoapOptionNumber.QBlock2, out _))
            {
                // An error, or the whole of it.
                End(Copy(message));
                return;
            }

            if (CoapBlock.TryFind(message.Options, CoapOptionNumber.QBlock2, bert: false, out CoapBlock block) != CoapBlockStatus.Present
                || !message.Options.TryFind(CoapOptionNumber.ETag, out CoapOption eTag)
                || !message.Options.TryFind(CoapOptionNumber.Size2, out CoapOption size) || !size.TryGetUInt32(out uint length)
                || block.SizeExponent > _exponent || !QBlocks.CanNumber(length, block.SizeExponent))
            {
                Fail(new CoapException(CoapError.TransferFailed, "A block of the response does not say what it is a part of."));
                return;
            }

            if (length > Endpoint._options.BlockSizes.MaxBody)
            {
                Fail(new CoapException(CoapError.TransferFailed, $"The response of {length} bytes is larger than the limit."));
                return;
            }

            if (_response is null)
            {
                _response = Copy(message);
                _receiver = new QBlockReceiver(Endpoint._options.QBlock, length, block.SizeExponent, asksForSets: true, now);
            }

            // [C-153] Parts of two representations are never put together: with another ETag the body begins anew.
            if (!_response.Options.TryFind(CoapOptionNumber.ETag, out CoapOption first) || !first.Value.SequenceEqual(eTag.Value))
            {
                End(null);
                return;
            }

            Take(block, length, message.Payload, now);
        }

        public override void Pump(TimeSpan now)
        {
            if (IsOver)
            {
                return;
            }

            Span<int> missing = stackalloc int[Endpoint._options.QBlock.MaxPayloads];
            int count = 0;
            int next = 0;
            if (!_isToAsk && _receiver?.TryTakeAsk(out next, missing, out count) != true)
            {
                return;
            }

            _isToAsk = false;
            CoapRequest ask = Request.Part(Request.Payload, default, null);
            if (count == 0)
            {
                ask.Options.Add(CoapOptionNumber.QBlock2, new CoapBlock(next, true, ExponentOfBody).Value);
            }

            foreach (int number in missing[..count])
            {
                ask.Options.Add(CoapOptionNumber.QBlock2, new CoapBlock(number, false, ExponentOfBody).Value);
            }

            Send(ask, now);
        }

        public override void OnDeadline(TimeSpan now)
        {
            if (_receiver is not null)
            {
                _receiver.OnDeadline(now);
                if (_receiver.State == QBlockReceiverState.Ended && !IsOver)
                {
                    FailSilently(_receiver.Length, now);
                }
            }
            else if (now >= _askAgain)
            {
                // The request may have been acknowledged, and the first set lost.
                _isToAsk = ++_attempts <= Endpoint._options.QBlock.NonMaxRetransmit;
                _askAgain = _isToAsk ? now + (Endpoint._options.QBlock.NonReceiveTimeout * (1 << _attempts)) : null;
                if (!_isToAsk)
                {
                    FailSilently(0, now);
                }
            }
        }

        private int ExponentOfBody { get; set; } = endpoint._options.BlockSizes.SizeExponent;

        private void Take(CoapBlock block, uint length, ReadOnlySpan<byte> payload, TimeSpan now)
        {
            ExponentOfBody = block.SizeExponent;
            QBlockReceipt receipt = length == _receiver!.Length ? _receiver.OnBlock(block, payload.Length, now) : QBlockReceipt.Fault;
            if (receipt is QBlockReceipt.Stored or QBlockReceipt.Complete)
            {
                _body.Write(block.Offset, payload);
            }

            if (receipt == QBlockReceipt.Complete)
            {
                _response!.Options.Remove(CoapOptionNumber.QBlock2);
                _response.Payload = _body.Bytes;
                End(_response);
            }
            else if (receipt == QBlockReceipt.Fault)
            {
                Fail(new CoapException(CoapError.TransferFailed, "The blocks of the response do not fit each other."));
            }
        }
    }

    // Implementation.
    private const int RequestTagLength = 4;
}

using System;
using System.Buffers;
using System.IO;
using System.Numerics;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

// Bodies that are larger than a message: in blocks, of which one message holds several where the peer takes BERT (RFC 8323 section 6).
public sealed partial class CoapConnection
{
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _start;
    private CoapBodies? _bodies;
    private ITimer? _bodyTimer;

    /// <summary>
    /// Sends a request and writes the body of a success to a stream as it arrives, however large it is. A stream that can seek is cut back where the body changes in the meantime and is
    /// fetched anew; with another such a transfer fails.
    /// </summary>
    /// <returns>The response without its body; an error with its diagnostic payload, and nothing written.</returns>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> DownloadAsync(CoapRequest request, Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(destination);
        return CoapBodyTransfer.DownloadAsync(request, new CoapStreamSink(destination), _send, cancellationToken);
    }

    /// <summary>Sends a request and writes the body of a success to a buffer writer as it arrives. Where the body changes in the meantime, the transfer fails.</summary>
    /// <inheritdoc cref="DownloadAsync(CoapRequest, Stream, CancellationToken)"/>
    public Task<CoapResponse> DownloadAsync(CoapRequest request, IBufferWriter<byte> destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(destination);
        return CoapBodyTransfer.DownloadAsync(request, new CoapBufferSink(destination), _send, cancellationToken);
    }

    /// <summary>Sends a request, in blocks where it is large, and puts the response together, in memory or where the request says.</summary>
    private async Task<CoapResponse> TransferAsync(CoapRequest request, CancellationToken cancellationToken)
    {
        bool isWhole = request.Body is null && request.Payload.Length <= RoomForWhole(request);
        if (isWhole && request.Sink is null)
        {
            // Most requests and their responses are one message each, and need nothing of what follows.
            CoapResponse response = await ExchangeAsync(request, cancellationToken).ConfigureAwait(false);
            return response.Options.TryFind(CoapOptionNumber.Block2, out _) && !request.Options.TryFind(CoapOptionNumber.Block2, out _)
                ? await CompleteAsync(request, response, cancellationToken).ConfigureAwait(false)
                : response;
        }

        if (!isWhole && !_settled.Task.IsCompleted)
        {
            // How much the peer takes is known when its CSM has come; one message of the base size may go before.
            await _settled.Task.WaitAsync(_options.CsmTimeout, _options.TimeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return await CoapBodyTransfer.SendAsync(
            request, RoomForWhole(request), Sizes(RoomFor(request), PeerTakesBert), ReceivedSizes(), part => ExchangeAsync(part, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Fetches the rest of a response of which the first block has come.</summary>
    private ValueTask<CoapResponse> CompleteAsync(CoapRequest request, CoapResponse response, CancellationToken cancellationToken) =>
        CoapBodyTransfer.CompleteAsync(request, response, ReceivedSizes(), part => ExchangeAsync(part, cancellationToken), cancellationToken, RoomFor(request));

    /// <summary>How many bodies of the peer are arriving in blocks, and how many large responses are kept for it.</summary>
    public int BodyCount
    {
        get
        {
            lock (_gate)
            {
                return _bodies?.Count ?? 0;
            }
        }
    }

    private bool PeerTakesBert
    {
        get
        {
            lock (_gate)
            {
                return _session.PeerTakesBert;
            }
        }
    }

    /// <summary>How large a payload goes to the peer as it is, perhaps with Observe beside its options.</summary>
    private int RoomForWhole(CoapMessage message)
    {
        lock (_gate)
        {
            return Math.Max(0, _session.SendLimit - (message.TcpLengthBound - message.Payload.Length) - MaxObserveOverhead);
        }
    }

    /// <summary>How many bytes of payload a block to the peer takes beside the options of its message.</summary>
    private int RoomFor(CoapMessage message)
    {
        lock (_gate)
        {
            return Math.Max(0, _session.SendLimit - MaxOverhead - message.Options.View.Encoded.Length);
        }
    }

    /// <summary>The blocks that fit: of 1024 bytes, several in a message where the peer takes BERT, or smaller ones where the options leave no more room.</summary>
    private CoapBlockSizes Sizes(int room, bool bert)
    {
        room = Math.Max(room, MinBlock);
        return new CoapBlockSizes
        {
            SizeExponent = room >= MaxBlock ? (bert ? CoapBlock.BertExponent : CoapBlock.MaxDatagramExponent) : BitOperations.Log2((uint)room) - BitOperations.Log2(MinBlock),
            MaxPayload = room,
            MaxBody = _options.MaxBody,
        };
    }

    /// <summary>What may come: blocks of any size, and as many in a message as our own Max-Message-Size takes.</summary>
    private CoapBlockSizes ReceivedSizes() => Sizes(_options.MaxMessageSize, bert: true);

    /// <summary>Who asks for a block with BERT takes it, whatever its CSM says.</summary>
    private CoapBlockSizes SizesForResponse(CoapRequest request, CoapServedBody body)
    {
        bool asksBert = CoapBlock.TryFind(request.Options.View, CoapOptionNumber.Block2, bert: true, out CoapBlock block) == CoapBlockStatus.Present && block.IsBert;
        return Sizes(RoomFor(body.Response), asksBert || PeerTakesBert);
    }

    private CoapArrival Receive(CoapRequest request)
    {
        if (_handler is null || !(request.Options.TryFind(CoapOptionNumber.Block1, out _) || request.Options.TryFind(CoapOptionNumber.Block2, out _)))
        {
            return default;
        }

        lock (_gate)
        {
            CoapArrival arrival = Bodies().OnRequest(default, request, Now());
            if (arrival is { Kind: CoapArrivalKind.Serve, Served: null })
            {
                arrival = arrival with { Served = HoldObserved(request) };
            }

            WaitForDeadline();
            return arrival;
        }
    }

    private CoapBodies Bodies()
    {
        lock (_gate)
        {
            return _bodies ??= new CoapBodies(
                _handler!,
                _service!.Router,
                _options.HandlerFailed,
                new CoapUploadsOptions
                {
                    Sizes = ReceivedSizes(),
                    MaxTransfers = _options.MaxBodies,
                    MaxTransfersPerPeer = _options.MaxBodies,
                    Timeout = _options.BodyTimeout,
                },
                _options.MaxServedBytes,
                null,
                _ended.Token);
        }
    }

    /// <summary>Sees to it that bodies of which the rest does not come, or is not asked for, are forgotten in time.</summary>
    private void WaitForDeadline()
    {
        if (_bodies?.NextDeadline is TimeSpan deadline && !_ended.IsCancellationRequested)
        {
            _bodyTimer ??= _options.TimeProvider.CreateTimer(
                static connection => ((CoapConnection)connection!).OnBodyTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            TimeSpan wait = deadline - Now();
            _bodyTimer.Change(wait > TimeSpan.Zero ? wait + TimeSpan.FromMilliseconds(1) : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private void OnBodyTimer()
    {
        lock (_gate)
        {
            _bodies?.OnDeadline(Now());
            WaitForDeadline();
        }
    }

    private void EndBodies()
    {
        lock (_gate)
        {
            _bodies?.RemovePeer(default);
            _bodyTimer?.Dispose();
        }
    }

    private TimeSpan Now() => _options.TimeProvider.GetElapsedTime(_start);

    // Specification: RFC 7959 section 2.2.
    private const int MinBlock = 16;
    private const int MaxBlock = 1024;

    // Implementation: header, token and marker, and what a block adds: Block1 and Block2 (3 bytes each), Size1 or Size2 (4), ETag (8), Observe, Request-Tag (8), each with its header.
    private const int MaxOverhead = 64;
    private const int MaxObserveOverhead = 2;
}

using System;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// Stands between a transport and its handler: puts bodies together that come in blocks, or lets the handler read them as they come; and serves the later blocks of what a handler gave,
/// so that it runs once for a body. The transport's lock guards it.
/// </summary>
internal sealed class CoapBodies
{
    private readonly CoapHandler _handler;
    private readonly CoapRouter? _router;
    private readonly Action<CoapRequest, Exception>? _handlerFailed;
    private readonly CancellationToken _ended;
    private readonly CoapUploads _uploads;
    private readonly CoapServedBodies _served;

    /// <param name="handler">Answers the requests.</param>
    /// <param name="router">The router that it stands before, whose routes say who reads a body as it comes; null where there is none.</param>
    /// <param name="handlerFailed">Told what the handler throws.</param>
    /// <param name="options">Limits of the bodies that arrive; as many are served.</param>
    /// <param name="maxServedBytes">The most bytes of payloads that are kept until their last block is asked for.</param>
    /// <param name="layer">Where the peers are known; null where the peer is a connection.</param>
    /// <param name="ended">The transport has ended.</param>
    public CoapBodies(
        CoapHandler handler, CoapRouter? router, Action<CoapRequest, Exception>? handlerFailed, CoapUploadsOptions options, long maxServedBytes, CoapMessageLayer? layer, CancellationToken ended)
    {
        _handler = handler;
        _router = router;
        _handlerFailed = handlerFailed;
        _ended = ended;
        _uploads = new CoapUploads(options, layer, RandomNumberGenerator.GetBytes(EntropyLength));
        _served = new CoapServedBodies(options.MaxTransfers, options.MaxTransfersPerPeer, maxServedBytes, options.Timeout);
    }

    /// <summary>How many bodies are arriving, or are served and not to their end.</summary>
    public int Count => _uploads.Count + _served.Count;

    /// <summary>When <see cref="OnDeadline"/> is to be called next; null while there is nothing to wait for.</summary>
    public TimeSpan? NextDeadline => _uploads.NextDeadline is TimeSpan a && _served.NextDeadline is TimeSpan b ? (a < b ? a : b) : _uploads.NextDeadline ?? _served.NextDeadline;

    public void OnDeadline(TimeSpan now)
    {
        _uploads.OnDeadline(now);
        _served.OnDeadline(now);
        TakeAbandoned();
    }

    public void RemovePeer(CoapPeerHandle peer)
    {
        _uploads.RemovePeer(peer);
        _served.RemovePeer(peer);
        TakeAbandoned();
    }

    /// <summary>Takes a request. Where its body is complete with it, that becomes its payload.</summary>
    public CoapArrival OnRequest(CoapPeerHandle peer, CoapRequest request, TimeSpan now)
    {
        CoapOptions options = request.Options.View;
        bool streams = _router is not null && options.TryFind(CoapOptionNumber.Block1, out _) && _router.Streams(request);
        CoapUploadStep step = _uploads.OnRequest(peer, request.Method, options, request.Payload.Length, now, streams ? long.MaxValue : null);
        TakeAbandoned();
        return step.Kind switch
        {
            CoapUploadKind.Whole => OnWhole(peer, request, now),
            CoapUploadKind.Store when streams => OnStreamed(request, step),
            CoapUploadKind.Store => OnStored(request, step),
            _ => new CoapArrival(CoapArrivalKind.Answer, step.Block, step.Code),
        };
    }

    /// <summary>Whether a response goes as it is: it fits, and no part of it was asked for.</summary>
    public static bool GoesWhole(CoapResponse response, CoapRequest request, CoapBlock? block1, int maxPayload) =>
        block1 is null && response.Body is null
        && (!response.Code.IsSuccess() || (response.Payload.Length <= maxPayload && !request.Options.TryFind(CoapOptionNumber.Block2, out _)));

    /// <summary>The answer to a block that a handler reads. Outside the lock.</summary>
    public ValueTask<CoapResponse> StreamAsync(in CoapArrival arrival) => arrival.Upload!.AnswerAsync(_handler, _handlerFailed, arrival.IsLast);

    /// <summary>Cuts what a request asks for out of a body. Outside the lock.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever the program's own body throws becomes 5.00: one bad body must not end the server.")]
    public async ValueTask<CoapPart> CutAsync(CoapServedBody body, CoapRequest request, CoapBlock? block1, CoapBlockSizes sizes)
    {
        if (!CoapServedBlock.TryRead(request.Options.View, sizes, out CoapServedBlock served))
        {
            return new CoapPart(CoapResponse.Error(CoapCode.BadRequest, "Block2"), true);
        }

        try
        {
            return await body.ReadAsync(served, block1, _ended).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            CoapHandlerFailure.Tell(_handlerFailed, request, e);
            return new CoapPart(CoapResponse.Error(CoapCode.InternalServerError), true);
        }
    }

    /// <summary>Takes note of a part that goes to a peer: keeps the body until its last block is asked for, and an upload no longer than its handler.</summary>
    /// <param name="peer">Who asked.</param>
    /// <param name="request">What it asked.</param>
    /// <param name="body">What it is part of.</param>
    /// <param name="part">The part.</param>
    /// <param name="isNew">Whether the handler has just given it.</param>
    /// <param name="now">Now.</param>
    /// <returns>The response to send.</returns>
    public CoapResponse OnPart(CoapPeerHandle peer, CoapRequest request, CoapServedBody body, in CoapPart part, bool isNew, TimeSpan now)
    {
        if (!isNew)
        {
            if (part.IsLast)
            {
                _served.Remove(peer, body);
            }

            return part.Response;
        }

        CoapServedKey key = KeyOf(peer, request);
        if (part.IsLast)
        {
            _served.Remove(key);
        }
        else if (!_served.TryKeep(key, body, now) && !request.Method.IsSafe())
        {
            // The handler must not run once more for the next block.
            return CoapResponse.Error(CoapCode.InternalServerError, "the response is larger than what is kept");
        }

        return part.Response;
    }

    /// <summary>Forgets the body that a peer was given the first block of, because it is told of a newer one.</summary>
    public void Forget(CoapPeerHandle peer, CoapRequest request)
    {
        CoapServedKey key = KeyOf(peer, request);
        _served.Remove(key);

        // Its payload may have come in blocks.
        _served.Remove(key with { Payload = 0 });
    }

    /// <summary>An upload's handler has answered before the body was complete.</summary>
    public void OnAnswered(in CoapArrival arrival)
    {
        if (arrival.Upload?.IsOver == true && !arrival.IsLast)
        {
            _uploads.Abandon(arrival.Upload.Transfer);
            TakeAbandoned();
        }
    }

    private CoapArrival OnWhole(CoapPeerHandle peer, CoapRequest request, TimeSpan now)
    {
        if (CoapBlock.TryFind(request.Options.View, CoapOptionNumber.Block2, bert: true, out CoapBlock block) != CoapBlockStatus.Present || block.Number == 0)
        {
            return default;
        }

        CoapServedBody? served = _served.Find(KeyOf(peer, request), now);

        // Of a safe method the handler gives the body once more, and the ETag tells whether it is the same; another must not run again for a later block.
        return served is null && !request.Method.IsSafe()
            ? new CoapArrival(CoapArrivalKind.Answer, null, CoapCode.RequestEntityIncomplete)
            : new CoapArrival(CoapArrivalKind.Serve, Served: served);
    }

    /// <summary>What a response is to. The payload of a FETCH tells what it asks for (RFC 8132 section 2); where it came in blocks, the Request-Tag does.</summary>
    private CoapServedKey KeyOf(CoapPeerHandle peer, CoapRequest request)
    {
        CoapOptions options = request.Options.View;
        ReadOnlySpan<byte> payload = request.Method == CoapCode.Fetch && !options.TryFind(CoapOptionNumber.Block1, out _) ? request.Payload.Span : default;
        ulong asked = _uploads.KeyOfResponse(request.Method, options, default);
        return new CoapServedKey(peer, asked, payload.IsEmpty ? 0 : _uploads.KeyOfResponse(request.Method, options, payload));
    }

    private CoapArrival OnStored(CoapRequest request, in CoapUploadStep step)
    {
        CoapStoredUpload upload = (CoapStoredUpload?)step.State ?? new CoapStoredUpload(CoapRequest.PreconditionsIn(request.Options.View));
        MemoryStream body = upload.Body;
        body.SetLength(step.Offset);
        body.Position = step.Offset;
        body.Write(request.Payload.Span);
        if (step.IsLast)
        {
            request.Payload = body.GetBuffer().AsMemory(0, (int)body.Length);
            request.TakePreconditions(upload.Preconditions);
            return new CoapArrival(CoapArrivalKind.Handle, step.Block);
        }

        if (step.Offset == 0)
        {
            _uploads.SetState(step.Transfer, upload);
        }

        return new CoapArrival(CoapArrivalKind.Answer, step.Block, step.Code);
    }

    private CoapArrival OnStreamed(CoapRequest request, in CoapUploadStep step)
    {
        if (step is { Offset: 0, IsLast: true })
        {
            return new CoapArrival(CoapArrivalKind.Handle, step.Block);
        }

        var upload = (CoapStreamedUpload?)step.State;
        if (upload is null)
        {
            upload = new CoapStreamedUpload(request, step.Transfer, _ended);
            _uploads.SetState(step.Transfer, upload);
        }

        if (!upload.TryTake(request.Payload.Span, step.IsLast))
        {
            upload.Abandon();
            _uploads.Abandon(step.Transfer);
            TakeAbandoned();
            return new CoapArrival(CoapArrivalKind.Answer, step.Block, CoapCode.RequestEntityIncomplete);
        }

        return new CoapArrival(CoapArrivalKind.Stream, step.Block, Upload: upload, IsLast: step.IsLast);
    }

    private void TakeAbandoned()
    {
        while (_uploads.TryTakeAbandoned(out object? state))
        {
            // A body in memory goes with the last reference to it; a handler that reads is told.
            (state as CoapStreamedUpload)?.Abandon();
        }
    }

    // Implementation.
    private const int EntropyLength = 32;
}

using System;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>Sends a request whose body, or whose response's, is larger than a message: in blocks (RFC 7959).</summary>
internal static class CoapBodyTransfer
{
    /// <summary>Sends a request through whatever stands before the transport, and the body of a success to a sink.</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public static async Task<CoapResponse> DownloadAsync(CoapRequest request, CoapBodySink sink, CoapHandler send, CancellationToken cancellationToken)
    {
        var download = (CoapRequest)request.Copy();
        download.Sink = sink;
        CoapResponse response = await send(download, cancellationToken).ConfigureAwait(false);
        if (response.Code.IsSuccess() && !response.Payload.IsEmpty)
        {
            // What stands before the transport has sent another request, or made the response itself.
            await sink.WriteAsync(response.Payload, cancellationToken).ConfigureAwait(false);
            response = response.WithBody(default);
        }

        return response;
    }

    /// <summary>Sends the request as it is or in blocks, and puts the response together: in memory, up to the limit, or in the request's sink.</summary>
    /// <param name="request">A request. One that has a Block1 or Block2 option already is sent as it is: its sender wants a single block.</param>
    /// <param name="maxWhole">How large a payload goes as it is.</param>
    /// <param name="sizes">How large a block may be that is sent.</param>
    /// <param name="received">How large a block may be that comes. Below 1024 bytes it is asked for with the first request (RFC 7959 section 2.4).</param>
    /// <param name="exchange">Sends one message and gives its response.</param>
    /// <param name="cancellationToken">Ends the transfer.</param>
    /// <exception cref="CoapException">The blocks do not fit each other, or the body is too large.</exception>
    public static async Task<CoapResponse> SendAsync(
        CoapRequest request, int maxWhole, CoapBlockSizes sizes, CoapBlockSizes received, Func<CoapRequest, Task<CoapResponse>> exchange, CancellationToken cancellationToken)
    {
        CoapResponse response;
        CoapBodySink? sink = request.Sink;
        bool isSingle = request.Options.TryFind(CoapOptionNumber.Block2, out _);
        bool inParts = request.Body is not null || request.Payload.Length > maxWhole;
        if (inParts && !isSingle && !request.Options.TryFind(CoapOptionNumber.Block1, out _))
        {
            (request, response) = await UploadAsync(request, sizes, exchange, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            bool asks = !isSingle && received.SizeExponent < CoapBlock.MaxDatagramExponent && request.Method.IsSafe();
            response = await exchange(
                asks ? request.Part(request.Payload, CoapOptionNumber.Block2, new CoapBlock(0, false, received.SizeExponent)) : request).ConfigureAwait(false);
        }

        if (!isSingle && response.Options.TryFind(CoapOptionNumber.Block2, out _))
        {
            return await DownloadAsync(request, response, received, sizes.MaxPayload, sink, exchange, cancellationToken).ConfigureAwait(false);
        }

        if (sink is not null && response.Code.IsSuccess())
        {
            await sink.WriteAsync(response.Payload, cancellationToken).ConfigureAwait(false);
            return response.WithBody(default);
        }

        return response;
    }

    /// <summary>Puts a response or a notification together of which the first block has arrived (RFC 7959 section 2.6).</summary>
    /// <param name="request">The request.</param>
    /// <param name="first">What has arrived.</param>
    /// <param name="sizes">How large a block may be that comes.</param>
    /// <param name="exchange">Sends one message and gives its response.</param>
    /// <param name="cancellationToken">Ends the transfer.</param>
    /// <param name="maxRepeated">How large a payload of a FETCH may be that goes with each further request.</param>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public static ValueTask<CoapResponse> CompleteAsync(
        CoapRequest request, CoapResponse first, CoapBlockSizes sizes, Func<CoapRequest, Task<CoapResponse>> exchange, CancellationToken cancellationToken, int maxRepeated = MaxRepeated) =>
        first.Options.TryFind(CoapOptionNumber.Block2, out _)
            ? new(DownloadAsync(request, first, sizes, Math.Min(sizes.MaxPayload, maxRepeated), null, exchange, cancellationToken))
            : new(first);

    /// <summary>Sends the body in blocks.</summary>
    /// <returns>The request that the blocks have in common, and the final response.</returns>
    private static async Task<(CoapRequest Request, CoapResponse Response)> UploadAsync(
        CoapRequest request, CoapBlockSizes sizes, Func<CoapRequest, Task<CoapResponse>> exchange, CancellationToken cancellationToken)
    {
        var upload = new CoapUpload(request.Body is null ? sizes : sizes.Unlimited());
        while (true)
        {
            (ReadOnlyMemory<byte> payload, bool isLast) = await ReadAsync(request, upload.Offset, upload.MaxCount, cancellationToken).ConfigureAwait(false);
            long offset = upload.Offset;
            if (!upload.TrySend(payload.Length, isLast, out CoapBlock? block))
            {
                throw Failed(upload.Failure);
            }

            if (block is not null && !request.Options.TryFind(CoapOptionNumber.RequestTag, out _))
            {
                request = WithTag(request);
            }

            CoapRequest part = request.Part(payload, CoapOptionNumber.Block1, block);
            if (upload.HasBeenActedOn)
            {
                part.RemovePreconditions();
            }

            if (block is not null && offset == 0 && (request.Body is null ? request.Payload.Length : request.Body.Length) is long length and <= uint.MaxValue)
            {
                part.Options.Add(CoapOptionNumber.Size1, (uint)length);
            }

            CoapResponse response = await exchange(part).ConfigureAwait(false);
            switch (upload.OnResponse(response.Code, response.Options.View))
            {
                case CoapTransferState.Completed:
                    return (request, response);
                case CoapTransferState.Failed:
                    throw Failed(upload.Failure);
                default:
                    break;
            }
        }
    }

    private static async ValueTask<(ReadOnlyMemory<byte> Payload, bool IsLast)> ReadAsync(CoapRequest request, long offset, int maxCount, CancellationToken cancellationToken)
    {
        if (request.Body is null)
        {
            int count = Math.Min(maxCount, request.Payload.Length - (int)offset);
            return (request.Payload.Slice((int)offset, count), offset + count == request.Payload.Length);
        }

        // One byte more tells whether the body goes on.
        var buffer = new byte[maxCount + 1];
        int read = await request.Body.ReadAsync(offset, buffer, cancellationToken).ConfigureAwait(false);
        return (buffer.AsMemory(0, Math.Min(read, maxCount)), read <= maxCount);
    }

    /// <summary>RFC 9175 section 3: a tag of its own keeps the blocks of this body apart from those of another to the same resource.</summary>
    private static CoapRequest WithTag(CoapRequest request)
    {
        CoapRequest tagged = request.Part(request.Payload, default, null);
        tagged.Body = request.Body;
        tagged.Options.Add(CoapOptionNumber.RequestTag, RandomNumberGenerator.GetBytes(TagLength));
        return tagged;
    }

    private static async Task<CoapResponse> DownloadAsync(
        CoapRequest request, CoapResponse response, CoapBlockSizes sizes, int maxRepeated, CoapBodySink? sink, Func<CoapRequest, Task<CoapResponse>> exchange, CancellationToken cancellationToken)
    {
        var memory = sink is null ? new CoapMemorySink() : null;
        var download = new CoapDownload(sink is null ? sizes : sizes.Unlimited());
        CoapResponse first = response;
        download.TrySend(out _);
        while (true)
        {
            CoapDownloadResult result = download.OnResponse(response.Code, response.Options.View, response.Payload.Length);
            switch (result)
            {
                case CoapDownloadResult.Block or CoapDownloadResult.Last:
                    first = download.Offset == 0 ? response : first;
                    await (sink ?? memory!).WriteAsync(response.Payload, cancellationToken).ConfigureAwait(false);
                    break;
                case CoapDownloadResult.Restart when request.Method.IsSafe() && (sink ?? memory!).TryReset():
                    break;
                case CoapDownloadResult.Restart:
                    throw new CoapException(CoapError.TransferFailed, "The body changed while it was fetched, and cannot be asked for or stored anew.");
                case CoapDownloadResult.Error:
                    return response;
                default:
                    throw Failed(download.Failure);
            }

            if (result == CoapDownloadResult.Last)
            {
                return first.WithBody(memory?.Body ?? default);
            }

            if (!download.TrySend(out CoapBlock? block))
            {
                throw Failed(download.Failure);
            }

            // A FETCH says with its payload what it asks for, in each of its requests; the payload of another method was acted on.
            ReadOnlyMemory<byte> payload = request.Method == CoapCode.Fetch && request.Payload.Length <= maxRepeated ? request.Payload : default;
            response = await exchange(request.Part(payload, CoapOptionNumber.Block2, block)).ConfigureAwait(false);
        }
    }

    private static CoapException Failed(CoapBlockFailure failure) => new(CoapError.TransferFailed, $"The body could not be transferred in blocks: {failure}.");

    // Implementation: enough for the requests of one client to one resource.
    private const int TagLength = 4;

    // Implementation: a payload that every peer takes beside its options.
    private const int MaxRepeated = 1024;
}

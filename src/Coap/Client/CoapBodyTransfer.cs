using System;
using System.Buffers;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>Sends a request whose body, or whose response's, is larger than a message: in blocks (RFC 7959).</summary>
internal static class CoapBodyTransfer
{
    /// <summary>Sends the request as it is or in blocks, and puts the response together.</summary>
    /// <param name="request">A request. One that has a Block1 or Block2 option already is sent as it is: its sender wants a single block.</param>
    /// <param name="sizes">How large a block may be.</param>
    /// <param name="exchange">Sends one message and gives its response.</param>
    /// <exception cref="CoapException">The blocks do not fit each other, or the body is too large.</exception>
    public static async Task<CoapResponse> SendAsync(CoapRequest request, CoapBlockSizes sizes, Func<CoapRequest, Task<CoapResponse>> exchange)
    {
        if (request.Options.TryFind(CoapOptionNumber.Block1, out _) || request.Options.TryFind(CoapOptionNumber.Block2, out _))
        {
            return await exchange(request).ConfigureAwait(false);
        }

        CoapResponse response = request.Payload.Length > sizes.MaxPayload
            ? await UploadAsync(request, sizes, exchange).ConfigureAwait(false)
            : await exchange(request).ConfigureAwait(false);
        return response.Options.TryFind(CoapOptionNumber.Block2, out _)
            ? await DownloadAsync(request, response, sizes, exchange).ConfigureAwait(false)
            : response;
    }

    /// <summary>Puts a response together of which the first block has arrived.</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public static Task<CoapResponse> CompleteAsync(CoapRequest request, CoapResponse first, CoapBlockSizes sizes, Func<CoapRequest, Task<CoapResponse>> exchange) =>
        DownloadAsync(request, first, sizes, exchange);

    private static async Task<CoapResponse> UploadAsync(CoapRequest request, CoapBlockSizes sizes, Func<CoapRequest, Task<CoapResponse>> exchange)
    {
        var upload = new CoapUpload(sizes);
        while (true)
        {
            int offset = (int)upload.Offset;
            int count = Math.Min(upload.MaxCount, request.Payload.Length - offset);
            if (!upload.TrySend(count, offset + count == request.Payload.Length, out CoapBlock? block))
            {
                throw Failed(upload.Failure);
            }

            CoapRequest part = request.Part(request.Payload.Slice(offset, count), CoapOptionNumber.Block1, block);
            if (offset == 0)
            {
                part.Options.Add(CoapOptionNumber.Size1, (uint)request.Payload.Length);
            }

            CoapResponse response = await exchange(part).ConfigureAwait(false);
            switch (upload.OnResponse(response.Code, response.Options.View))
            {
                case CoapTransferState.Completed:
                    return response;
                case CoapTransferState.Failed:
                    throw Failed(upload.Failure);
                default:
                    break;
            }
        }
    }

    private static async Task<CoapResponse> DownloadAsync(CoapRequest request, CoapResponse response, CoapBlockSizes sizes, Func<CoapRequest, Task<CoapResponse>> exchange)
    {
        var download = new CoapDownload(sizes);
        var body = new ArrayBufferWriter<byte>();
        CoapResponse first = response;
        download.TrySend(out _);
        while (true)
        {
            switch (download.OnResponse(response.Code, response.Options.View, response.Payload.Length))
            {
                case CoapDownloadResult.Block:
                    body.Write(response.Payload.Span);
                    break;
                case CoapDownloadResult.Last:
                    body.Write(response.Payload.Span);
                    return first.WithBody(body.WrittenMemory);
                case CoapDownloadResult.Restart:
                    body.ResetWrittenCount();
                    break;
                case CoapDownloadResult.Error:
                    return response;
                default:
                    throw Failed(download.Failure);
            }

            if (!download.TrySend(out CoapBlock? block))
            {
                throw Failed(download.Failure);
            }

            response = await exchange(request.Part(default, CoapOptionNumber.Block2, block)).ConfigureAwait(false);
            first = body.WrittenCount == 0 ? response : first;
        }
    }

    private static CoapException Failed(CoapBlockFailure failure) => new(CoapError.TransferFailed, $"The body could not be transferred in blocks: {failure}.");
}

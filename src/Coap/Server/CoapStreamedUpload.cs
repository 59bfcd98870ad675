using System;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// A body that arrives in blocks while its handler reads it. A block is acknowledged when the pipe has room for the next, so that a slow handler slows the sender, and no more than the pipe holds is in memory.
/// </summary>
internal sealed class CoapStreamedUpload
{
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: PipeSize, resumeWriterThreshold: PipeSize / 2, useSynchronizationContext: false));
    private readonly CancellationTokenSource _abandoned;
    private readonly CoapRequest _request;
    private Task<FlushResult> _flush = Task.FromResult(default(FlushResult));
    private Task<CoapResponse>? _handling;

    public CoapStreamedUpload(CoapRequest request, CoapTransferHandle transfer, CancellationToken connectionEnded)
    {
        Transfer = transfer;
        _abandoned = CancellationTokenSource.CreateLinkedTokenSource(connectionEnded);
        _request = request.Detach();
        _request.BodyReader = _pipe.Reader;
    }

    public CoapTransferHandle Transfer { get; }

    /// <summary>Takes a block that follows the one before. Under the transport's lock.</summary>
    /// <returns>False where the one before is not acknowledged yet: its sender does not wait, and would fill the memory.</returns>
    public bool TryTake(ReadOnlySpan<byte> payload, bool isLast)
    {
        if (!_flush.IsCompleted)
        {
            return false;
        }

        if (_handling?.IsCompleted == true)
        {
            // Nobody reads any more; the response is there already.
            return true;
        }

        payload.CopyTo(_pipe.Writer.GetSpan(Math.Max(1, payload.Length)));
        _pipe.Writer.Advance(payload.Length);
        _flush = _pipe.Writer.FlushAsync(CancellationToken.None).AsTask();
        if (isLast)
        {
            _pipe.Writer.Complete();
        }

        return true;
    }

    /// <summary>The answer to the block that was taken last: 2.31, or the handler's response, where the body is complete or the handler does not want the rest.</summary>
    public async ValueTask<CoapResponse> AnswerAsync(CoapHandler handler, Action<CoapRequest, Exception>? handlerFailed, bool isLast)
    {
        _handling ??= RunAsync(handler, handlerFailed);
        if (!isLast)
        {
            await Task.WhenAny(_flush, _handling).ConfigureAwait(false);
        }

        if (isLast || _handling.IsCompleted)
        {
            IsOver = true;
            return await _handling.ConfigureAwait(false);
        }

        return new CoapResponse(CoapCode.Continue);
    }

    /// <summary>Whether the handler's response has been given.</summary>
    public bool IsOver { get; private set; }

    /// <summary>The rest will not come: the handler's reader fails, and its token is cancelled.</summary>
    public void Abandon()
    {
        _pipe.Writer.Complete(new CoapException(CoapError.TransferFailed, "The rest of the body did not come."));
        try
        {
            _ = _abandoned.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The handler has ended.
        }
    }

    private async Task<CoapResponse> RunAsync(CoapHandler handler, Action<CoapRequest, Exception>? handlerFailed)
    {
        try
        {
            return await handler(_request, _abandoned.Token).ConfigureAwait(false) ?? throw new InvalidOperationException("The handler returned null.");
        }
#pragma warning disable CA1031 // Whatever a handler throws becomes 5.00: one bad request must not end the server.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (!_abandoned.IsCancellationRequested)
            {
                CoapHandlerFailure.Tell(handlerFailed, _request, e);
            }

            return CoapResponse.Error(CoapCode.InternalServerError);
        }
        finally
        {
            await _pipe.Reader.CompleteAsync().ConfigureAwait(false);
            _abandoned.Dispose();
        }
    }

    // Implementation: some blocks ahead of the handler.
    private const int PipeSize = 64 * 1024;
}

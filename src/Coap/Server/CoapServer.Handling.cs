using System;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

// What stands before the handler, whatever the transport: the end of the server, and the log.
public sealed partial class CoapServer
{
    private int _handling;

    private ValueTask<CoapResponse> HandleAsync(CoapRequest request, CancellationToken cancellationToken)
    {
        if (_stopping.IsCancellationRequested)
        {
            return new(CoapResponse.Error(CoapCode.ServiceUnavailable, "the server stops"));
        }

        ValueTask<CoapResponse> task;
        try
        {
            task = _handler(request, cancellationToken);
        }
        catch (Exception e)
        {
            Tell(request, e, cancellationToken);
            throw;
        }

        return task.IsCompletedSuccessfully ? task : AwaitAsync(request, task, cancellationToken);
    }

    private async ValueTask<CoapResponse> AwaitAsync(CoapRequest request, ValueTask<CoapResponse> task, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _handling);
        try
        {
            return await task.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Tell(request, e, cancellationToken);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _handling);
        }
    }

    /// <summary>A handler that stops because it was told to has not failed.</summary>
    private void Tell(CoapRequest request, Exception e, CancellationToken cancellationToken)
    {
        if (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Log.HandlerFailed(_options.Logger, request.Method, request.Path, request.Peer.Identity, e);
        }
    }
}

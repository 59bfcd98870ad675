using System;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

// The end of the handlers that are at work.
internal sealed partial class CoapUdpEndpoint
{
    private int _working;
    private TaskCompletionSource? _idle;

    /// <summary>Waits until the requests that are being handled are answered, but no longer than that.</summary>
    public async Task EndHandlersAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        Task idle;
        lock (_gate)
        {
            if (_working == 0)
            {
                return;
            }

            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            idle = _idle.Task;
        }

        try
        {
            await idle.WaitAsync(timeout, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // They are cancelled when the endpoint is disposed.
        }
    }

    private void OnHandlerEnded()
    {
        if (--_working == 0)
        {
            _idle?.TrySetResult();
        }
    }
}

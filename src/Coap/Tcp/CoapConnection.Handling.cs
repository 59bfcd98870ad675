using System;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

// The peer's requests: how many at once, and what becomes of each.
public sealed partial class CoapConnection
{
    private readonly SemaphoreSlim _progress = new(0, 1);
    private int _handlers;

    /// <summary>Starts the handler, waiting for a free place where that cannot stop the connection for good.</summary>
    private async ValueTask StartHandlerAsync(CoapRequest request, byte[] token)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_session.State == CoapTcpState.Closed)
                {
                    return;
                }

                if (_handlers < _options.MaxHandlers)
                {
                    _handlers++;
                    break;
                }

                if (_pending.Count > 0 || _observations.Count > 0)
                {
                    // The handlers may be waiting for responses that only this loop can read.
                    request = null!;
                    break;
                }
            }

            await _progress.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        }

        if (request is null)
        {
            await TryRespondAsync(CoapResponse.Error(CoapCode.ServiceUnavailable, "too many requests at once"), token).ConfigureAwait(false);
            return;
        }

        _ = HandleAsync(request, token);
    }

    private async Task HandleAsync(CoapRequest request, byte[] token)
    {
        try
        {
            await AnswerAsync(request, token).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
            {
                _handlers--;
                EndIfDrained();
            }

            WakeReader();
        }
    }

    /// <summary>Gives the request its one answer: a refusal, a block of a body, or the handler's response.</summary>
    private async ValueTask AnswerAsync(CoapRequest request, byte[] token)
    {
        if (CoapCriticalOptions.Refuse(request.Options.View, CoapCriticalOptions.InRequests, _options.CriticalOptions) is CoapResponse refusal)
        {
            await RespondAsync(request, refusal, token, null).ConfigureAwait(false);
            return;
        }

        long changes = _service?.Resources.Changes ?? 0;
        CoapArrival arrival = Receive(request);
        if (arrival.Kind == CoapArrivalKind.Answer)
        {
            await RespondAsync(request, arrival.ToResponse(), token, null).ConfigureAwait(false);
        }
        else if (arrival.Served is not null)
        {
            await RespondInPartsAsync(request, arrival.Served, arrival, token, isNew: false, changes).ConfigureAwait(false);
        }
        else
        {
            CoapResponse response = arrival.Kind == CoapArrivalKind.Stream
                ? await _bodies!.StreamAsync(arrival).ConfigureAwait(false)
                : await InvokeAsync(request).ConfigureAwait(false);
            if (CoapBodies.GoesWhole(response, request, arrival.Block1, RoomFor(response)))
            {
                await RespondAsync(request, response, token, Register(request, response, token, changes)).ConfigureAwait(false);
            }
            else
            {
                await RespondInPartsAsync(request, new CoapServedBody(response), arrival, token, isNew: true, changes).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Answers with the block that was asked for.</summary>
    private async ValueTask RespondInPartsAsync(CoapRequest request, CoapServedBody body, CoapArrival arrival, byte[] token, bool isNew, long changes)
    {
        CoapPart part = await Bodies().CutAsync(body, request, arrival.Block1, SizesForResponse(request, body)).ConfigureAwait(false);
        CoapResponse response;
        lock (_gate)
        {
            response = _ended.IsCancellationRequested ? part.Response : _bodies!.OnPart(default, request, body, part, isNew, Now());
            _bodies!.OnAnswered(arrival);
            WaitForDeadline();
        }

        body.Release();
        await RespondAsync(request, response, token, Register(request, response, token, changes)).ConfigureAwait(false);
    }

    private async ValueTask<CoapResponse> InvokeAsync(CoapRequest request)
    {
        if (_handler is null)
        {
            return CoapResponse.NotFound();
        }

        try
        {
            return await _handler(request, _ended.Token).ConfigureAwait(false)
                ?? throw new InvalidOperationException("The handler returned null.");
        }
#pragma warning disable CA1031 // Whatever a handler throws becomes 5.00: one bad request must not end the peer's connection.
        catch (Exception e)
#pragma warning restore CA1031
        {
            CoapHandlerFailure.Tell(_options.HandlerFailed, request, e);
            return CoapResponse.Error(CoapCode.InternalServerError);
        }
    }

    /// <summary>Sends the response, unless its class is not wanted; then the observer that it has made may be told of changes.</summary>
    private async ValueTask RespondAsync(CoapRequest request, CoapResponse response, byte[] token, Observer? observer)
    {
        if (!CoapNoResponse.IsUnwanted(request, response.Code))
        {
            await TryRespondAsync(observer is null ? response : response.With(CoapOptionNumber.Observe, 0), token).ConfigureAwait(false);
        }

        if (observer is not null)
        {
            await NotifyAsync(observer).ConfigureAwait(false);
        }
    }

    private async ValueTask TryRespondAsync(CoapResponse response, byte[] token)
    {
        try
        {
            await WriteAsync(response, response.Code, token, _ended.Token).ConfigureAwait(false);
        }
        catch (CoapException e) when (e.Error == CoapError.MessageTooLarge && response.Code != CoapCode.InternalServerError)
        {
            await TryRespondAsync(CoapResponse.Error(CoapCode.InternalServerError, "the response is larger than Max-Message-Size"), token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is CoapException or OperationCanceledException)
        {
            // The connection has ended; nobody waits for the response any more.
        }
    }

    private void WakeReader()
    {
        lock (_progress)
        {
            if (_progress.CurrentCount == 0)
            {
                _progress.Release();
            }
        }
    }
}

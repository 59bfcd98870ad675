using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace Flint.Coap;

// Observation as a server over a stream (RFC 7641, RFC 8323 section 7): the transport keeps the order and says when the peer has gone, so there is nothing to number, repeat or reset.
public sealed partial class CoapConnection
{
    private readonly List<Observer> _observers = [];

    /// <summary>
    /// Tells that the resource at <paramref name="path"/> has changed: the handler of this connection is asked once more, and the answer goes to the peer, where it observes it. A connection of a
    /// <see cref="CoapServer"/> is told by <see cref="CoapServer.NotifyAsync(string)"/>.
    /// </summary>
    /// <param name="path">The path as <see cref="CoapRequest.Path"/> has it, such as "/v/temperature".</param>
    /// <returns>Ends when the notifications are on their way.</returns>
    public Task NotifyAsync(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return _service?.Resources.NotifyAsync(path, _ended.Token) ?? Task.CompletedTask;
    }

    /// <summary>How many resources the peer observes.</summary>
    public int ObserverCount
    {
        get
        {
            lock (_gate)
            {
                return _observers.Count;
            }
        }
    }

    /// <summary>How many resources of the peer this end observes.</summary>
    public int ObservationCount
    {
        get
        {
            lock (_gate)
            {
                return _observations.Count;
            }
        }
    }

    ValueTask ICoapAudience.OnChangedAsync(CoapObservedResource resource)
    {
        Observer[] idle;
        lock (_gate)
        {
            idle = [.. _observers.Where(observer => observer.Resource == resource && !observer.IsSending)];
            foreach (Observer observer in _observers.Where(observer => observer.Resource == resource))
            {
                observer.HasChanged = true;
                observer.IsSending = true;
            }
        }

        foreach (Observer observer in idle)
        {
            _ = NotifyAsync(observer);
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Adds or removes an observer, as the request asks (RFC 7641 section 4.1).</summary>
    /// <returns>The observer, which is told of changes once the response is sent; null where the response has no Observe option.</returns>
    private Observer? Register(CoapRequest request, CoapResponse response, byte[] token, long changes)
    {
        if (_service is null || !request.Method.IsSafe() || !request.Options.TryGetUInt32(CoapOptionNumber.Observe, out uint wish))
        {
            return null;
        }

        Observer? observer;
        lock (_gate)
        {
            Remove(_observers.Find(known => known.Token.AsSpan().SequenceEqual(token)));
            if (wish != RegisterWish || !response.Code.IsSuccess() || request.MatchedRoute?.IsObservable != true
                || _observers.Count >= _options.MaxObservers || _ended.IsCancellationRequested || _service.Resources.Join(request, this) is not CoapObservedResource resource)
            {
                return null;
            }

            observer = new Observer(token, resource, AskedSize(request)) { IsSending = true };
            _observers.Add(observer);
            CoapEndpointTotals.CountObserver(1);
        }

        if (changes != _service.Resources.Changes)
        {
            // The resource may have changed while the handler was at work; whoever was told then did not know of this observer.
            _ = _service.Resources.NotifyAsync(observer.Resource.Path, _ended.Token);
        }

        return observer;
    }

    /// <summary>Sends the newest representation as long as there is a newer one than was sent: a slow peer gets the last state, not every state (RFC 7641 section 1.3).</summary>
    private async Task NotifyAsync(Observer observer)
    {
        while (TryBeginNotification(observer, out CoapServedBody? representation))
        {
            CoapRequest request = observer.Resource.Request;
            CoapPart part = await Bodies().CutAsync(representation!, request, null, SizesForResponse(request, representation!).AskedFor(observer.AskedSize.View)).ConfigureAwait(false);
            representation!.Release();
            bool goesOn = part.Response.Code.IsSuccess();
            lock (_gate)
            {
                if (!part.IsLast)
                {
                    _bodies!.Forget(default, request);
                }

                if (observer.IsRemoved)
                {
                    return;
                }

                if (!goesOn)
                {
                    Remove(observer);
                }
            }

            try
            {
                CoapResponse notification = goesOn ? part.Response.With(CoapOptionNumber.Observe, 0) : part.Response;
                await WriteAsync(notification, notification.Code, observer.Token, _ended.Token, goesOn ? observer : null).ConfigureAwait(false);
            }
            catch (Exception e) when (e is CoapException or OperationCanceledException)
            {
                // The connection has ended, and its observers with it; or the peer takes smaller messages now, and is told of the next change.
            }
        }
    }

    /// <summary>The Block2 option of a request, which holds for the notifications too (RFC 7959 section 3.4).</summary>
    private static CoapOptionList AskedSize(CoapRequest request)
    {
        var asked = new CoapOptionList();
        if (request.Options.TryFind(CoapOptionNumber.Block2, out CoapOption block))
        {
            asked.Add(CoapOptionNumber.Block2, block.Value);
        }

        return asked;
    }

    private bool TryBeginNotification(Observer observer, out CoapServedBody? representation)
    {
        lock (_gate)
        {
            representation = observer is { IsRemoved: false, HasChanged: true } ? _service!.Resources.Hold(observer.Resource) : null;
            observer.HasChanged = false;
            observer.IsSending = representation is not null;
            return representation is not null;
        }
    }

    /// <summary>The representation that the peer was told of, where it asks for a later block of it (RFC 7959 section 2.6); held.</summary>
    private CoapServedBody? HoldObserved(CoapRequest request) =>
        _service?.Resources.Find(request) is CoapObservedResource resource && _observers.Exists(observer => observer.Resource == resource) ? _service.Resources.Hold(resource) : null;

    private void Remove(Observer? observer)
    {
        if (observer is not null && _observers.Remove(observer))
        {
            observer.IsRemoved = true;
            CoapEndpointTotals.CountObserver(-1);
            _service!.Resources.Leave(observer.Resource, this);
        }
    }

    /// <summary>The connection has ended, and with it what either end observes.</summary>
    private void EndObserving()
    {
        lock (_gate)
        {
            foreach (Observer observer in _observers.ToArray())
            {
                Remove(observer);
            }

            foreach (CoapObservationFeed feed in _observations.Values)
            {
                feed.OnFailed(Ended());
            }

            _observations.Clear();
        }
    }

    /// <summary>A peer's registration.</summary>
    private sealed class Observer(byte[] token, CoapObservedResource resource, CoapOptionList askedSize)
    {
        public byte[] Token => token;

        public CoapObservedResource Resource => resource;

        /// <summary>Its Block2 option, if it has sent one.</summary>
        public CoapOptionList AskedSize => askedSize;

        /// <summary>The response to the registration, or a notification, is being written.</summary>
        public bool IsSending { get; set; }

        /// <summary>There is a newer representation than was sent.</summary>
        public bool HasChanged { get; set; }

        public bool IsRemoved { get; set; }
    }

    // Specification: RFC 7641 section 2.
    private const uint RegisterWish = 0;
}

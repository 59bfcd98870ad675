using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;

namespace Flint.Coap;

// Observation as a server (RFC 7641): one representation for all who observe the same, made once for each change.
internal sealed partial class CoapUdpEndpoint
{
    private readonly Dictionary<string, ObservedResource> _observed = new(StringComparer.Ordinal);
    private readonly CoapObservers _observers;
    private long _changes;

    /// <summary>The resource at a path has changed: asks its handler for the new representation, and sends it to whoever observes it.</summary>
    public async Task NotifyAsync(string path)
    {
        ObservedResource[] resources;
        lock (_gate)
        {
            _changes++;
            resources = [.. _observed.Values.Where(resource => resource.Path == path)];
            foreach (ObservedResource resource in resources)
            {
                resource.Asked++;
            }
        }

        foreach (ObservedResource resource in resources)
        {
            long asked = resource.Asked;
            CoapResponse representation = await AskAsync(resource.Request).ConfigureAwait(false);
            lock (_gate)
            {
                if (asked > resource.Answered)
                {
                    resource.Answered = asked;
                    resource.Representation = representation;
                    _observers.Notify(resource.Id, Now());
                    Drain();
                }
            }
        }
    }

    private async ValueTask<CoapResponse> AskAsync(CoapRequest request)
    {
        try
        {
            return await _handler!(request, _closed.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever a handler throws becomes 5.00, which ends the observations.
        catch (Exception e)
#pragma warning restore CA1031
        {
            CoapHandlerFailure.Tell(_options.HandlerFailed, request, e);
            return CoapResponse.Error(CoapCode.InternalServerError);
        }
    }

    /// <summary>Adds or removes an observer, as the request asks (RFC 7641 section 4.1).</summary>
    /// <returns>The Observe option of the response; null for none.</returns>
    private uint? Observe(IncomingRequest incoming, CoapResponse response, TimeSpan now)
    {
        CoapRequest request = incoming.Request;
        if (request.Method is not (CoapCode.Get or CoapCode.Fetch) || !request.Options.TryGetUInt32(CoapOptionNumber.Observe, out uint wish))
        {
            return null;
        }

        if (wish != Register || !response.Code.IsSuccess() || request.MatchedRoute?.IsObservable != true)
        {
            _observers.Deregister(incoming.Peer, incoming.Token);
            return null;
        }

        string key = ObservedResource.KeyOf(request);
        if (!_observed.TryGetValue(key, out ObservedResource? resource))
        {
            if (_observed.Count >= _options.MaxObservedResources || !_observers.TryAddResource(out int id))
            {
                return null;
            }

            resource = new ObservedResource(id, request) { Representation = response };
            _observed.Add(key, resource);
        }

        CoapRegisterStatus status = _observers.Register(resource.Id, incoming.Peer, incoming.Token, resource, now, out _, out uint sequence);
        if (status == CoapRegisterStatus.NotAdded)
        {
            return null;
        }

        if (incoming.Changes != _changes)
        {
            // The resource may have changed while the handler was at work; whoever was told then did not know of this observer.
            _ = NotifyAsync(resource.Path);
        }

        return sequence;
    }

    private void SendNotifications()
    {
        TimeSpan now = Now();
        while (_observers.TryTakeNotification(now, out CoapNotification notification))
        {
            var resource = (ObservedResource)notification.State!;
            bool goesOn = resource.Representation.Code.IsSuccess();
            CoapResponse part = CoapBodyServing.PartOf(
                resource.Representation, resource.Request, null, _options.BlockSizes, goesOn ? notification.Sequence : null);
            part.TryWriteDatagram(_outgoing, CoapType.Confirmable, part.Code, notification.Token, out int length);
            Send(notification, _outgoing.AsSpan(0, length), resource, now);
            if (!goesOn)
            {
                _observers.Remove(notification.Observer);
            }
        }
    }

    private void Send(in CoapNotification notification, ReadOnlySpan<byte> message, ObservedResource resource, TimeSpan now)
    {
        if (notification.Replaces is CoapSendHandle old)
        {
            if (_layer.TryReplace(old, message))
            {
                _observers.OnReplaced(notification.Observer);
            }
            else
            {
                _observers.OnNotSent(notification.Observer, now);
            }
        }
        else if (notification.IsConfirmable)
        {
            if (_layer.TrySendConfirmable(notification.Peer, message, resource, now, out CoapSendHandle sent) == CoapSendStatus.Ok)
            {
                _observers.OnSentConfirmable(notification.Observer, sent, now);
            }
            else
            {
                _observers.OnNotSent(notification.Observer, now);
            }
        }
        else if (_layer.TrySendNonConfirmable(notification.Peer, message, now, out ushort messageId) == CoapSendStatus.Ok)
        {
            _observers.OnSentNonConfirmable(notification.Observer, messageId, now);
        }
        else
        {
            _observers.OnNotSent(notification.Observer, now);
        }
    }

    /// <summary>What some peers observe: a path, with the query and the Accept that they have in common.</summary>
    private sealed class ObservedResource
    {
        public ObservedResource(int id, CoapRequest request)
        {
            Id = id;
            Path = request.Path;
            Request = request.Part(default, default, null);
        }

        public int Id { get; }

        public string Path { get; }

        /// <summary>The request that is put to the handler again at each change; it comes from nobody.</summary>
        public CoapRequest Request { get; }

        public required CoapResponse Representation { get; set; }

        /// <summary>How often the handler was asked, and which of its answers is the representation.</summary>
        public long Asked { get; set; }

        public long Answered { get; set; }

        public static string KeyOf(CoapRequest request)
        {
            var key = new CoapOptionList();
            foreach (CoapOption option in request.Options)
            {
                if (option.Number is CoapOptionNumber.UriPath or CoapOptionNumber.UriQuery or CoapOptionNumber.Accept)
                {
                    key.Add(option.Number, option.Value);
                }
            }

            return $"{(int)request.Method} {Convert.ToHexString(key.View.Encoded)} {Convert.ToHexString(request.Payload.Span)}";
        }
    }

    // Specification: RFC 7641 section 2.
    private const uint Register = 0;
}

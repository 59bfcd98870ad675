using System;
using System.Collections.Generic;
using System.Threading.Tasks;

namespace Flint.Coap;

// Observation as a server (RFC 7641): one representation for all who observe the same, made once for each change.
internal sealed partial class CoapUdpEndpoint
{
    private readonly Dictionary<(CoapObservedResource Shared, int SizeExponent), LocalResource> _observed = [];
    private readonly Dictionary<int, LocalResource> _localResources = [];
    private readonly CoapObservers _observers;

    /// <summary>A resource has changed: tells whoever observes it here.</summary>
    public async ValueTask OnChangedAsync(CoapObservedResource resource)
    {
        if (_resources!.Hold(resource) is not CoapServedBody representation)
        {
            return;
        }

        foreach (LocalResource local in LocalsOf(resource))
        {
            CoapPart part = await _bodies!.CutAsync(representation, resource.Request, null, local.Sizes).ConfigureAwait(false);
            lock (_gate)
            {
                if (_observed.GetValueOrDefault((resource, local.Sizes.SizeExponent)) == local && _resources.IsNewest(resource, representation))
                {
                    local.Part = part;
                    _observers.Notify(local.Id, Now());
                    Drain();
                }
            }
        }

        representation.Release();
    }

    /// <summary>Those who observe a resource here, by the size of the blocks that they have asked for.</summary>
    private List<LocalResource> LocalsOf(CoapObservedResource resource)
    {
        var locals = new List<LocalResource>();
        lock (_gate)
        {
            for (int exponent = 0; exponent <= CoapBlock.MaxDatagramExponent; exponent++)
            {
                if (_observed.TryGetValue((resource, exponent), out LocalResource? local))
                {
                    locals.Add(local);
                }
            }
        }

        return locals;
    }

    /// <summary>Adds or removes an observer, as the request asks (RFC 7641 section 4.1).</summary>
    /// <returns>The Observe option of the response; null for none.</returns>
    private uint? Observe(IncomingRequest incoming, CoapResponse response, TimeSpan now)
    {
        CoapRequest request = incoming.Request;
        if (!request.Method.IsSafe() || !request.Options.TryGetUInt32(CoapOptionNumber.Observe, out uint wish))
        {
            return null;
        }

        if (wish != Register || !response.Code.IsSuccess() || request.MatchedRoute?.IsObservable != true)
        {
            _observers.Deregister(incoming.Peer, incoming.Token);
            return null;
        }

        LocalResource? local = JoinResource(request);
        if (local is null || _observers.Register(local.Id, incoming.Peer, incoming.Token, local, now, out _, out uint sequence) == CoapRegisterStatus.NotAdded)
        {
            return null;
        }

        if (incoming.Changes != _resources!.Changes)
        {
            // The resource may have changed while the handler was at work; whoever was told then did not know of this observer.
            _ = _resources.NotifyAsync(local.Shared.Path, _closed.Token);
        }

        return sequence;
    }

    private LocalResource? JoinResource(CoapRequest request)
    {
        if (_resources!.Join(request, this) is not CoapObservedResource shared)
        {
            return null;
        }

        CoapBlockSizes sizes = _options.BlockSizes.AskedFor(request.Options.View);
        if (_observed.TryGetValue((shared, sizes.SizeExponent), out LocalResource? local))
        {
            // This transport is in the audience once, for all of its observers.
            _resources.Leave(shared, this);
            return local;
        }

        if (!_observers.TryAddResource(out int id))
        {
            _resources.Leave(shared, this);
            return null;
        }

        local = new LocalResource(id, shared, sizes);
        _observed.Add((shared, sizes.SizeExponent), local);
        _localResources[id] = local;
        return local;
    }

    /// <summary>Leaves the resources whose last observer has gone.</summary>
    private void LeaveResources()
    {
        while (_observers.TryTakeUnobserved(out int id))
        {
            _localResources.Remove(id, out LocalResource? local);
            _observers.RemoveResource(id);
            _observed.Remove((local!.Shared, local.Sizes.SizeExponent));
            _resources!.Leave(local.Shared, this);
        }
    }

    /// <summary>The representation that a peer was told of, where it asks for a later block of it (RFC 7959 section 2.6); held.</summary>
    private CoapServedBody? HoldObserved(CoapPeerHandle peer, CoapRequest request) =>
        _resources!.Find(request) is CoapObservedResource shared && LocalsOf(shared).Exists(local => _observers.IsObserving(peer, local.Id))
            ? _resources.Hold(shared)
            : null;

    private void SendNotifications()
    {
        TimeSpan now = Now();
        while (_observers.TryTakeNotification(now, out CoapNotification notification))
        {
            var local = (LocalResource)notification.State!;
            CoapResponse part = local.Part.Response;
            bool goesOn = part.Code.IsSuccess();
            if (!local.Part.IsLast)
            {
                _bodies!.Forget(notification.Peer, local.Shared.Request);
            }

            part = goesOn ? part.With(CoapOptionNumber.Observe, notification.Sequence) : part;
            part.TryWriteDatagram(_outgoing, CoapType.Confirmable, part.Code, notification.Token, out int length);
            Send(notification, _outgoing.AsSpan(0, length), local, now);
            if (!goesOn)
            {
                _observers.Remove(notification.Observer);
            }
        }
    }

    private void Send(in CoapNotification notification, ReadOnlySpan<byte> message, LocalResource resource, TimeSpan now)
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

    /// <summary>What this transport knows of a resource that is observed over it.</summary>
    private sealed class LocalResource(int id, CoapObservedResource shared, CoapBlockSizes sizes)
    {
        public int Id => id;

        public CoapObservedResource Shared => shared;

        /// <summary>How large its observers want the blocks.</summary>
        public CoapBlockSizes Sizes => sizes;

        /// <summary>The notification, or its first block.</summary>
        public CoapPart Part { get; set; }
    }

    // Specification: RFC 7641 section 2.
    private const uint Register = 0;
}

using System;
using System.Collections.Generic;
using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

// Observation as a client (RFC 7641): the newest state is what matters, older ones give way.
internal sealed partial class CoapUdpEndpoint
{
    private readonly List<PendingObservation> _observations = [];

    /// <summary>Observes a resource until the enumeration ends.</summary>
    public async IAsyncEnumerable<CoapResponse> ObserveAsync(SocketAddress address, CoapRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var observation = new PendingObservation(this, request);
        lock (_gate)
        {
            observation.Handle = Begin(address, observation.Feed.Register, observation.Token, observation, keepOpen: true, _options.RequestTimeout);
            _observations.Add(observation);
        }

        try
        {
            await foreach (CoapResponse notification in observation.Feed.Notifications.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return await CoapBodyTransfer.CompleteAsync(
                    request, notification, _options.BlockSizes, part => ExchangeAsync(address, part, cancellationToken), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            lock (_gate)
            {
                _observations.Remove(observation);
                Deregister(observation);
            }
        }
    }

    private void Deregister(PendingObservation observation)
    {
        TimeSpan now = Now();
        bool asked = observation.Feed.Machine.TryDeregister()
            && observation.Feed.Deregister.TryWriteDatagram(_outgoing, CoapType.Confirmable, observation.Feed.Deregister.Method, observation.Token, out int length)
            && _layer.TryRepeat(observation.Handle, _outgoing.AsSpan(0, length), keepOpen: false, _options.RequestTimeout, now);
        if (!asked)
        {
            // The next notification meets no request, and its reset ends the observation (RFC 7641 section 3.6).
            _layer.Cancel(observation.Handle, now);
        }

        Drain();
    }

    private TimeSpan? NextRenewal()
    {
        TimeSpan? next = null;
        foreach (PendingObservation observation in _observations)
        {
            next = Earlier(next, observation.Feed.Machine.NextDeadline);
        }

        return next;
    }

    private void RenewObservations(TimeSpan now)
    {
        foreach (PendingObservation observation in _observations)
        {
            if (observation.Feed.Machine.TryRenew(now))
            {
                TryRepeat(observation, now);
            }
        }
    }

    private bool TryRepeat(PendingObservation observation, TimeSpan now) =>
        observation.Feed.Register.TryWriteDatagram(_outgoing, CoapType.Confirmable, observation.Feed.Register.Method, observation.Token, out int length)
        && _layer.TryRepeat(observation.Handle, _outgoing.AsSpan(0, length), keepOpen: true, _options.RequestTimeout, now);

    private sealed class PendingObservation(CoapUdpEndpoint endpoint, CoapRequest request) : PendingExchange
    {
        private bool _hasEchoed;

        public CoapObservationFeed Feed { get; } = new(request, isOrdered: false);

        public byte[] Token { get; } = RandomNumberGenerator.GetBytes(CoapHeader.MaxTokenLength);

        public CoapSendHandle Handle { get; set; }

        public override void OnResponse(in CoapReceived received, TimeSpan now)
        {
            if (received.Message.Code != CoapCode.Unauthorized || _hasEchoed || !TryEcho(received, now))
            {
                Feed.OnResponse(Feed.Machine.OnResponse(received.Message, now) == CoapNotificationKind.Old ? null : Copy(received.Message));
            }
        }

        public override void OnEnded(CoapEndReason reason) => Feed.OnFailed(ExceptionFor(reason));

        /// <summary>Registers once more, with the value that the server wants to see (RFC 9175 section 2.3).</summary>
        private bool TryEcho(in CoapReceived received, TimeSpan now)
        {
            _hasEchoed = true;
            if (WithEcho(Feed.Register, received.Message.Options) is not CoapRequest again)
            {
                return false;
            }

            Feed.Register = again;
            return endpoint.TryRepeat(this, now);
        }
    }
}

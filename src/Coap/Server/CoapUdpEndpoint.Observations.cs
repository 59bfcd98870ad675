using System;
using System.Collections.Generic;
using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Threading;
using System.Threading.Channels;
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
            observation.Handle = Begin(address, observation.Register, observation.Token, observation, keepOpen: true, _options.RequestTimeout);
            _observations.Add(observation);
        }

        try
        {
            await foreach (CoapResponse notification in observation.Notifications.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return notification.Options.TryFind(CoapOptionNumber.Block2, out _)
                    ? await CoapBodyTransfer.CompleteAsync(request, notification, _options.BlockSizes, part => ExchangeAsync(address, part, cancellationToken)).ConfigureAwait(false)
                    : notification;
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
        bool asked = observation.Machine.TryDeregister()
            && observation.Deregister.TryWriteDatagram(_outgoing, CoapType.Confirmable, CoapCode.Get, observation.Token, out int length)
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
            next = Earlier(next, observation.Machine.NextDeadline);
        }

        return next;
    }

    private void RenewObservations(TimeSpan now)
    {
        foreach (PendingObservation observation in _observations)
        {
            if (observation.Machine.TryRenew(now))
            {
                TryRepeat(observation, now);
            }
        }
    }

    private bool TryRepeat(PendingObservation observation, TimeSpan now) =>
        observation.Register.TryWriteDatagram(_outgoing, CoapType.Confirmable, CoapCode.Get, observation.Token, out int length)
        && _layer.TryRepeat(observation.Handle, _outgoing.AsSpan(0, length), keepOpen: true, _options.RequestTimeout, now);

    private sealed class PendingObservation : PendingExchange
    {
        private readonly CoapUdpEndpoint _endpoint;
        private bool _hasEchoed;
        private readonly Channel<CoapResponse> _channel = Channel.CreateBounded<CoapResponse>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

        public PendingObservation(CoapUdpEndpoint endpoint, CoapRequest request)
        {
            _endpoint = endpoint;
            Register = request.Part(default, default, null);
            Register.Options.Add(CoapOptionNumber.Observe, 0);
            Deregister = request.Part(default, default, null);
            Deregister.Options.Add(CoapOptionNumber.Observe, 1);
        }

        public CoapObservation Machine { get; } = new(RandomNumberGenerator.GetBytes(EntropyLength));

        public byte[] Token { get; } = RandomNumberGenerator.GetBytes(CoapHeader.MaxTokenLength);

        public CoapRequest Register { get; private set; }

        public CoapRequest Deregister { get; }

        public CoapSendHandle Handle { get; set; }

        public ChannelReader<CoapResponse> Notifications => _channel.Reader;

        public override void OnResponse(in CoapReceived received, TimeSpan now)
        {
            if (received.Message.Code == CoapCode.Unauthorized && !_hasEchoed && TryEcho(received, now))
            {
                return;
            }

            CoapNotificationKind kind = Machine.OnResponse(received.Message, now);
            if (kind != CoapNotificationKind.Old)
            {
                _channel.Writer.TryWrite(Copy(received.Message));
            }

            if (kind == CoapNotificationKind.Last)
            {
                _channel.Writer.TryComplete();
            }
        }

        /// <summary>Registers once more, with the value that the server wants to see (RFC 9175 section 2.3).</summary>
        private bool TryEcho(in CoapReceived received, TimeSpan now)
        {
            _hasEchoed = true;
            if (WithEcho(Register, received.Message.Options) is not CoapRequest again)
            {
                return false;
            }

            Register = again;
            return _endpoint.TryRepeat(this, now);
        }

        public override void OnEnded(CoapEndReason reason)
        {
            Machine.OnFailed();
            _channel.Writer.TryComplete(ExceptionFor(reason));
        }
    }
}

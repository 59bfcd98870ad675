using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

// Observation as a client over a stream (RFC 7641, RFC 8323 section 7).
public sealed partial class CoapConnection
{
    private readonly Dictionary<uint, CoapObservationFeed> _observations = [];

    /// <summary>
    /// Observes a resource (RFC 7641): gives its state now, and its new state after each change; who reads slowly gets the newest. A peer that does not let it be observed, or ends the
    /// observation, gives one last response, perhaps an error. Leaving the loop ends the observation, and so does the end of the connection.
    /// </summary>
    /// <exception cref="CoapException">The peer is silent, the connection has ended, or there are too many observations.</exception>
    public IAsyncEnumerable<CoapResponse> ObserveAsync(string pathAndQuery, CancellationToken cancellationToken = default) =>
        ObserveAsync(new CoapRequest(CoapCode.Get, pathAndQuery), cancellationToken);

    /// <summary>The same with a request of one's own, GET or FETCH.</summary>
    /// <inheritdoc cref="ObserveAsync(string, CancellationToken)"/>
    public IAsyncEnumerable<CoapResponse> ObserveAsync(CoapRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        return EnumerateAsync(request, cancellationToken);
    }

    private async IAsyncEnumerable<CoapResponse> EnumerateAsync(CoapRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var feed = new CoapObservationFeed(request, isOrdered: true);
        var token = new byte[sizeof(uint)];
        uint number;
        lock (_gate)
        {
            ThrowUnlessSendable();
            if (_observations.Count >= _options.MaxObservations)
            {
                throw new CoapException(CoapError.TooManyRequests, $"There are {_observations.Count} observations.");
            }

            number = NextToken();
            BinaryPrimitives.WriteUInt32BigEndian(token, number);
            _observations.Add(number, feed);
        }

        WakeReader();
        try
        {
            await WriteAsync(feed.Register, request.Method, token, cancellationToken).ConfigureAwait(false);
            await WaitForFirstAsync(feed, cancellationToken).ConfigureAwait(false);
            await foreach (CoapResponse notification in feed.Notifications.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return await CoapBodyTransfer.CompleteAsync(
                    request, notification, ReceivedSizes(), part => ExchangeAsync(part, cancellationToken), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _ = DeregisterAsync(number, token, feed);
        }
    }

    private async Task WaitForFirstAsync(CoapObservationFeed feed, CancellationToken cancellationToken)
    {
        try
        {
            await feed.Notifications.WaitToReadAsync(cancellationToken).AsTask().WaitAsync(_options.RequestTimeout, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException e)
        {
            throw new CoapException(CoapError.TimedOut, $"No answer within {_options.RequestTimeout}.", e);
        }
    }

    /// <summary>RFC 8323 section 7.4: on a stream the observation is ended by a request with Observe: 1. The token is free when its response has come.</summary>
    private async Task DeregisterAsync(uint number, byte[] token, CoapObservationFeed feed)
    {
        try
        {
            bool asks;
            lock (_gate)
            {
                asks = feed.Machine.TryDeregister();
            }

            if (asks)
            {
                await WriteAsync(feed.Deregister, feed.Deregister.Method, token, _ended.Token).ConfigureAwait(false);
                await feed.Ended.WaitAsync(_options.RequestTimeout, _options.TimeProvider, _ended.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is CoapException or OperationCanceledException or TimeoutException)
        {
            // The connection has ended, or the peer says nothing.
        }
        finally
        {
            lock (_gate)
            {
                _observations.Remove(number);
            }
        }
    }

    private void CompleteObservation(in CoapTcpMessageReader message, CoapObservationFeed feed)
    {
        if (CoapCriticalOptions.TryFindUnrecognized(message.Options, CoapCriticalOptions.InResponses, _options.CriticalOptions, out CoapOptionNumber number))
        {
            feed.OnFailed(new CoapException(CoapError.UnrecognizedOption, $"The response has the critical option {(int)number}."));
            return;
        }

        CoapNotificationKind kind = feed.Machine.OnResponse(message, TimeSpan.Zero);
        feed.OnResponse(kind == CoapNotificationKind.Old ? null : new CoapResponse(message.Code, CopyOptions(message, out ReadOnlyMemory<byte> payload), payload));
    }
}

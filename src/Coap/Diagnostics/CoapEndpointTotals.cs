using System.Collections.Generic;
using System.Diagnostics.Metrics;
using System.Linq;
using System.Threading;

namespace Flint.Coap;

/// <summary>
/// What the endpoints of this process count, and how full they are, summed when somebody asks. The hot paths know nothing of it: they count in plain fields, as they do anyway.
/// </summary>
internal static class CoapEndpointTotals
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<CoapUdpEndpoint> Endpoints = [];
    private static readonly long[] MalformedOnStreams = new long[CoapEndpointFigures.Kinds];
    private static long _observersOnStreams;
    private static CoapEndpointFigures _ended = CoapEndpointFigures.None;

    /// <summary>An endpoint that begins.</summary>
    public static void Add(CoapUdpEndpoint endpoint)
    {
        lock (Gate)
        {
            Endpoints.Add(endpoint);
        }
    }

    /// <summary>An endpoint that has ended: what it counted stays, what it held does not.</summary>
    public static void Remove(CoapUdpEndpoint endpoint)
    {
        lock (Gate)
        {
            if (Endpoints.Remove(endpoint))
            {
                _ended = _ended.Plus(endpoint.Figures().WithoutStores());
            }
        }
    }

    /// <summary>A malformed message on a stream.</summary>
    public static void CountMalformed(CoapReadStatus status) => Interlocked.Increment(ref MalformedOnStreams[(int)status]);

    /// <summary>An observer on a stream comes (1) or goes (-1).</summary>
    public static void CountObserver(int change) => Interlocked.Add(ref _observersOnStreams, change);

    /// <summary>Makes the instruments that ask for the sums.</summary>
    public static void Create(Meter meter)
    {
        meter.CreateObservableCounter("coap.retransmissions", () => Sum().Retransmissions, "{message}", "Confirmable messages that were sent again.");
        meter.CreateObservableCounter("coap.duplicates", () => Sum().Duplicates, "{message}", "Messages that had been received before.");
        meter.CreateObservableCounter("coap.refused", () => Sum().Refused, "{request}", "Requests refused because a limit was reached.");
        meter.CreateObservableCounter("coap.malformed", Malformed, "{message}", "Malformed messages, by the fault.");
        meter.CreateObservableUpDownCounter("coap.exchanges.open", () => Sum().Exchanges, "{exchange}", "Messages and requests under way over UDP, both ways.");
        meter.CreateObservableUpDownCounter("coap.observers", () => Sum().Observers + Interlocked.Read(ref _observersOnStreams), "{observer}", "Observers of resources of ours.");
        meter.CreateObservableUpDownCounter("coap.bodies.open", () => Sum().Bodies, "{body}", "Bodies that arrive in blocks over UDP.");
        meter.CreateObservableUpDownCounter("coap.peers", () => Sum().Peers, "{peer}", "Addresses that the endpoints over UDP remember.");
    }

    private static CoapEndpointFigures Sum()
    {
        lock (Gate)
        {
            return Endpoints.Aggregate(_ended, (sum, endpoint) => sum.Plus(endpoint.Figures()));
        }
    }

    private static IEnumerable<Measurement<long>> Malformed()
    {
        long[] datagrams = Sum().Malformed;
        for (int i = 0; i < CoapEndpointFigures.Kinds; i++)
        {
            long count = datagrams[i] + Interlocked.Read(ref MalformedOnStreams[i]);
            if (count != 0)
            {
                yield return new Measurement<long>(count, new KeyValuePair<string, object?>("coap.malformed.kind", ((CoapReadStatus)i).ToString()));
            }
        }
    }
}

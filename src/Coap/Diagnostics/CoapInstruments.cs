using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Flint.Coap;

/// <summary>The instruments of the meter, and the source of activities.</summary>
internal static class CoapInstruments
{
    public static readonly ActivitySource Source = new(CoapDiagnostics.ActivitySourceName);

    private static readonly Meter Meter = new(CoapDiagnostics.MeterName);

    public static readonly Histogram<double> ServerDuration = Meter.CreateHistogram<double>(
        "coap.server.request.duration", "s", "Duration of the handling of requests, filters included.");

    public static readonly UpDownCounter<long> ServerActive = Meter.CreateUpDownCounter<long>(
        "coap.server.active_requests", "{request}", "Requests that are being handled.");

    public static readonly Histogram<double> ClientDuration = Meter.CreateHistogram<double>(
        "coap.client.request.duration", "s", "Duration of requests of our own, until the response or the failure.");

    public static readonly UpDownCounter<long> ClientActive = Meter.CreateUpDownCounter<long>(
        "coap.client.active_requests", "{request}", "Requests of our own that wait for their response.");

    public static readonly UpDownCounter<long> Connections = Meter.CreateUpDownCounter<long>(
        "coap.connections", "{connection}", "Connections over reliable transports.");

#pragma warning disable CA1810 // The order matters: the sums are instruments of the meter above.
    static CoapInstruments() => CoapEndpointTotals.Create(Meter);
#pragma warning restore CA1810
}

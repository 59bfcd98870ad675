using System;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>Measures what answers a request, be it a handler here or a peer, as long as somebody listens; otherwise it is one test and a call.</summary>
internal sealed class InstrumentedHandler
{
    private readonly CoapHandler _handler;
    private readonly ActivityKind _kind;
    private readonly string _transport;

    private InstrumentedHandler(CoapHandler handler, ActivityKind kind, string transport)
    {
        _handler = handler;
        _kind = kind;
        _transport = transport;
    }

    /// <param name="handler">A handler of ours; null stays null.</param>
    /// <param name="transport">"udp", "tcp" or "pipe".</param>
    public static CoapHandler? AroundServer(CoapHandler? handler, string transport) =>
        handler is null ? null : new InstrumentedHandler(handler, ActivityKind.Server, transport).HandleAsync;

    /// <param name="send">Sends a request and waits for its response.</param>
    /// <param name="transport">"udp", "tcp" or "pipe".</param>
    public static CoapHandler AroundClient(CoapHandler send, string transport) => new InstrumentedHandler(send, ActivityKind.Client, transport).HandleAsync;

    private ValueTask<CoapResponse> HandleAsync(CoapRequest request, CancellationToken cancellationToken) =>
        RequestMeasurement.IsWanted(_kind) ? MeasureAsync(request, cancellationToken) : _handler(request, cancellationToken);

    private async ValueTask<CoapResponse> MeasureAsync(CoapRequest request, CancellationToken cancellationToken)
    {
        RequestMeasurement measurement = RequestMeasurement.Begin(_kind, request, _transport);
        try
        {
            CoapResponse response = await _handler(request, cancellationToken).ConfigureAwait(false);
            measurement.End(response.Code, null);
            return response;
        }
        catch (Exception e)
        {
            measurement.End(_kind == ActivityKind.Server ? CoapCode.InternalServerError : CoapCode.Empty, ReasonOf(e));
            throw;
        }
    }

    private static string? ReasonOf(Exception e) => e is CoapException failure ? failure.Error.ToString() : e.GetType().FullName;
}

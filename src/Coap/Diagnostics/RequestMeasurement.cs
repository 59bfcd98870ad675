using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Flint.Coap;

/// <summary>One request, from its beginning to its response or its failure.</summary>
internal readonly struct RequestMeasurement
{
    private readonly Activity? _activity;
    private readonly CoapRequest _request;
    private readonly ActivityKind _kind;
    private readonly string _method;
    private readonly string _transport;
    private readonly long _start;
    private readonly bool _isCounted;

    private RequestMeasurement(ActivityKind kind, CoapRequest request, string transport)
    {
        _request = request;
        _kind = kind;
        _method = NameOf(request.Method);
        _transport = transport;
        _activity = CoapInstruments.Source.StartActivity(_method, kind);
        _isCounted = Active(kind).Enabled;
        _start = Stopwatch.GetTimestamp();
        if (_isCounted)
        {
            Active(kind).Add(1, new(MethodKey, _method), new(TransportKey, transport));
        }
    }

    /// <summary>Whether anybody listens.</summary>
    public static bool IsWanted(ActivityKind kind) => Duration(kind).Enabled || Active(kind).Enabled || CoapInstruments.Source.HasListeners();

    public static RequestMeasurement Begin(ActivityKind kind, CoapRequest request, string transport) => new(kind, request, transport);

    /// <param name="code">The code of the response; Empty where none came.</param>
    /// <param name="failure">The reason where something was thrown.</param>
    public void End(CoapCode code, string? failure)
    {
        string? route = _kind == ActivityKind.Server ? _request.MatchedRoute?.Template : null;
        string? dotted = code == CoapCode.Empty ? null : code.ToDotted();
        string? error = failure ?? (code.IsError() ? dotted : null);
        if (_isCounted)
        {
            Active(_kind).Add(-1, new(MethodKey, _method), new(TransportKey, _transport));
        }

        if (Duration(_kind).Enabled)
        {
            var tags = new TagList { { MethodKey, _method }, { TransportKey, _transport } };
            Add(ref tags, CodeKey, dotted);
            Add(ref tags, RouteKey, route);
            Add(ref tags, ErrorKey, error);
            Duration(_kind).Record(Stopwatch.GetElapsedTime(_start).TotalSeconds, tags);
        }

        if (_activity is not null)
        {
            End(_activity, code, route, dotted, error);
        }
    }

    private void End(Activity activity, CoapCode code, string? route, string? dotted, string? error)
    {
        activity.DisplayName = route is null ? _method : $"{_method} {route}";
        activity.SetTag(MethodKey, _method).SetTag(TransportKey, _transport).SetTag(PathKey, _request.Path);
        activity.SetTag(RouteKey, route).SetTag(CodeKey, dotted).SetTag(ErrorKey, error);
        if (error is not null && (_kind == ActivityKind.Client || code.Class() == ServerErrorClass))
        {
            // As the conventions of HTTP have it: what the client did wrong is no error of the server.
            activity.SetStatus(ActivityStatusCode.Error);
        }

        activity.Dispose();
    }

    private static void Add(ref TagList tags, string key, string? value)
    {
        if (value is not null)
        {
            tags.Add(key, value);
        }
    }

    private static Histogram<double> Duration(ActivityKind kind) =>
        kind == ActivityKind.Server ? CoapInstruments.ServerDuration : CoapInstruments.ClientDuration;

    private static UpDownCounter<long> Active(ActivityKind kind) => kind == ActivityKind.Server ? CoapInstruments.ServerActive : CoapInstruments.ClientActive;

    /// <summary>The method as the registry writes it; all unknown ones are one, so that strangers cannot make up new attributes.</summary>
    private static string NameOf(CoapCode method) => method switch
    {
        CoapCode.Get => "GET",
        CoapCode.Post => "POST",
        CoapCode.Put => "PUT",
        CoapCode.Delete => "DELETE",
        CoapCode.Fetch => "FETCH",
        CoapCode.Patch => "PATCH",
        CoapCode.IPatch => "iPATCH",
        _ => "_OTHER",
    };

    // Specification: RFC 7252 section 5.9.3.
    private const int ServerErrorClass = 5;

    // Implementation: attributes in the manner of the semantic conventions.
    private const string MethodKey = "coap.request.method";
    private const string CodeKey = "coap.response.code";
    private const string RouteKey = "coap.route";
    private const string PathKey = "url.path";
    private const string ErrorKey = "error.type";
    private const string TransportKey = "network.transport";
}

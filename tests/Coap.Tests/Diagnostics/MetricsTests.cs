using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Flint.Coap.Tests.Rfc8323;
using Flint.Testing;

namespace Flint.Coap.Tests.Diagnostics;

/// <summary>What a listener learns. The meter is one for the process, so these tests look for what only they do: their own paths, and differences that others can only raise.</summary>
[Collection(nameof(MetricsTests))]
public sealed class MetricsTests : IDisposable
{
    private readonly ConcurrentQueue<(string Instrument, double Value, Dictionary<string, object?> Tags)> _measured = new();
    private readonly ConcurrentQueue<Activity> _activities = new();
    private readonly MeterListener _meters = new();
    private readonly ActivityListener _sources;

    public MetricsTests()
    {
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == CoapDiagnostics.MeterName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _meters.Start();
        _sources = new ActivityListener
        {
            ShouldListenTo = source => source.Name == CoapDiagnostics.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _activities.Enqueue,
        };
        ActivitySource.AddActivityListener(_sources);
    }

    public void Dispose()
    {
        _meters.Dispose();
        _sources.Dispose();
    }

    [Theory]
    [InlineData("coap", "udp")]
    [InlineData("coap+tcp", "tcp")]
    public async Task Request_IsMeasuredOnBothSides(string scheme, string transport)
    {
        await using CoapServer server = Start();
        await using CoapClient client = await ClientAsync(server, scheme);

        await client.GetAsync($"/measured-{transport}/7");

        string route = $"/measured-{transport}/{{id}}";
        await Eventually.HoldsAsync(() => _measured.Any(one => one.Instrument == "coap.server.request.duration" && route.Equals(one.Tags.GetValueOrDefault("coap.route"))));
        var handled = _measured.First(one => one.Instrument == "coap.server.request.duration" && route.Equals(one.Tags.GetValueOrDefault("coap.route")));
        Assert.Equal(("GET", "2.05", transport), (handled.Tags["coap.request.method"], handled.Tags["coap.response.code"], handled.Tags["network.transport"]));
        Assert.InRange(handled.Value, 0, 60);
        Assert.False(handled.Tags.ContainsKey("error.type"));
        Assert.Contains(_measured, one => one.Instrument == "coap.client.request.duration" && transport.Equals(one.Tags["network.transport"]) && "2.05".Equals(one.Tags.GetValueOrDefault("coap.response.code")));
        Assert.Contains(_measured, one => one is { Instrument: "coap.server.active_requests", Value: 1 });
        Assert.Contains(_measured, one => one is { Instrument: "coap.server.active_requests", Value: -1 });
        Assert.Contains(_measured, one => one is { Instrument: "coap.client.active_requests", Value: -1 });

        Activity span = _activities.First(one => one.Kind == ActivityKind.Server && route.Equals(one.GetTagItem("coap.route")));
        Assert.Equal(($"GET {route}", $"/measured-{transport}/7", ActivityStatusCode.Unset), (span.DisplayName, span.GetTagItem("url.path"), span.Status));
        Assert.Contains(_activities, one => one.Kind == ActivityKind.Client && $"/measured-{transport}/7".Equals(one.GetTagItem("url.path")));
    }

    [Fact]
    public async Task Failure_IsNamedByItsTypeAndMarksTheActivity()
    {
        await using CoapServer server = Start();
        await using CoapClient client = await ClientAsync(server, "coap");

        await client.GetAsync("/throws-measured");

        await Eventually.HoldsAsync(() => _activities.Any(one => one.Kind == ActivityKind.Server && "/throws-measured".Equals(one.GetTagItem("coap.route"))));
        Activity span = _activities.First(one => one.Kind == ActivityKind.Server && "/throws-measured".Equals(one.GetTagItem("coap.route")));
        Assert.Equal((typeof(InvalidDataException).FullName, "5.00", ActivityStatusCode.Error), (span.GetTagItem("error.type"), span.GetTagItem("coap.response.code"), span.Status));
        Activity asked = _activities.First(one => one.Kind == ActivityKind.Client && "/throws-measured".Equals(one.GetTagItem("url.path")));
        Assert.Equal(("5.00", ActivityStatusCode.Error), (asked.GetTagItem("error.type"), asked.Status));
    }

    [Fact]
    public async Task NotFound_IsNoErrorOfTheServer()
    {
        await using CoapServer server = Start();
        await using CoapClient client = await ClientAsync(server, "coap+tcp");

        await client.GetAsync("/not-there-at-all");

        await Eventually.HoldsAsync(() => _activities.Any(one => one.Kind == ActivityKind.Server && "/not-there-at-all".Equals(one.GetTagItem("url.path"))));
        Activity span = _activities.First(one => one.Kind == ActivityKind.Server && "/not-there-at-all".Equals(one.GetTagItem("url.path")));
        Assert.Equal(("GET", "4.04", "4.04", ActivityStatusCode.Unset), (span.DisplayName, span.GetTagItem("coap.response.code"), span.GetTagItem("error.type"), span.Status));
    }

    [Fact]
    public async Task Request_WithoutAResponse_IsNamedByItsReason()
    {
        var pair = new PipePair();
        CoapConnection client = CoapConnection.Start(pair.Near, new CoapConnectionOptions { RequestTimeout = TimeSpan.FromMilliseconds(30), CloseTimeout = TimeSpan.FromMilliseconds(30) });

        await Assert.ThrowsAsync<CoapException>(() => client.GetAsync("/nobody-answers"));

        Activity span = _activities.First(one => "/nobody-answers".Equals(one.GetTagItem("url.path")));
        Assert.Equal(("TimedOut", null, "pipe"), (span.GetTagItem("error.type"), span.GetTagItem("coap.response.code"), span.GetTagItem("network.transport")));
        await client.CloseAsync();
    }

    [Fact]
    public async Task Malformed_IsCountedByKindOnBothTransportsAndStaysCounted()
    {
        CoapServer server = Start();
        double datagrams = Sum("coap.malformed", "ReservedOptionLength");
        double streams = Sum("coap.malformed", "ReservedTokenLength");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server.UdpEndPoint!);
        await socket.SendAsync(Convert.FromHexString("40017d34bf"));
        await socket.ReceiveAsync(new byte[100]);
        using var stream = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await stream.ConnectAsync(server.TcpEndPoint!);
        await stream.SendAsync(Convert.FromHexString("0f"));

        await Eventually.HoldsAsync(() => Sum("coap.malformed", "ReservedTokenLength") >= streams + 1);
        Assert.True(Sum("coap.malformed", "ReservedOptionLength") >= datagrams + 1);
        await server.DisposeAsync();
        Assert.True(Sum("coap.malformed", "ReservedOptionLength") >= datagrams + 1);
    }

    [Fact]
    public async Task Retransmissions_AreCounted()
    {
        double before = Sum("coap.retransmissions");
        using var deaf = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        deaf.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var options = new CoapClientOptions
        {
            Udp = new CoapUdpOptions
            {
                MessageLayer = new CoapMessageLayerOptions { AckTimeout = TimeSpan.FromMilliseconds(20), AcknowledgementDelay = TimeSpan.FromMilliseconds(10) },
            },
        };
        CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://127.0.0.1:{((IPEndPoint)deaf.LocalEndPoint!).Port}"), options);

        Task<CoapResponse> request = client.GetAsync("/");
        await Eventually.HoldsAsync(() => Sum("coap.retransmissions") >= before + 1);

        await client.DisposeAsync();
        await Assert.ThrowsAsync<CoapException>(() => request);
    }

    [Fact]
    public async Task Stores_AreShownWhileTheyHoldSomething()
    {
        await using CoapServer server = Start();
        await using CoapClient client = await ClientAsync(server, "coap");
        IAsyncEnumerator<CoapResponse> changes = client.ObserveAsync("/observed").GetAsyncEnumerator();
        await changes.MoveNextAsync();

        Assert.True(Sum("coap.peers") >= 2);
        Assert.True(Sum("coap.observers") >= 1);
        Assert.True(Sum("coap.exchanges.open") >= 1);
        await changes.DisposeAsync();

        var upload = new CoapRequest(CoapCode.Put, "/observed") { Payload = new byte[16] };
        upload.Options.Add(CoapOptionNumber.Block1, 0x08);
        Assert.Equal(CoapCode.Continue, (await client.SendAsync(upload)).Code);
        Assert.True(Sum("coap.bodies.open") >= 1);
    }

    [Fact]
    public async Task Observers_OnStreams_AreCountedAsLongAsTheyObserve()
    {
        var pair = new PipePair();
        CoapConnection far = CoapConnection.Start(pair.Far, new CoapConnectionOptions { Handler = new CoapRouter().MapObservable("/observed", _ => CoapResponse.Content("x")).HandleAsync });
        CoapConnection near = CoapConnection.Start(pair.Near);
        IAsyncEnumerator<CoapResponse> changes = near.ObserveAsync("/observed").GetAsyncEnumerator();
        await changes.MoveNextAsync();
        Assert.Equal(1, far.ObserverCount);
        Assert.True(Sum("coap.observers") >= 1);

        await changes.DisposeAsync();
        await Eventually.HoldsAsync(() => far.ObserverCount == 0);
        await near.CloseAsync();
        await far.CloseAsync();
    }

    [Fact]
    public async Task Connections_GoUpAndDown()
    {
        var pair = new PipePair();
        CoapConnection near = CoapConnection.Start(pair.Near);
        CoapConnection far = CoapConnection.Start(pair.Far);
        await near.PingAsync();
        await near.CloseAsync();
        await far.CloseAsync();

        Assert.Contains(_measured, one => one is { Instrument: "coap.connections", Value: 1 });
        Assert.Contains(_measured, one => one is { Instrument: "coap.connections", Value: -1 });
    }

    private static CoapServer Start() => CoapServer.Start(
        new CoapRouter()
            .MapGet("/measured-udp/{id}", _ => CoapResponse.Content("x"))
            .MapGet("/measured-tcp/{id}", _ => CoapResponse.Content("x"))
            .MapGet("/throws-measured", _ => throw new InvalidDataException("secret"))
            .MapObservable("/observed", _ => CoapResponse.Content("x"))
            .MapPut("/observed", _ => CoapResponse.Changed()).HandleAsync,
        new CoapServerOptions { Udp = new IPEndPoint(IPAddress.Loopback, 0), Tcp = new IPEndPoint(IPAddress.Loopback, 0) });

    private static Task<CoapClient> ClientAsync(CoapServer server, string scheme) => CoapClient.ConnectAsync(
        new Uri($"{scheme}://127.0.0.1:{(scheme == "coap" ? server.UdpEndPoint : server.TcpEndPoint)!.Port}"));

    private double Sum(string instrument, string? kind = null)
    {
        double latest = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (published, listening) =>
            {
                if (published.Meter.Name == CoapDiagnostics.MeterName && published.Name == instrument)
                {
                    listening.EnableMeasurementEvents(published);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            if (kind is null || (tags.Length == 1 && kind.Equals(tags[0].Value)))
            {
                latest = value;
            }
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return latest;
    }

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _measured.Enqueue((instrument.Name, value, new Dictionary<string, object?>(tags.ToArray())));
}

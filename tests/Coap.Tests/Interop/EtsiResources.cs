using System.Net;
using System.Text;

namespace Flint.Coap.Tests.Interop;

/// <summary>Our server with the resources that the ETSI scenarios ask for.</summary>
internal sealed class EtsiResources : IAsyncDisposable
{
    private readonly Dictionary<string, byte[]> _store = new() { ["test"] = "first"u8.ToArray(), ["obs"] = "0"u8.ToArray() };

    public EtsiResources()
    {
        CoapRouter router = new CoapRouter()
            .MapGet("/test", _ => Get("test"))
            .MapPut("/test", request => Put("test", request))
            .MapPost("/test", request => CoapResponse.Changed("posted " + request.GetText()))
            .MapDelete("/test", (_, _) => new(Delete("test")))
            .MapGet("/seg1/seg2/seg3", _ => CoapResponse.Content("three segments"))
            .MapGet("/query", request => CoapResponse.Content(string.Join(" and ", Values(request, CoapOptionNumber.UriQuery))))
            .MapGet("/separate", async (_, cancellationToken) =>
            {
                await Task.Delay(700, cancellationToken);
                return CoapResponse.Content("at last");
            })
            .MapPost("/locations", _ => Created())
            .MapGet("/multi-format", request => request.Accept switch
            {
                null or CoapContentFormat.TextPlain => CoapResponse.Content("plain"),
                CoapContentFormat.Xml => CoapResponse.Content("<xml/>"u8.ToArray(), CoapContentFormat.Xml),
                _ => CoapResponse.Error(CoapCode.NotAcceptable),
            })
            .MapGet("/validate", Validate)
            .MapPut("/validate", request => Values(request, CoapOptionNumber.IfMatch) is [] or ["v1"] ? CoapResponse.Changed() : CoapResponse.Error(CoapCode.PreconditionFailed))
            .MapPut("/create", request => request.Options.Contains(CoapOptionNumber.IfNoneMatch) && _store.ContainsKey("create")
                ? CoapResponse.Error(CoapCode.PreconditionFailed)
                : Put("create", request))
            .MapGet("/large", _ => Get("large"))
            .MapPut("/large", request => Put("large", request))
            .MapPost("/large", request => CoapResponse.Changed($"{request.Payload.Length} bytes"))
            .MapObservable("/obs", _ => Get("obs"))
            .MapDelete("/obs", async (_, _) =>
            {
                CoapResponse response = Delete("obs");
                await Server!.NotifyAsync("/obs");
                return response;
            })
            .Describe(new CoapLink("/test").With("rt", "Type1 Type2").With("if", "If1"))
            .Describe(new CoapLink("/large").With("rt", "Type2").With("sz", "1280"))
            .MapWellKnownCore();
        Server = CoapServer.Start(router.HandleAsync, new CoapServerOptions
        {
            Udp = new IPEndPoint(IPAddress.Loopback, 0),
            Tcp = new IPEndPoint(IPAddress.Loopback, 0),
            UdpOptions = new CoapUdpOptions
            {
                MessageLayer = new CoapMessageLayerOptions { AckTimeout = TimeSpan.FromSeconds(1), AcknowledgementDelay = TimeSpan.FromMilliseconds(100) },
                CriticalOptions = new HashSet<CoapOptionNumber> { CoapOptionNumber.IfMatch, CoapOptionNumber.IfNoneMatch },
                Observers = new CoapObserversOptions { NonConfirmableInterval = TimeSpan.FromMilliseconds(100), ConfirmableEvery = 3 },
            },
            ConnectionOptions = new CoapConnectionOptions { MaxMessageSize = 2 << 20 },
        });
    }

    public CoapServer Server { get; }

    public byte[]? this[string name]
    {
        get => _store.GetValueOrDefault(name);
        set => _store[name] = value!;
    }

    public string Udp(string path) => $"coap://{Server.UdpEndPoint}{path}";

    public string Tcp(string path) => $"coap+tcp://{Server.TcpEndPoint}{path}";

    /// <summary>Changes /obs and tells its observers.</summary>
    public Task ChangeAsync(int value)
    {
        _store["obs"] = Encoding.UTF8.GetBytes($"state {value};");
        return Server.NotifyAsync("/obs");
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private CoapResponse Get(string name) => _store.TryGetValue(name, out byte[]? body) ? CoapResponse.Content(body, CoapContentFormat.TextPlain) : CoapResponse.NotFound();

    private CoapResponse Put(string name, CoapRequest request)
    {
        var response = new CoapResponse(_store.ContainsKey(name) ? CoapCode.Changed : CoapCode.Created);
        _store[name] = request.Payload.ToArray();
        return response;
    }

    private CoapResponse Delete(string name)
    {
        _store.Remove(name);
        return new CoapResponse(CoapCode.Deleted);
    }

    private static CoapResponse Created()
    {
        var response = new CoapResponse(CoapCode.Created);
        response.Options.Add(CoapOptionNumber.LocationPath, "location1");
        response.Options.Add(CoapOptionNumber.LocationPath, "location2");
        response.Options.Add(CoapOptionNumber.LocationQuery, "first=1");
        response.Options.Add(CoapOptionNumber.LocationQuery, "second=2");
        return response;
    }

    private static CoapResponse Validate(CoapRequest request)
    {
        CoapResponse response = Values(request, CoapOptionNumber.ETag).Contains("v1") ? new CoapResponse(CoapCode.Valid) : CoapResponse.Content("the first version");
        response.Options.Add(CoapOptionNumber.ETag, "v1");
        return response;
    }

    private static string[] Values(CoapRequest request, CoapOptionNumber number)
    {
        var values = new List<string>();
        foreach (CoapOption option in request.Options)
        {
            if (option.Number == number)
            {
                values.Add(option.GetString());
            }
        }

        return [.. values];
    }
}

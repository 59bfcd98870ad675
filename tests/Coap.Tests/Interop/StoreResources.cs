using System.Net;

namespace Flint.Coap.Tests.Interop;

/// <summary>Our server with resources that strangers make, change and delete, one that answers late and one that ticks.</summary>
internal sealed class StoreResources : IAsyncDisposable
{
    private int _ticks;

    /// <param name="configure">More routes.</param>
    public StoreResources(Action<CoapRouter>? configure = null)
    {
        CoapRouter router = new CoapRouter()
            .MapGet("/s/{name}", request => Store.TryGetValue(request.Route("name"), out byte[]? body) ? CoapResponse.Content(body) : CoapResponse.NotFound())
            .MapPut("/s/{name}", request =>
            {
                bool made = !Store.ContainsKey(request.Route("name"));
                Store[request.Route("name")] = request.Payload.ToArray();
                return made ? new CoapResponse(CoapCode.Created) : CoapResponse.Changed();
            })
            .MapDelete("/s/{name}", request =>
            {
                Store.Remove(request.Route("name"));
                return new CoapResponse(CoapCode.Deleted);
            })
            .MapPost("/reverse", request => CoapResponse.Changed(new string([.. request.GetText().Reverse()])))
            .MapGet("/separate", async (_, cancellationToken) =>
            {
                await Task.Delay(800, cancellationToken);
                return CoapResponse.Content("at last");
            })
            .MapObservable("/ticks", _ => CoapResponse.Content($"tick {_ticks};"));
        configure?.Invoke(router);
        Server = CoapServer.Start(router.HandleAsync, new CoapServerOptions
        {
            Udp = new IPEndPoint(IPAddress.Loopback, 0),
            Tcp = new IPEndPoint(IPAddress.Loopback, 0),
            UdpOptions = new CoapUdpOptions { Observers = new CoapObserversOptions { NonConfirmableInterval = TimeSpan.FromMilliseconds(100) } },
        });
    }

    public Dictionary<string, byte[]> Store { get; } = [];

    public CoapServer Server { get; }

    public string Udp(string path) => $"coap://{Server.UdpEndPoint}{path}";

    public string Tcp(string path) => $"coap+tcp://{Server.TcpEndPoint}{path}";

    /// <summary>Lets /ticks tick until a program that observes it has ended.</summary>
    public async Task<T> TickUntilAsync<T>(Task<T> program, int milliseconds)
    {
        while (!program.IsCompleted)
        {
            await Task.Delay(milliseconds);
            _ticks++;
            await Server.NotifyAsync("/ticks");
        }

        return await program;
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Flint.Coap;
using Microsoft.Extensions.DependencyInjection;

namespace Flint.Snippets;

/// <summary>The C# blocks of src/Coap/README.md.</summary>
public static class CoapSnippets
{
    public static CoapReadStatus Codec(ReadOnlySpan<byte> datagram, Span<byte> buffer)
    {
        // <snippet>
        CoapReadStatus status = CoapMessageReader.TryRead(datagram, out CoapMessageReader message);
        if (status != CoapReadStatus.Ok)
        {
            return status;                                       // one value for each malformed form, never an exception
        }

        foreach (CoapOption option in message.Options)
        {
            Console.WriteLine($"{option.Number} {option.Value.Length} bytes");
        }

        var writer = new CoapMessageWriter(buffer);
        writer.WriteHeader(CoapType.Acknowledgement, CoapCode.Content, message.MessageId, message.Token);
        writer.WriteOption(CoapOptionNumber.ContentFormat, CoapContentFormat.TextPlain);
        writer.WritePayload("22.3 C"u8);
        bool fits = writer.TryComplete(out int length);
        // </snippet>
        Console.WriteLine($"{fits} {length}");
        return status;
    }

    public static async Task<CoapCode> Server(Dictionary<string, string> variables)
    {
        // <snippet>
        CoapRouter router = new CoapRouter()
            .MapObservable("/v/{name}", request => CoapResponse.Content(variables[request.Route("name")]))
            .MapPut("/v/{name}", request =>
            {
                variables[request.Route("name")] = request.GetText();
                return CoapResponse.Changed();
            });

        await using CoapServer server = CoapServer.Start(router.HandleAsync);           // UDP, port 5683, IPv6 and IPv4
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri("coap://localhost"));

        await client.PutAsync("/v/temperature", "22.3"u8.ToArray(), CoapContentFormat.TextPlain);
        CoapResponse response = await client.GetAsync("/v/temperature");
        await foreach (CoapResponse change in client.ObserveAsync("/v/temperature"))    // now, and after each server.NotifyAsync("/v/temperature")
        {
            Console.WriteLine(change.GetText());
        }

        // </snippet>
        return response.Code;
    }

    public static async Task Discovery(byte[] image)
    {
        // <snippet>
        await foreach (CoapMulticastResponse found in CoapClient.DiscoverAsync(filter: "rt=temperature"))       // all CoAP nodes of the link, for seven seconds
        {
            Console.WriteLine($"{found.Peer.Identity}: {found.Response.GetText()}");
        }

        var lossy = new CoapClientOptions { Udp = new CoapUdpOptions { QBlock = new CoapQBlockOptions { Use = true } } };
        await using CoapClient far = await CoapClient.ConnectAsync(new Uri("coap://device.example"), lossy);
        await far.PutAsync("/firmware", image);                                 // RFC 9177 where the device knows it, otherwise block by block
        // </snippet>
    }

    public static async Task<string> Connection(IDuplexPipe deviceSide, IDuplexPipe serverSide)
    {
        // <snippet>
        CoapRouter functions = new CoapRouter()
            .MapPost("/f/{name}", request => CoapResponse.Changed($"{request.Route("name")} {request.GetText()}"))
            .MapGet("/v/{name}", request => request.Route("name") == "temperature" ? CoapResponse.Content("22.3") : CoapResponse.NotFound());

        CoapRouter events = new CoapRouter().MapPost("/e/{*name}", request =>
        {
            Console.WriteLine($"{request.Peer.Identity}: {request.Route("name")} = {request.GetText()}");
            return CoapResponse.Changed();
        });

        await using CoapConnection device = CoapConnection.Start(deviceSide, new CoapConnectionOptions { Handler = functions.HandleAsync });
        await using CoapConnection server = CoapConnection.Start(
            serverSide, new CoapConnectionOptions { Handler = events.HandleAsync, Peer = new CoapPeer("3f0022000b47") });

        await device.PublishAsync("/e/motion/hall", "1"u8.ToArray());          // waits for no response
        CoapResponse led = await server.PostAsync("/f/led", "on"u8.ToArray());
        string temperature = (await server.GetAsync("/v/temperature")).EnsureSuccess().GetText();
        // </snippet>
        return led.GetText() + temperature;
    }

    public static async Task<CoapRouter> Resources(CoapClient client, string reading)
    {
        // <snippet>
        CoapRouter router = new CoapRouter()
            .MapGet("/v/temperature", _ => CoapResponse.Content(reading))
            .MapPut("/v/temperature", request => CoapResponse.Problem(CoapCode.Conflict, "Calibrating", "Try again in a minute."))
            .MapETag("/v/{name}", _ => CoapETag.Of(Encoding.UTF8.GetBytes(reading)))                       // 2.03, 4.12
            .Describe(new CoapLink("/v/temperature") { ResourceTypes = ["temperature-c"], ContentFormats = [CoapContentFormat.TextPlain] })
            .MapWellKnownCore();                                                                           // GET /.well-known/core?rt=temperature*

        IReadOnlyList<CoapLink> links = await client.GetLinksAsync("rt=temperature*");
        CoapResponse answer = await client.PutAsync(links[0].Target, "20"u8.ToArray());
        if (answer.TryGetProblem(out CoapProblemDetails? problem))
        {
            Console.WriteLine($"{answer.Code.ToDotted()} {problem.Title}: {problem.Detail}");
        }

        // </snippet>
        return router;
    }

    public static void Host(IServiceCollection services, ConcurrentDictionary<string, string> variables)
    {
        // <snippet>
        services.AddCoapServer(options => options.Tcp = new IPEndPoint(IPAddress.IPv6Any, 5683))   // and UDP, unless it is set to null
            .Map((router, provider) => router
                .Use(new CoapPeerLimiter().FilterAsync)                                            // 4.29 for who asks too much (RFC 8516)
                .MapGet("/v/{name}", request => CoapResponse.Content(variables[request.Route("name")])))
            .MapDevices();                                                                         // functions, variables, events of connected devices
        services.AddCoapClient("gateway", new Uri("coap+tcp://gateway.example"));                  // CoapClientFactory.GetAsync("gateway")
        // </snippet>
    }

    public static async Task<CoapResponse> Filter(Uri uri, ReadOnlyMemory<byte> key)
    {
        // <snippet>
        var options = new CoapClientOptions();
        options.Filters.Add(async (request, next, cancellationToken) =>
        {
            CoapResponse response = await next(request, cancellationToken);
            return response.Code == CoapCode.ServiceUnavailable ? await next(request, cancellationToken) : response;
        });
        await using CoapClient client = await CoapClient.ConnectAsync(uri, options);
        // </snippet>
        return await client.PostAsync("/key", key);
    }

    public static async Task Devices(IDuplexPipe deviceSide, IDuplexPipe serverSide, CancellationToken cancellationToken)
    {
        // <snippet>
        // The server: knows its devices by the identity that the transport states.
        var gateway = new DeviceGateway();
        var router = new CoapRouter();
        await using var server = new CoapServer(router.HandleAsync, new CoapServerOptions { ConnectionStarted = gateway.Add });
        gateway.MapTo(router, server);
        Task serving = server.RunAsync(serverSide, new CoapPeer("3f0022000b47"), cancellationToken);

        // The device: what it offers, and what it says.
        var functions = new CoapRouter();
        new DeviceResources().AddFunction("led", argument => argument == "on" ? 1 : 0).AddVariable("temperature", () => 22.3).MapTo(functions);
        await using CoapConnection connection = CoapConnection.Start(deviceSide, new CoapConnectionOptions { Handler = functions.HandleAsync });
        await new ServerProxy(connection).PublishAsync(new DeviceEvent("motion/hall", "1") { TimeToLive = TimeSpan.FromSeconds(30) }, cancellationToken);

        // The server again.
        DeviceProxy device = gateway.Device("3f0022000b47");
        int led = await device.CallAsync("led", "on", cancellationToken);
        double temperature = await device.ReadAsync<double>("temperature", cancellationToken);
        await foreach (DeviceEvent motion in device.EventsAsync("motion/", cancellationToken))
        {
            Console.WriteLine($"{motion.Publisher} {motion.Name} {motion.GetText()} {led} {temperature}");
        }

        // </snippet>
        await serving;
    }
}

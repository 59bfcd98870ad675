using System.Net;
using Flint.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Flint.Coap.Tests.Hosting;

public sealed class HostingTests
{
    [Fact]
    public async Task Server_OfAContainer_ListensFromTheStartOfTheHostToItsStop()
    {
        await using ServiceProvider services = Services(options => options.Udp = new IPEndPoint(IPAddress.Loopback, 0)).BuildServiceProvider();
        IHostedService host = services.GetServices<IHostedService>().Single();
        CoapServer server = services.GetRequiredService<CoapServer>();
        Assert.Null(server.UdpEndPoint);

        await host.StartAsync(default);
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://127.0.0.1:{server.UdpEndPoint!.Port}"));
        Assert.Equal("hello world", (await client.GetAsync("/greet/world")).GetText());
        Assert.Equal("same", (await client.GetAsync("/server")).GetText());

        await host.StopAsync(default);
        Assert.Throws<InvalidOperationException>(server.Listen);
    }

    [Fact]
    public async Task Upload_ToAServerOfAContainer_IsReadAsItComes()
    {
        var collection = new ServiceCollection();
        collection
            .AddCoapServer(options =>
            {
                options.Udp = new IPEndPoint(IPAddress.Loopback, 0);
                options.UdpOptions = new CoapUdpOptions { BlockSizes = new CoapBlockSizes { MaxBody = 2000 } };
            })
            .Map(router => router.MapUpload(CoapCode.Put, "/up", async (_, body, cancellationToken) =>
            {
                using var all = new MemoryStream();
                await body.CopyToAsync(all, cancellationToken);
                return CoapResponse.Changed($"{all.Length}");
            }));
        await using ServiceProvider services = collection.BuildServiceProvider();
        await services.GetServices<IHostedService>().Single().StartAsync(default);
        await using CoapClient client = await CoapClient.ConnectAsync(new Uri($"coap://127.0.0.1:{services.GetRequiredService<CoapServer>().UdpEndPoint!.Port}"));

        // Larger than a body that would be held in memory.
        Assert.Equal("5000", (await client.PutAsync("/up", new byte[5000])).EnsureSuccess().GetText());
    }

    [Fact]
    public async Task Options_OutOfRange_FailAtTheStart()
    {
        await using ServiceProvider services = Services(options => options.MaxConnections = 0).BuildServiceProvider();

        var failure = Assert.Throws<OptionsValidationException>(() => services.GetServices<IHostedService>().ToArray());
        Assert.Contains("MaxConnections", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Routes_ThatDoNotMap_FailAtTheStart()
    {
        var collection = new ServiceCollection();
        collection.AddCoapServer(options => options.Udp = new IPEndPoint(IPAddress.Loopback, 0)).Map(router => router.MapGet("no slash", _ => CoapResponse.NotFound()));
        await using ServiceProvider services = collection.BuildServiceProvider();

        await Assert.ThrowsAsync<ArgumentException>(() => services.GetServices<IHostedService>().Single().StartAsync(default));
    }

    [Fact]
    public async Task Client_ByName_IsSharedAndConnectsAnewAfterItsEnd()
    {
        var options = new CoapServerOptions { Udp = null, Tcp = new IPEndPoint(IPAddress.Loopback, 0) };
        CoapServer first = CoapServer.Start(Greet, options);
        var collection = new ServiceCollection();
        collection.AddCoapClient("gateway", new Uri($"coap+tcp://127.0.0.1:{first.TcpEndPoint!.Port}"));
        await using ServiceProvider services = collection.BuildServiceProvider();
        CoapClientFactory factory = services.GetRequiredService<CoapClientFactory>();

        CoapClient client = await factory.GetAsync("gateway");
        Assert.Same(client, await factory.GetAsync("gateway"));
        Assert.Equal("hello", (await client.GetAsync("/")).GetText());
        IPEndPoint address = first.TcpEndPoint;
        await first.DisposeAsync();
        await using CoapServer second = CoapServer.Start(Greet, new CoapServerOptions { Udp = null, Tcp = address });
        await Eventually.HoldsAsync(() => client.HasEnded);

        CoapClient renewed = await factory.GetAsync("gateway");
        Assert.NotSame(client, renewed);
        Assert.Equal("hello", (await renewed.GetAsync("/")).GetText());

        static ValueTask<CoapResponse> Greet(CoapRequest request, CancellationToken token) => new(CoapResponse.Content("hello"));
    }

    [Fact]
    public async Task Client_ThatWasNotRegistered_IsAnError()
    {
        var collection = new ServiceCollection();
        collection.AddCoapClient("a", new Uri("coap://127.0.0.1"), options => options.Udp = null!);
        await using ServiceProvider services = collection.BuildServiceProvider();
        CoapClientFactory factory = services.GetRequiredService<CoapClientFactory>();

        await Assert.ThrowsAsync<KeyNotFoundException>(async () => await factory.GetAsync("b"));
        await Assert.ThrowsAsync<OptionsValidationException>(async () => await factory.GetAsync("a"));
        await factory.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await factory.GetAsync("a"));
    }

    private static IServiceCollection Services(Action<CoapServerOptions> configure)
    {
        var collection = new ServiceCollection();
        collection.AddSingleton("hello ");
        return collection.AddCoapServer(configure)
            .Map((router, services) => router.MapGet("/greet/{name}", request => CoapResponse.Content(services.GetRequiredService<string>() + request.Route("name"))))
            .Map((router, services) =>
            {
                // The server is at hand while the routes are mapped.
                CoapServer server = services.GetRequiredService<CoapServer>();
                router.MapGet("/server", _ => CoapResponse.Content(ReferenceEquals(server, services.GetRequiredService<CoapServer>()) ? "same" : "another"));
            })
            .Services;
    }
}

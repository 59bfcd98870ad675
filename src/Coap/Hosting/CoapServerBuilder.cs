using System;
using Microsoft.Extensions.DependencyInjection;

namespace Flint.Coap;

/// <summary>Maps the routes of the server that <see cref="CoapServiceCollectionExtensions.AddCoapServer"/> has registered.</summary>
public sealed class CoapServerBuilder
{
    internal CoapServerBuilder(IServiceCollection services) => Services = services;

    /// <summary>The services, for more registrations.</summary>
    public IServiceCollection Services { get; }

    /// <summary>Maps routes and filters. Called once, before the server listens.</summary>
    public CoapServerBuilder Map(Action<CoapRouter> map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return Map((router, _) => map(router));
    }

    /// <summary>Maps routes and filters whose handlers need services. Called once, before the server listens; the provider is the container's own, and lives as long as it.</summary>
    public CoapServerBuilder Map(Action<CoapRouter, IServiceProvider> map)
    {
        ArgumentNullException.ThrowIfNull(map);
        Services.AddSingleton(new CoapRouteMapping(map));
        return this;
    }

    /// <summary>
    /// Registers a <see cref="DeviceGateway"/>, maps its routes, and tells it of each connection of the server: what devices publish, who they are, and how to call them
    /// (docs/spec/device-mapping.md).
    /// </summary>
    /// <param name="options">The limits of its events.</param>
    public CoapServerBuilder MapDevices(DeviceEventHubOptions? options = null)
    {
        Services.AddSingleton(_ => new DeviceGateway(options));
        Services.AddOptions<CoapServerOptions>().PostConfigure<DeviceGateway>((server, gateway) => server.ConnectionStarted += gateway.Add);
        return Map((router, services) => services.GetRequiredService<DeviceGateway>().MapTo(router, services.GetRequiredService<CoapServer>()));
    }
}

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
}

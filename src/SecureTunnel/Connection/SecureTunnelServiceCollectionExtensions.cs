using System;
using Flint.SecureTunnel;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the secure tunnel's server.</summary>
public static class SecureTunnelServiceCollectionExtensions
{
    /// <summary>
    /// Registers <see cref="SecureTunnelServerOptions"/>, made by <paramref name="create"/>, and a <see cref="SecureTunnelAcceptor"/> over them, both as singletons. A device store that is
    /// registered as <see cref="IDeviceStore"/> is at hand in <paramref name="create"/> by its service provider.
    /// </summary>
    public static IServiceCollection AddSecureTunnel(this IServiceCollection services, Func<IServiceProvider, SecureTunnelServerOptions> create)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(create);
        services.TryAddSingleton(create);
        services.TryAddSingleton<SecureTunnelAcceptor>();
        return services;
    }
}

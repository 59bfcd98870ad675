using System;
using Flint.Coap;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers a CoAP server and CoAP clients.</summary>
public static class CoapServiceCollectionExtensions
{
    /// <summary>
    /// Registers a <see cref="CoapServer"/> with a <see cref="CoapRouter"/>, both singletons. It listens from the start of the host until its graceful stop. A container without a host gives the server,
    /// whose owner calls <see cref="CoapServer.Listen"/>. Its logs go to the category <c>Flint.Coap.CoapServer</c> unless the options name another logger.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets addresses and limits. They are validated when the server is made: <see cref="OptionsValidationException"/>.</param>
    /// <returns>Maps the routes.</returns>
    public static CoapServerBuilder AddCoapServer(this IServiceCollection services, Action<CoapServerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        OptionsBuilder<CoapServerOptions> options = services.AddOptions<CoapServerOptions>();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CoapServerOptions>>(new CoapOptionsValidator<CoapServerOptions>(made => made.Validate())));
        services.TryAddSingleton<CoapRouter>();
        services.TryAddSingleton<CoapRouteMapper>();
        services.TryAddSingleton(CreateServer);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, CoapServerService>());
        return new CoapServerBuilder(services);
    }

    /// <summary>Registers a client of one server. <see cref="CoapClientFactory"/> connects it when it is first asked for, and anew where its connection has ended.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The name to ask for.</param>
    /// <param name="server">As in <see cref="CoapClient.ConnectAsync"/>.</param>
    /// <param name="configure">Sets limits and filters. They are validated when the client connects: <see cref="OptionsValidationException"/>.</param>
    public static IServiceCollection AddCoapClient(this IServiceCollection services, string name, Uri server, Action<CoapClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(server);
        OptionsBuilder<CoapClientOptions> options = services.AddOptions<CoapClientOptions>(name);
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<CoapClientOptions>>(new CoapOptionsValidator<CoapClientOptions>(made => made.Validate())));
        services.AddSingleton(new CoapClientRegistration(name, server));
        services.TryAddSingleton(provider => new CoapClientFactory(
            provider.GetServices<CoapClientRegistration>(), provider.GetRequiredService<IOptionsMonitor<CoapClientOptions>>()));
        return services;
    }

    private static CoapServer CreateServer(IServiceProvider services)
    {
        CoapServerOptions options = services.GetRequiredService<IOptions<CoapServerOptions>>().Value;
        if (ReferenceEquals(options.Logger, NullLogger.Instance) && services.GetService<ILogger<CoapServer>>() is { } logger)
        {
            options.Logger = logger;
        }

        options.Router ??= services.GetRequiredService<CoapRouter>();
        return new CoapServer(services.GetRequiredService<CoapRouteMapper>().HandleAsync, options);
    }
}

using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>Maps the routes once the server is made, since their handlers may want the server, and before it answers anything.</summary>
internal sealed class CoapRouteMapper
{
    private readonly Lazy<CoapRouter> _router;

    public CoapRouteMapper(CoapRouter router, IEnumerable<CoapRouteMapping> mappings, IServiceProvider services) => _router = new Lazy<CoapRouter>(() =>
    {
        foreach (CoapRouteMapping mapping in mappings)
        {
            mapping.Map(router, services);
        }

        return router;
    });

    /// <summary>Maps now, where it has not happened yet.</summary>
    public void Map() => _ = _router.Value;

    public ValueTask<CoapResponse> HandleAsync(CoapRequest request, CancellationToken cancellationToken) => _router.Value.HandleAsync(request, cancellationToken);
}

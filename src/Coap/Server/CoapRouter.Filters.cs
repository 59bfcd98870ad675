using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

// Filters of all routes, and groups of routes that share a prefix and filters.
public sealed partial class CoapRouter
{
    private readonly List<CoapFilter> _filters = [];
    private readonly CoapRouter? _parent;
    private readonly string _prefix = "";
    private bool _isMapped;
    private CoapHandler? _filtered;

    /// <summary>No routes yet.</summary>
    public CoapRouter()
    {
    }

    private CoapRouter(CoapRouter parent, string prefix)
    {
        _parent = parent;
        _prefix = prefix;
    }

    /// <summary>
    /// Puts a filter behind those that are there already. The router's own filters see each request, also one that no route answers; those of a group see what its routes answer.
    /// </summary>
    /// <exception cref="InvalidOperationException">The group has a route already: its filters come first.</exception>
    public CoapRouter Use(CoapFilter filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (_parent is not null && _isMapped)
        {
            throw new InvalidOperationException("The filters of a group come before its routes.");
        }

        _filters.Add(filter);
        _filtered = CoapFilterChain.Before(_filters, RouteAsync);
        return this;
    }

    /// <summary>
    /// A group: what is mapped on it stands under <paramref name="prefix"/>, a template without <c>{*name}</c>, and behind the filters that the group uses, which come after those of the router.
    /// </summary>
    /// <exception cref="ArgumentException">The prefix is no template, or takes all that remains of a path.</exception>
    public CoapRouter MapGroup(string prefix)
    {
        if (!CoapRoute.Parse(CoapCode.Get, prefix, RouteAsync).TakesMore)
        {
            throw new ArgumentException($"Nothing can stand under \"{prefix}\".", nameof(prefix));
        }

        return new CoapRouter(this, prefix);
    }

    /// <summary>The route with the prefix and the filters of the groups around it, and the router that it belongs to.</summary>
    private CoapRouter Enter(CoapRoute route)
    {
        CoapRouter router = this;
        for (; router._parent is not null; router = router._parent)
        {
            router._isMapped = true;
            route.Enter(router._prefix, CoapFilterChain.Before(router._filters, route.Handler));
        }

        return router;
    }

    /// <summary>Answers a request by its route; 4.04 where no path matches, 4.05 where only the method does not. It is a <see cref="CoapHandler"/>.</summary>
    public ValueTask<CoapResponse> HandleAsync(CoapRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _parent is not null ? _parent.HandleAsync(request, cancellationToken)
            : _filtered is not null ? _filtered(request, cancellationToken)
            : RouteAsync(request, cancellationToken);
    }
}

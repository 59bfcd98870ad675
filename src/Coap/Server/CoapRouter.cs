using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// Chooses a handler by method and path: <c>router.MapGet("/v/{name}", …)</c>. A segment is literal, <c>{name}</c> for one segment, or
/// <c>{*name}</c> at the end for all that remain. Where several routes match, the more literal one wins, from left to right.
/// Map everything before the first request; then a router may serve any number of connections at once.
/// </summary>
public sealed class CoapRouter
{
    private readonly List<CoapRoute> _routes = [];

    /// <summary>Answers GET.</summary>
    public CoapRouter MapGet(string template, CoapHandler handler) => Map(CoapCode.Get, template, handler);

    /// <summary>Answers GET without waiting for anything.</summary>
    public CoapRouter MapGet(string template, Func<CoapRequest, CoapResponse> handler) => Map(CoapCode.Get, template, Synchronous(handler));

    /// <summary>Answers POST.</summary>
    public CoapRouter MapPost(string template, CoapHandler handler) => Map(CoapCode.Post, template, handler);

    /// <summary>Answers POST without waiting for anything.</summary>
    public CoapRouter MapPost(string template, Func<CoapRequest, CoapResponse> handler) => Map(CoapCode.Post, template, Synchronous(handler));

    /// <summary>Answers PUT.</summary>
    public CoapRouter MapPut(string template, CoapHandler handler) => Map(CoapCode.Put, template, handler);

    /// <summary>Answers PUT without waiting for anything.</summary>
    public CoapRouter MapPut(string template, Func<CoapRequest, CoapResponse> handler) => Map(CoapCode.Put, template, Synchronous(handler));

    /// <summary>Answers DELETE.</summary>
    public CoapRouter MapDelete(string template, CoapHandler handler) => Map(CoapCode.Delete, template, handler);

    /// <summary>Answers any method.</summary>
    /// <exception cref="ArgumentException">No method, no template, or one that is mapped already.</exception>
    public CoapRouter Map(CoapCode method, string template, CoapHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (!method.IsRequest())
        {
            throw new ArgumentException($"{method.ToDotted()} is no method.", nameof(method));
        }

        var route = CoapRoute.Parse(method, template, handler);
        int index = _routes.BinarySearch(route);
        if (index >= 0)
        {
            throw new ArgumentException($"{method} {template} is mapped already.", nameof(template));
        }

        _routes.Insert(~index, route);
        return this;
    }

    /// <summary>Answers a request by its route; 4.04 where no path matches, 4.05 where only the method does not. It is a <see cref="CoapHandler"/>.</summary>
    public ValueTask<CoapResponse> HandleAsync(CoapRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        bool pathMatches = false;
        foreach (CoapRoute route in _routes)
        {
            if (route.Matches(request.Options.View))
            {
                if (route.Method == request.Method)
                {
                    request.MatchedRoute = route;
                    return route.Handler(request, cancellationToken);
                }

                pathMatches = true;
            }
        }

        return new(CoapResponse.Error(pathMatches ? CoapCode.MethodNotAllowed : CoapCode.NotFound));
    }

    private static CoapHandler Synchronous(Func<CoapRequest, CoapResponse> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return (request, _) => new ValueTask<CoapResponse>(handler(request));
    }
}

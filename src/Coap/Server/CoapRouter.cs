using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// Chooses a handler by method and path: <c>router.MapGet("/v/{name}", …)</c>. A segment is literal, <c>{name}</c> for one segment, or
/// <c>{*name}</c> at the end for all that remain. Where several routes match, the more literal one wins, from left to right.
/// Map everything before the first request; then a router may serve any number of connections at once.
/// </summary>
public sealed partial class CoapRouter
{
    private readonly List<CoapRoute> _routes = [];

    /// <summary>Answers GET.</summary>
    public CoapRouter MapGet(string template, CoapHandler handler) => Map(CoapCode.Get, template, handler);

    /// <summary>Answers GET without waiting for anything.</summary>
    public CoapRouter MapGet(string template, Func<CoapRequest, CoapResponse> handler) => Map(CoapCode.Get, template, Synchronous(handler));

    /// <summary>
    /// Answers GET, and lets peers observe the resource (RFC 7641): each <see cref="CoapServer.NotifyAsync(string)"/> asks the handler once more and sends its answer to all of them.
    /// Such a handler must not depend on who asks.
    /// </summary>
    public CoapRouter MapObservable(string template, CoapHandler handler) => MapObservable(CoapCode.Get, template, handler);

    /// <inheritdoc cref="MapObservable(string, CoapHandler)"/>
    public CoapRouter MapObservable(string template, Func<CoapRequest, CoapResponse> handler) => MapObservable(template, Synchronous(handler));

    /// <summary>The same for GET or FETCH (RFC 8132 section 2.4): all who send the same payload observe the same, and the handler is asked once more with that payload.</summary>
    /// <exception cref="ArgumentException">Another method, no template, or one that is mapped already.</exception>
    public CoapRouter MapObservable(CoapCode method, string template, CoapHandler handler) => method.IsSafe()
        ? Add(CoapRoute.Parse(method, template, NotNull(handler), isObservable: true))
        : throw new ArgumentException($"{method.ToDotted()} cannot be observed.", nameof(method));

    /// <inheritdoc cref="MapObservable(CoapCode, string, CoapHandler)"/>
    public CoapRouter MapObservable(CoapCode method, string template, Func<CoapRequest, CoapResponse> handler) => MapObservable(method, template, Synchronous(handler));

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

    /// <summary>
    /// Answers a method whose body the handler reads as it comes, however large it is: nothing is held but a few blocks. Where a handler of one's own stands before
    /// <see cref="HandleAsync"/>, name the router in <see cref="CoapServerOptions.Router"/>; otherwise the body comes when it is complete, within the limit of bodies in memory.
    /// </summary>
    /// <exception cref="ArgumentException">No method, no template, or one that is mapped already.</exception>
    public CoapRouter MapUpload(CoapCode method, string template, CoapUploadHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return Add(CoapRoute.Parse(
            Method(method),
            template,
            (request, cancellationToken) => handler(request, request.BodyReader ?? Whole(request), cancellationToken),
            streams: true));
    }

    /// <summary>Answers any method.</summary>
    /// <exception cref="ArgumentException">No method, no template, or one that is mapped already.</exception>
    public CoapRouter Map(CoapCode method, string template, CoapHandler handler)
    {
        return Add(CoapRoute.Parse(Method(method), template, NotNull(handler)));
    }

    private ValueTask<CoapResponse> RouteAsync(CoapRequest request, CancellationToken cancellationToken)
    {
        bool pathMatches = false;
        foreach (CoapRoute route in _routes)
        {
            if (route.Matches(request.Options.View))
            {
                if (route.Method == request.Method)
                {
                    return AnswerAsync(route, request, cancellationToken);
                }

                pathMatches = true;
            }
        }

        return new(CoapResponse.Error(pathMatches ? CoapCode.MethodNotAllowed : CoapCode.NotFound));
    }

    private CoapRouter Add(CoapRoute route)
    {
        List<CoapRoute> routes = Enter(route)._routes;
        int index = routes.BinarySearch(route);
        if (index >= 0)
        {
            throw new ArgumentException($"{route.Method} {route.Template} is mapped already.", nameof(route));
        }

        routes.Insert(~index, route);
        return this;
    }

    /// <summary>Whether the handler of a request reads the body as it comes.</summary>
    internal bool Streams(CoapRequest request)
    {
        foreach (CoapRoute route in _routes)
        {
            if (route.Method == request.Method && route.Matches(request.Options.View))
            {
                return route.Streams;
            }
        }

        return false;
    }

    private static PipeReader Whole(CoapRequest request) =>
        request.Payload.IsEmpty ? PipeReader.Create(Stream.Null) : PipeReader.Create(new ReadOnlySequence<byte>(request.Payload));

    private static CoapCode Method(CoapCode method) => method.IsRequest() ? method : throw new ArgumentException($"{method.ToDotted()} is no method.", nameof(method));

    private static CoapHandler NotNull(CoapHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return handler;
    }

    private static CoapHandler Synchronous(Func<CoapRequest, CoapResponse> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return (request, _) => new ValueTask<CoapResponse>(handler(request));
    }
}

using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

// What a router does around a handler: conditional requests, validation, Accept (RFC 7252 section 5.10), and the methods of RFC 8132.
public sealed partial class CoapRouter
{
    private readonly List<EntityTags> _tags = [];

    /// <summary>If-Match and If-None-Match: for the CriticalOptions of endpoints whose handlers all check them, be it with <see cref="MapETag"/> or by themselves.</summary>
    public static IReadOnlySet<CoapOptionNumber> PreconditionOptions { get; } = new HashSet<CoapOptionNumber> { CoapOptionNumber.IfMatch, CoapOptionNumber.IfNoneMatch };

    /// <summary>Answers DELETE without waiting for anything.</summary>
    public CoapRouter MapDelete(string template, Func<CoapRequest, CoapResponse> handler) => Map(CoapCode.Delete, template, Synchronous(handler));

    /// <summary>Answers FETCH: like GET, with a payload that says what is wanted (RFC 8132 section 2). A payload of an unknown format is for 4.15.</summary>
    public CoapRouter MapFetch(string template, CoapHandler handler) => Map(CoapCode.Fetch, template, handler);

    /// <summary>Answers FETCH without waiting for anything.</summary>
    public CoapRouter MapFetch(string template, Func<CoapRequest, CoapResponse> handler) => Map(CoapCode.Fetch, template, Synchronous(handler));

    /// <summary>
    /// Answers PATCH, which is not idempotent: all of the payload's changes, or none (RFC 8132 section 3). 4.09 is for a resource in a state that does not take them, 4.22 for changes that make no sense
    /// (section 3.4).
    /// </summary>
    public CoapRouter MapPatch(string template, CoapHandler handler) => Map(CoapCode.Patch, template, handler);

    /// <summary>Answers PATCH without waiting for anything.</summary>
    public CoapRouter MapPatch(string template, Func<CoapRequest, CoapResponse> handler) => Map(CoapCode.Patch, template, Synchronous(handler));

    /// <summary>Answers iPATCH: as PATCH, and idempotent (RFC 8132 section 3).</summary>
    public CoapRouter MapIPatch(string template, CoapHandler handler) => Map(CoapCode.IPatch, template, handler);

    /// <summary>Answers iPATCH without waiting for anything.</summary>
    public CoapRouter MapIPatch(string template, Func<CoapRequest, CoapResponse> handler) => Map(CoapCode.IPatch, template, Synchronous(handler));

    /// <summary>
    /// Tells the entity-tag of resources before their handlers run (RFC 7252 section 5.10.6 and section 5.10.8): a request whose If-Match or If-None-Match does not hold is answered 4.12, a GET or FETCH of a
    /// client whose stored response is still the current one 2.03, and a 2.05 without an entity-tag gets this one.
    /// </summary>
    /// <remarks>
    /// If-Match and If-None-Match reach the router only where the endpoint's CriticalOptions are <see cref="PreconditionOptions"/>. Then a handler of another path checks them itself: <see cref="CoapRequest.CheckPreconditions"/>; so
    /// does one whose resource may change between this look and what the handler does.
    /// </remarks>
    /// <param name="template">The path, as for a handler.</param>
    /// <param name="current">The entity-tag of the resource that the request names; null where it does not exist.</param>
    /// <exception cref="ArgumentException">No template.</exception>
    public CoapRouter MapETag(string template, Func<CoapRequest, CoapETag?> current)
    {
        ArgumentNullException.ThrowIfNull(current);
        CoapRoute route = CoapRoute.Parse(CoapCode.Empty, template, RouteAsync);
        Enter(route)._tags.Add(new EntityTags(route, current));
        return this;
    }

    private ValueTask<CoapResponse> AnswerAsync(CoapRoute route, CoapRequest request, CancellationToken cancellationToken)
    {
        CoapETag? tag = null;
        if (FindTags(request) is EntityTags tags)
        {
            request.MatchedRoute = tags.Route;
            tag = tags.Current(request);
            if (request.CheckPreconditions(tag) is CoapResponse refusal)
            {
                return new(refusal);
            }

            if (tag is CoapETag current && request.Method.IsSafe() && request.HasETag(current) && !request.Options.Contains(CoapOptionNumber.Observe))
            {
                return new(CoapResponse.Valid(current));
            }
        }

        request.MatchedRoute = route;
        ValueTask<CoapResponse> response = route.Handler(request, cancellationToken);
        bool isLeftAlone = tag is null && !(request.Method.IsSafe() && request.Options.Contains(CoapOptionNumber.Accept));
        return isLeftAlone ? response : FinishAsync(response, request, tag);
    }

    private EntityTags? FindTags(CoapRequest request)
    {
        foreach (EntityTags tags in _tags)
        {
            if (tags.Route.Matches(request.Options.View))
            {
                return tags;
            }
        }

        return null;
    }

    private static async ValueTask<CoapResponse> FinishAsync(ValueTask<CoapResponse> running, CoapRequest request, CoapETag? tag)
    {
        CoapResponse response = await running.ConfigureAwait(false);
        if (response.Code != CoapCode.Content)
        {
            return response;
        }

        // RFC 7252 section 5.10.4: "If the preferred Content-Format cannot be returned, then a 4.06 "Not Acceptable" MUST be sent as a response".
        if (request.Method.IsSafe() && response.ContentFormat is CoapContentFormat format && !request.Accepts(format))
        {
            return CoapResponse.Error(CoapCode.NotAcceptable);
        }

        return tag is CoapETag current && response.ETag is null ? response.WithETag(current) : response;
    }

    private sealed record EntityTags(CoapRoute Route, Func<CoapRequest, CoapETag?> Current);
}

using System;
using System.Collections.Generic;
using System.Linq;

namespace Flint.Coap;

// Discovery: /.well-known/core from the routes (RFC 6690 section 4, RFC 7252 section 7.2).
public sealed partial class CoapRouter
{
    private readonly List<CoapLink> _links = [];

    /// <summary>
    /// Answers GET /.well-known/core with links to the resources, filtered by the query where there is one (RFC 6690 section 4.1): all paths of routes without parameters, "obs" where they may be observed, and
    /// what <see cref="Describe"/> and <paramref name="more"/> tell.
    /// </summary>
    /// <param name="more">Resources that come and go, such as those behind a route with parameters; asked for each request.</param>
    /// <exception cref="ArgumentException">The path is mapped already.</exception>
    public CoapRouter MapWellKnownCore(Func<IEnumerable<CoapLink>>? more = null)
    {
        CoapRouter root = Root;
        root.Map(CoapCode.Get, WellKnownCore, Synchronous(request =>
            CoapLinkFormat.Answer(request, root.Links().Concat(more?.Invoke() ?? []))));
        return this;
    }

    /// <summary>Tells more of a resource in /.well-known/core: rt, if, ct, sz, title, or any other attribute. "obs" comes by itself where its route may be observed.</summary>
    /// <param name="link">The link, whose target is the resource's path, such as that of a route, or one that matches a route with parameters. A later one takes the place of an earlier one.</param>
    public CoapRouter Describe(CoapLink link)
    {
        ArgumentNullException.ThrowIfNull(link);
        Root._links.RemoveAll(other => other.Target == link.Target);
        Root._links.Add(link);
        return this;
    }

    private CoapRouter Root => _parent is null ? this : _parent.Root;

    private IEnumerable<CoapLink> Links()
    {
        foreach (IGrouping<string, CoapRoute> resource in _routes.Where(route => route.IsLiteral).GroupBy(route => route.Path))
        {
            if (resource.Key != WellKnownCore && !_links.Exists(link => link.Target == resource.Key))
            {
                yield return WithObs(new CoapLink(resource.Key));
            }
        }

        foreach (CoapLink link in _links)
        {
            yield return WithObs(link);
        }
    }

    private CoapLink WithObs(CoapLink link) =>
        !link.IsObservable && _routes.Exists(route => route.IsObservable && route.IsLiteral && route.Path == link.Target) ? link.With("obs") : link;

    private const string WellKnownCore = "/.well-known/core";
}

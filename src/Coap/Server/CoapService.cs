using System;

namespace Flint.Coap;

/// <summary>What the transports of one end have in common: who answers, and what is observed.</summary>
/// <param name="Handler">Answers the requests.</param>
/// <param name="Router">The router that it stands before, whose routes say who reads a body as it comes; null where there is none.</param>
/// <param name="Resources">What is observed, over all transports.</param>
internal sealed record CoapService(CoapHandler Handler, CoapRouter? Router, CoapObservedResources Resources)
{
    /// <summary>That of an end with a single transport; null where it has no handler.</summary>
    public static CoapService? For(CoapHandler? handler, CoapRouter? router, Action<CoapRequest, Exception>? handlerFailed) => handler is null
        ? null
        : new CoapService(handler, router ?? handler.Target as CoapRouter, new CoapObservedResources(handler, CoapObservedResources.DefaultMaxResources, handlerFailed));
}

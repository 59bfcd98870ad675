using System;

namespace Flint.Coap;

/// <summary>What <see cref="CoapServerBuilder.Map(Action{CoapRouter})"/> was given.</summary>
/// <param name="Map">Maps routes and filters.</param>
internal sealed record CoapRouteMapping(Action<CoapRouter, IServiceProvider> Map);

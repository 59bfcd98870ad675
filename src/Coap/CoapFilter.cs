using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// Stands between a request and whoever answers it: looks at the request, calls <paramref name="next"/> or answers itself, looks at the response. A server's filters stand before its
/// handlers (<see cref="CoapRouter.Use"/>), a client's before the transport (<see cref="CoapClientOptions.Filters"/>). One filter for one concern, such as one RFC.
/// </summary>
/// <param name="request">The request.</param>
/// <param name="next">The next filter, at last the handler or the transport. It may be called once, not at all, or, by a filter that repeats requests, again.</param>
/// <param name="cancellationToken">Cancelled when nobody waits for the response any more.</param>
public delegate ValueTask<CoapResponse> CoapFilter(CoapRequest request, CoapHandler next, CancellationToken cancellationToken);

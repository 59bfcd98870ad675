using System.Collections.Generic;

namespace Flint.Coap;

/// <summary>Filters before a handler, put together once, so that a request passes them without an allocation.</summary>
internal static class CoapFilterChain
{
    /// <summary>The handler behind the filters, of which the first sees the request first; the handler itself where there are none.</summary>
    public static CoapHandler Before(IReadOnlyList<CoapFilter> filters, CoapHandler handler)
    {
        for (int i = filters.Count - 1; i >= 0; i--)
        {
            handler = Before(filters[i], handler);
        }

        return handler;
    }

    private static CoapHandler Before(CoapFilter filter, CoapHandler next) => (request, cancellationToken) => filter(request, next, cancellationToken);
}

using System;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

// The methods of RFC 8132.
public sealed partial class CoapClient
{
    /// <summary>FETCH: like GET, with a payload that says what is wanted (RFC 8132 section 2).</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> FetchAsync(string pathAndQuery, ReadOnlyMemory<byte> payload, CoapContentFormat format, CancellationToken cancellationToken = default) =>
        SendAsync(Request(CoapCode.Fetch, pathAndQuery, payload, format), cancellationToken);

    /// <summary>PATCH: changes a part of the resource, and is not idempotent (RFC 8132 section 3).</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> PatchAsync(string pathAndQuery, ReadOnlyMemory<byte> payload, CoapContentFormat format, CancellationToken cancellationToken = default) =>
        SendAsync(Request(CoapCode.Patch, pathAndQuery, payload, format), cancellationToken);

    /// <summary>iPATCH: changes a part of the resource, and is idempotent (RFC 8132 section 3).</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> IPatchAsync(string pathAndQuery, ReadOnlyMemory<byte> payload, CoapContentFormat format, CancellationToken cancellationToken = default) =>
        SendAsync(Request(CoapCode.IPatch, pathAndQuery, payload, format), cancellationToken);
}

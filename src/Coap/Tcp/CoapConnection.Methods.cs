using System;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

// The methods of RFC 8132.
public sealed partial class CoapConnection
{
    /// <summary>FETCH: like GET, with a payload that says what is wanted (RFC 8132 section 2).</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> FetchAsync(string pathAndQuery, ReadOnlyMemory<byte> payload, CoapContentFormat format, CancellationToken cancellationToken = default) =>
        SendAsync(new CoapRequest(CoapCode.Fetch, pathAndQuery) { Payload = payload, ContentFormat = format }, cancellationToken);

    /// <summary>PATCH: changes a part of the resource, and is not idempotent (RFC 8132 section 3).</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> PatchAsync(string pathAndQuery, ReadOnlyMemory<byte> payload, CoapContentFormat format, CancellationToken cancellationToken = default) =>
        SendAsync(new CoapRequest(CoapCode.Patch, pathAndQuery) { Payload = payload, ContentFormat = format }, cancellationToken);

    /// <summary>iPATCH: changes a part of the resource, and is idempotent (RFC 8132 section 3).</summary>
    /// <inheritdoc cref="SendAsync" path="/exception"/>
    public Task<CoapResponse> IPatchAsync(string pathAndQuery, ReadOnlyMemory<byte> payload, CoapContentFormat format, CancellationToken cancellationToken = default) =>
        SendAsync(new CoapRequest(CoapCode.IPatch, pathAndQuery) { Payload = payload, ContentFormat = format }, cancellationToken);
}

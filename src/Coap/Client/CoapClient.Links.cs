using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

// Discovery of one server's resources (RFC 6690 section 4).
public sealed partial class CoapClient
{
    /// <summary>Asks the server for its resources: GET /.well-known/core.</summary>
    /// <param name="filter">A filter such as "rt=temperature*" (RFC 6690 section 4.1), percent-encoded where a URI wants it; null for all. A server may ignore it: <see cref="CoapLink.Matches"/> filters here.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="CoapException">There is no response, no success (<see cref="CoapError.ErrorResponse"/>), or the list is malformed (<see cref="CoapError.ProtocolViolation"/>).</exception>
    public async Task<IReadOnlyList<CoapLink>> GetLinksAsync(string? filter = null, CancellationToken cancellationToken = default)
    {
        CoapRequest request = Request(CoapCode.Get, "/.well-known/core" + (filter is null ? "" : "?" + filter));
        request.Accept = CoapContentFormat.LinkFormat;
        CoapResponse response = (await SendAsync(request, cancellationToken).ConfigureAwait(false)).EnsureSuccess();
        CoapLinkFormatStatus status = CoapLinkFormat.TryRead(response.Payload.Span, out IReadOnlyList<CoapLink> links);
        return status == CoapLinkFormatStatus.Ok ? links : throw new CoapException(CoapError.ProtocolViolation, $"The server's links are malformed: {status}.");
    }
}

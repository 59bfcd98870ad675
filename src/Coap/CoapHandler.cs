using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// Answers a request. It runs on the connection's reading loop until its first wait, so requests start in the order of their arrival; it must not block.
/// </summary>
/// <param name="request">The request, the handler's until its task ends.</param>
/// <param name="cancellationToken">Cancelled when the connection ends.</param>
public delegate ValueTask<CoapResponse> CoapHandler(CoapRequest request, CancellationToken cancellationToken);

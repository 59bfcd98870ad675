using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>Answers a request whose body it reads as it arrives, block by block: <see cref="CoapRouter.MapUpload"/>.</summary>
/// <param name="request">The request, without its payload.</param>
/// <param name="body">
/// The body. The next block is asked for as the reader makes room. Where the rest does not come, reading throws <see cref="CoapException"/> with <see cref="CoapError.TransferFailed"/>: what was stored so
/// far is to be thrown away.
/// </param>
/// <param name="cancellationToken">Cancelled when the rest does not come, or the transport ends.</param>
/// <returns>The response. One that is given before the body is complete is sent at the next block, and ends the transfer.</returns>
public delegate ValueTask<CoapResponse> CoapUploadHandler(CoapRequest request, PipeReader body, CancellationToken cancellationToken);

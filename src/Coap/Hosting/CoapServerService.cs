using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Hosting;

namespace Flint.Coap;

/// <summary>Lets the server listen as long as the host runs.</summary>
internal sealed class CoapServerService(CoapServer server, CoapRouteMapper routes) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        routes.Map();
        server.Listen();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => server.StopAsync(cancellationToken);
}

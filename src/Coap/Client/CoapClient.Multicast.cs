using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

// Requests to groups, which have a socket of their own (RFC 7252 section 8).
public sealed partial class CoapClient
{
    /// <summary>
    /// Sends a request to all members of a group and gives their responses as they come, until the time is over. It is sent once, non-confirmable; who has nothing to say is silent.
    /// At most 4096 responses wait to be read; a response in blocks is fetched whole from its sender.
    /// </summary>
    /// <param name="group">The group, such as 224.0.1.187, and the interface to send through.</param>
    /// <param name="request">The request; that it is confirmable is ignored.</param>
    /// <param name="time">For how long to listen; more than Leisure, which is 5 s unless the members have another one.</param>
    /// <param name="port">The port of the members.</param>
    /// <param name="options">Parameters and limits.</param>
    /// <param name="cancellationToken">Ends the listening.</param>
    /// <exception cref="ArgumentException">The address is that of no group.</exception>
    /// <exception cref="SocketException">There is no way to the group.</exception>
    /// <exception cref="CoapException">The request is too large, or a response could not be fetched whole.</exception>
    public static async IAsyncEnumerable<CoapMulticastResponse> SendMulticastAsync(
        CoapMulticastGroup group, CoapRequest request, TimeSpan time, int port = DefaultPort, CoapUdpOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(time, TimeSpan.Zero);
        options ??= new CoapUdpOptions();
        options.Validate();
        group.Validate();

        bool isV6 = group.Address.AddressFamily == AddressFamily.InterNetworkV6;
        Socket socket = CoapUdpSocket.Bind(new IPEndPoint(isV6 ? IPAddress.IPv6Any : IPAddress.Any, 0), options);
        var endpoint = new CoapUdpEndpoint(socket, options, CoapService.For(options.Handler, options.Router, options.HandlerFailed));
        await using (endpoint.ConfigureAwait(false))
        {
            group.SendThrough(socket);
            IAsyncEnumerable<CoapMulticastResponse> responses = endpoint.RequestGroupAsync(new IPEndPoint(group.Address, port), request, time, cancellationToken);
            await foreach (CoapMulticastResponse response in responses.ConfigureAwait(false))
            {
                yield return response;
            }
        }
    }

    /// <summary>
    /// Asks all CoAP nodes of a group for their resources: GET /.well-known/core (RFC 7252 section 7.2.1, RFC 6690). The payloads are in link format.
    /// </summary>
    /// <param name="group">The group; null for 224.0.1.187 through the interface that the system chooses.</param>
    /// <param name="filter">A filter such as "rt=temperature" (RFC 6690 section 4.1); null for all resources.</param>
    /// <param name="time">For how long to listen; null for seven seconds: Leisure, and the way.</param>
    /// <param name="port">The port of the nodes.</param>
    /// <param name="options">Parameters and limits.</param>
    /// <param name="cancellationToken">Ends the listening.</param>
    /// <inheritdoc cref="SendMulticastAsync" path="/exception"/>
    public static IAsyncEnumerable<CoapMulticastResponse> DiscoverAsync(
        CoapMulticastGroup? group = null, string? filter = null, TimeSpan? time = null, int port = DefaultPort, CoapUdpOptions? options = null,
        CancellationToken cancellationToken = default) => SendMulticastAsync(
            group ?? new CoapMulticastGroup(CoapMulticastGroup.AllNodesV4), new CoapRequest(CoapCode.Get, "/.well-known/core" + (filter is null ? "" : "?" + filter)),
            time ?? DiscoveryTime, port, options, cancellationToken);

    // Implementation: Leisure is 5 s (RFC 7252 section 8.2).
    private static readonly TimeSpan DiscoveryTime = TimeSpan.FromSeconds(7);
}

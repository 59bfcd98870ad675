using System;
using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Flint.Coap;

/// <summary>Where a <see cref="CoapServer"/> listens, and its limits. The server reads them when it is made; they may be set until then, by code or by a container.</summary>
public sealed class CoapServerOptions
{
    /// <summary>Where to listen for datagrams; null: nowhere. <see cref="IPAddress.IPv6Any"/> takes IPv4 as well.</summary>
    public IPEndPoint? Udp { get; set; } = new(IPAddress.IPv6Any, CoapClient.DefaultPort);

    /// <summary>Where to listen for TCP connections (RFC 8323); null: nowhere. <see cref="IPAddress.IPv6Any"/> takes IPv4 as well.</summary>
    public IPEndPoint? Tcp { get; set; }

    /// <summary>How many TCP connections there may be; more are closed as soon as they are accepted.</summary>
    public int MaxConnections { get; set; } = 1024;

    /// <summary>How many TCP connections there may be from one address; more are closed as soon as they are accepted.</summary>
    public int MaxConnectionsPerAddress { get; set; } = 128;

    /// <summary>
    /// How many of the connections that <see cref="CoapServer.RunAsync"/> serves may have a peer of one <see cref="ICoapPeer.Identity"/>. One more closes the oldest: a device that connects anew has
    /// often left a connection behind that nobody has noticed is dead. <see cref="CoapPeer.Anonymous"/> is not counted.
    /// </summary>
    public int MaxConnectionsPerIdentity { get; set; } = 2;

    /// <summary>How long <see cref="CoapServer.StopAsync"/> lets handlers finish.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many different requests may be observed, over all transports: a path with a query, an Accept and a payload is one. A request of more than 2048 bytes of options and payload is answered once, without Observe.</summary>
    public int MaxObservedResources { get; set; } = CoapObservedResources.DefaultMaxResources;

    /// <summary>
    /// The router that the handler passes its requests to, where the handler is not its <see cref="CoapRouter.HandleAsync"/> itself: its routes say which bodies are read as they come
    /// (<see cref="CoapRouter.MapUpload"/>). The handler passes on the very request that it was given.
    /// </summary>
    public CoapRouter? Router { get; set; }

    /// <summary>Limits and parameters of the datagrams. The handler and the router in it are not used.</summary>
    public CoapUdpOptions UdpOptions { get; set; } = new();

    /// <summary>Limits of each connection. The handler, the router and the peer in it are not used.</summary>
    public CoapConnectionOptions ConnectionOptions { get; set; } = new();

    /// <summary>Told about each connection when it begins, over TCP or a pipe: the way to send requests to that peer. It must not block. <see cref="CoapConnection.Completion"/> says when it ends.</summary>
    public Action<CoapConnection>? ConnectionStarted { get; set; }

    /// <summary>Told about connections, and about exceptions of handlers; never about payloads.</summary>
    public ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>Checks the values; whoever makes a server calls it.</summary>
    /// <exception cref="ArgumentException">A value lies outside its range, or is null where it must not be.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnections, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxObservedResources, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnectionsPerAddress, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnectionsPerIdentity, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(DrainTimeout, TimeSpan.Zero);
        ArgumentNullException.ThrowIfNull(UdpOptions);
        ArgumentNullException.ThrowIfNull(ConnectionOptions);
        ArgumentNullException.ThrowIfNull(Logger);
        UdpOptions.Validate();
        ConnectionOptions.Validate();
    }
}

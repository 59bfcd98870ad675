using System;
using System.Net;

namespace Flint.Coap;

/// <summary>Where a <see cref="CoapServer"/> listens, and its limits.</summary>
public sealed class CoapServerOptions
{
    /// <summary>Where to listen for datagrams; null: nowhere. <see cref="IPAddress.IPv6Any"/> takes IPv4 as well.</summary>
    public IPEndPoint? Udp { get; init; } = new(IPAddress.IPv6Any, CoapClient.DefaultPort);

    /// <summary>Where to listen for TCP connections (RFC 8323); null: nowhere. <see cref="IPAddress.IPv6Any"/> takes IPv4 as well.</summary>
    public IPEndPoint? Tcp { get; init; }

    /// <summary>How many TCP connections there may be; more are closed as soon as they are accepted.</summary>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>How many different requests may be observed, over all transports: a path with a query and an Accept is one.</summary>
    public int MaxObservedResources { get; init; } = CoapObservedResources.DefaultMaxResources;

    /// <summary>Limits and parameters of the datagrams. The handler in it is not used.</summary>
    public CoapUdpOptions UdpOptions { get; init; } = new();

    /// <summary>Limits of each connection. The handler and the peer in it are not used.</summary>
    public CoapConnectionOptions ConnectionOptions { get; init; } = new();

    /// <summary>Checks the values; <see cref="CoapServer.Start"/> calls it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value lies outside its range.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnections, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxObservedResources, 1);
        ArgumentNullException.ThrowIfNull(UdpOptions);
        ArgumentNullException.ThrowIfNull(ConnectionOptions);
        UdpOptions.Validate();
        ConnectionOptions.Validate();
    }
}

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Flint.Coap;

/// <summary>A multicast group on a network interface (RFC 7252 section 8).</summary>
/// <param name="Address">The group, such as 224.0.1.187 or ff02::fd.</param>
/// <param name="InterfaceIndex">The interface, as the system numbers them; 0 for the one that the system chooses.</param>
public sealed record CoapMulticastGroup(IPAddress Address, int InterfaceIndex = 0)
{
    /// <summary>All CoAP nodes on IPv4 (RFC 7252 section 12.8).</summary>
    public static IPAddress AllNodesV4 { get; } = new([224, 0, 1, 187]);

    /// <summary>All CoAP nodes of a link, on IPv6 (RFC 7252 section 12.8).</summary>
    public static IPAddress AllNodesLinkLocal { get; } = IPAddress.Parse("ff02::fd");

    /// <summary>All CoAP nodes of a site, on IPv6 (RFC 7252 section 12.8).</summary>
    public static IPAddress AllNodesSiteLocal { get; } = IPAddress.Parse("ff05::fd");

    /// <summary>The three groups of all CoAP nodes on an interface.</summary>
    public static IReadOnlyList<CoapMulticastGroup> AllNodes(int interfaceIndex = 0) =>
        [new(AllNodesV4, interfaceIndex), new(AllNodesLinkLocal, interfaceIndex), new(AllNodesSiteLocal, interfaceIndex)];

    /// <summary>Whether an address is that of a group, an IPv4 address within IPv6 among them.</summary>
    internal static bool Contains(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? address.IsIPv6Multicast
            : (address.GetAddressBytes()[0] & 0xf0) == 0xe0;
    }

    /// <exception cref="ArgumentException">The address is that of no group, or the interface's number is negative.</exception>
    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Address);
        if (!Contains(Address) || InterfaceIndex < 0)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{Address}%{InterfaceIndex} is no group."));
        }
    }

    internal void Join(Socket socket)
    {
        if (Address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.AddMembership, new IPv6MulticastOption(Address, InterfaceIndex));
        }
        else
        {
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddMembership, new MulticastOption(Address, InterfaceIndex));
        }
    }

    /// <summary>Makes a socket send to groups through the interface.</summary>
    internal void SendThrough(Socket socket)
    {
        if (InterfaceIndex == 0)
        {
            return;
        }

        if (Address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            socket.SetSocketOption(SocketOptionLevel.IPv6, SocketOptionName.MulticastInterface, InterfaceIndex);
        }
        else
        {
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.MulticastInterface, IPAddress.HostToNetworkOrder(InterfaceIndex));
        }
    }
}

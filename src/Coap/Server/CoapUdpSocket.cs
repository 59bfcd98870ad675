using System;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Flint.Coap;

/// <summary>What the systems differ in, where a UDP socket without a fixed peer is concerned.</summary>
internal static class CoapUdpSocket
{
    /// <summary>Opens a socket at an address; [::] takes IPv4 as well.</summary>
    /// <exception cref="SocketException">The address is in use or not of this machine, or a group cannot be joined.</exception>
    public static Socket Bind(IPEndPoint address, CoapUdpOptions options)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            bool isV6 = address.AddressFamily == AddressFamily.InterNetworkV6;
            if (isV6 && address.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            if (OperatingSystem.IsWindows())
            {
                // Windows alone lets an ICMP error of one peer fail the receiving from all of them, unless told otherwise.
                socket.IOControl(SioUdpConnReset, [0, 0, 0, 0], null);
            }
            else if (OperatingSystem.IsLinux())
            {
                SetOptions(socket, isV6);
            }

            foreach (CoapMulticastGroup group in options.Groups)
            {
                group.Join(socket);
            }

            socket.Bind(address);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Linux: errors are queued with the address they belong to, and datagrams to groups that only other programs have joined do not arrive: they would look like datagrams to this server alone.
    /// </summary>
    private static void SetOptions(Socket socket, bool isV6)
    {
        Set(socket, SolIp, IpReceiveErrors, 1);
        Set(socket, SolIp, IpMulticastAll, 0);
        if (isV6)
        {
            Set(socket, SolIpv6, Ipv6ReceiveErrors, 1);
            Set(socket, SolIpv6, Ipv6MulticastAll, 0);
        }
    }

    /// <summary>
    /// Linux: a second view of a socket, through which its errors are read while the first one waits for datagrams. Null where the socket has a fixed peer, or on another system.
    /// </summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The handle belongs to the first socket; the second one disposes its view.")]
    public static Socket? ErrorsOf(Socket socket) => OperatingSystem.IsLinux() && !socket.Connected
        ? new Socket(new SafeSocketHandle(socket.Handle, ownsHandle: false))
        : null;

    private static void Set(Socket socket, int level, int option, int value)
    {
        try
        {
            socket.SetRawSocketOption(level, option, BitConverter.GetBytes(value));
        }
        catch (SocketException)
        {
            // Another kernel that calls itself Linux: it does without.
        }
    }

    /// <summary>MSG_ERRQUEUE, which has no name in .NET but is handed through.</summary>
    public const SocketFlags ErrorQueue = (SocketFlags)0x2000;

    private const int SioUdpConnReset = unchecked((int)0x9800000C);
    private const int SolIp = 0;
    private const int IpReceiveErrors = 11;
    private const int IpMulticastAll = 49;
    private const int SolIpv6 = 41;
    private const int Ipv6ReceiveErrors = 25;
    private const int Ipv6MulticastAll = 29;
}

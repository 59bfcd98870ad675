using System;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Threading;

namespace Flint.Device.Nano;

/// <summary>
/// The board: TCP to the gateway once a network is up, the runtime's clock, values in files. The network itself, Wi-Fi with its password for one, is
/// configured in the board's own store, by nanoFramework's tools or by a line of the program; it reconnects by itself.
/// </summary>
public sealed class NanoPlatform : IDevicePlatform
{
    private readonly string _host;
    private readonly int _port;
    private readonly DeviceStore _store;
    private readonly Action? _watchdog;

    /// <param name="host">The gateway's name or IPv4 address.</param>
    /// <param name="port">Its TCP port.</param>
    /// <param name="folder">An existing folder for small values, with its separator at the end: <c>I:\</c>.</param>
    /// <param name="watchdog">
    /// Feeds the hardware's watchdog, where the board has one; called from the agent's loop. nanoFramework has none in managed code, so it is a pin, an
    /// external chip, or a native driver.
    /// </param>
    /// <exception cref="ArgumentException">There is no host or folder, or the port is none.</exception>
    public NanoPlatform(string host, int port, string folder, Action? watchdog)
    {
        if (host == null || port <= 0 || port > 65535)
        {
            throw new ArgumentException("A host, and a port from 1 to 65535.", nameof(port));
        }

        _host = host;
        _port = port;
        _store = new DeviceStore(folder);
        _watchdog = watchdog;
    }

    /// <inheritdoc/>
    public long Now => Environment.TickCount64;

    /// <inheritdoc/>
    public void Sleep(int milliseconds) => Thread.Sleep(milliseconds);

    /// <inheritdoc/>
    public IDeviceTransport? Connect()
    {
        Socket? socket = null;
#pragma warning disable CA1031 // no network, no name, nobody there: there is no connection now, whatever was thrown
        try
        {
            if (!NetworkInterface.GetIsNetworkAvailable())
            {
                return null;
            }

            IPAddress? address = Resolve();
            if (address == null)
            {
                return null;
            }

            socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.NoDelay, true);
            socket.SendTimeout = SendTimeout;
            socket.Connect(new IPEndPoint(address, _port));
            return new NanoTransport(socket);
        }
        catch (Exception)
        {
            socket?.Close();
            return null;
        }
#pragma warning restore CA1031
    }

    /// <inheritdoc/>
    public byte[]? Load(string name) => _store.Load(name);

    /// <inheritdoc/>
    public bool Save(string name, byte[] value) => _store.Save(name, value);

    /// <inheritdoc/>
    public void FeedWatchdog() => _watchdog?.Invoke();

    private IPAddress? Resolve()
    {
        IPAddress[] addresses = Dns.GetHostEntry(_host).AddressList;
        for (int i = 0; i < addresses.Length; i++)
        {
            if (addresses[i].AddressFamily == AddressFamily.InterNetwork)
            {
                return addresses[i];
            }
        }

        return null;
    }

    // Implementation: a server that takes nothing for so long is gone.
    private const int SendTimeout = 10000;
}

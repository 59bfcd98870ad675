using System;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>One handler, usually a <see cref="CoapRouter"/>, for requests over UDP, over TCP, and over any pipe that it is given.</summary>
[SuppressMessage("Usage", "CA2213", Justification = "A token source without a wait handle holds nothing; disposed, it would fail connections that are late.")]
public sealed class CoapServer : IAsyncDisposable
{
    private readonly CoapHandler _handler;
    private readonly CoapServerOptions _options;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<CoapConnection, byte> _connections = [];
    private readonly CoapObservedResources _resources;
    private readonly CoapUdpEndpoint? _udp;
    private readonly Socket? _listener;
    private readonly Task _accepting = Task.CompletedTask;

    private CoapServer(CoapHandler handler, CoapServerOptions options)
    {
        _handler = handler;
        _options = options;
        _resources = new CoapObservedResources(handler, options.MaxObservedResources, options.UdpOptions.HandlerFailed ?? options.ConnectionOptions.HandlerFailed);
        if (options.Udp is not null)
        {
            _udp = new CoapUdpEndpoint(Bind(options.Udp, SocketType.Dgram, ProtocolType.Udp), options.UdpOptions, handler, _resources);
        }

        if (options.Tcp is not null)
        {
            _listener = Bind(options.Tcp, SocketType.Stream, ProtocolType.Tcp);
            _listener.Listen();
            _accepting = AcceptAsync(_listener);
        }
    }

    /// <summary>Where it listens for datagrams, with the port that the system chose; null: nowhere.</summary>
    public IPEndPoint? UdpEndPoint => (IPEndPoint?)_udp?.LocalEndPoint;

    /// <summary>Where it listens for TCP connections, with the port that the system chose; null: nowhere.</summary>
    public IPEndPoint? TcpEndPoint => (IPEndPoint?)_listener?.LocalEndPoint;

    /// <summary>How many connections it serves.</summary>
    public int ConnectionCount => _connections.Count;

    /// <summary>How many different requests are observed, over all transports.</summary>
    public int ObservedResourceCount => _resources.Count;

    /// <summary>Begins to listen.</summary>
    /// <param name="handler">Answers every request.</param>
    /// <param name="options">Where to listen, and limits.</param>
    /// <exception cref="SocketException">An address is in use, or not of this machine.</exception>
    public static CoapServer Start(CoapHandler handler, CoapServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        options ??= new CoapServerOptions();
        options.Validate();
        return new CoapServer(handler, options);
    }

    /// <summary>Serves one connection until it ends: over TLS, a tunnel, a serial line, a pipe in memory.</summary>
    /// <param name="transport">The pipe, which is completed at the end.</param>
    /// <param name="peer">Who is at its other end; every handler sees it.</param>
    /// <param name="cancellationToken">Asks for a graceful end.</param>
    public Task RunAsync(IDuplexPipe transport, ICoapPeer peer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(peer);
        return ServeAsync(CoapConnection.Begin(transport, _options.ConnectionOptions, _handler, peer, _resources), cancellationToken);
    }

    /// <summary>
    /// Tells that the resource at <paramref name="path"/> has changed: its handler is asked once more, and the answer goes to all who observe it, over every transport.
    /// </summary>
    /// <param name="path">The path as <see cref="CoapRequest.Path"/> has it, such as "/v/temperature".</param>
    /// <returns>Ends when the notifications are on their way.</returns>
    public Task NotifyAsync(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return _resources.NotifyAsync(path, _stopping.Token);
    }

    /// <summary>Looks at the message layer of the datagrams: its counters and how full its stores are.</summary>
    /// <returns><c>default</c> where the server takes no datagrams.</returns>
    public T? InspectUdp<T>(Func<CoapMessageLayer, T> look)
    {
        ArgumentNullException.ThrowIfNull(look);
        return _udp is null ? default : _udp.Inspect(look);
    }

    /// <summary>Stops listening, and ends every connection gracefully.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        _listener?.Dispose();
        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(_connections.Keys.Select(connection => connection.CloseAsync())).ConfigureAwait(false);
        _connections.Clear();
        if (_udp is not null)
        {
            await _udp.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                Socket socket = await listener.AcceptAsync(_stopping.Token).ConfigureAwait(false);
                if (_connections.Count >= _options.MaxConnections)
                {
                    socket.Dispose();
                    continue;
                }

                Serve(socket);
            }
            catch (SocketException)
            {
                // The peer has gone before it was accepted.
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void Serve(Socket socket)
    {
        socket.NoDelay = true;
        var peer = new CoapPeer(socket.RemoteEndPoint?.ToString() ?? "");
        CoapConnection connection = CoapConnection.Begin(new SocketPipe(socket), _options.ConnectionOptions, _handler, peer, _resources);
        _ = SocketPipe.CloseAfterAsync(connection, socket);
        _ = ServeAsync(connection, CancellationToken.None);
    }

    private async Task ServeAsync(CoapConnection connection, CancellationToken cancellationToken)
    {
        _connections.TryAdd(connection, 0);
        using CancellationTokenRegistration registration = cancellationToken.Register(() => _ = connection.CloseAsync());
        await connection.Completion.ConfigureAwait(false);
        _connections.TryRemove(connection, out _);
    }

    private static Socket Bind(IPEndPoint address, SocketType type, ProtocolType protocol)
    {
        var socket = new Socket(address.AddressFamily, type, protocol);
        try
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6 && address.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
            }

            if (type == SocketType.Dgram && OperatingSystem.IsWindows())
            {
                // Windows alone lets an ICMP error of one peer fail the receiving from all of them, unless told otherwise.
                socket.IOControl(SioUdpConnReset, [0, 0, 0, 0], null);
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

    private const int SioUdpConnReset = unchecked((int)0x9800000C);
}

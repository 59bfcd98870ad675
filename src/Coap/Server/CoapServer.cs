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
public sealed partial class CoapServer : IAsyncDisposable
{
    private readonly CoapHandler _handler;
    private readonly CoapServerOptions _options;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<CoapConnection, ConnectionPlace> _connections = [];
    private readonly CoapService _service;
    private readonly Lock _gate = new();
    private CoapUdpEndpoint? _udp;
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;
    private Task? _stopped;
    private long _accepted;

    /// <summary>A server that does not listen yet; <see cref="RunAsync"/> serves already.</summary>
    /// <param name="handler">Answers every request.</param>
    /// <param name="options">Where to listen, and limits.</param>
    /// <exception cref="ArgumentException">The options do not validate.</exception>
    public CoapServer(CoapHandler handler, CoapServerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        _options = options ?? new CoapServerOptions();
        _options.Validate();
        _handler = handler;
        var resources = new CoapObservedResources(HandleAsync, _options.MaxObservedResources, _options.UdpOptions.HandlerFailed ?? _options.ConnectionOptions.HandlerFailed);
        _service = new CoapService(HandleAsync, _options.Router ?? handler.Target as CoapRouter, resources);
    }

    /// <summary>Where it listens for datagrams, with the port that the system chose; null: nowhere.</summary>
    public IPEndPoint? UdpEndPoint => (IPEndPoint?)_udp?.LocalEndPoint;

    /// <summary>Where it listens for TCP connections, with the port that the system chose; null: nowhere.</summary>
    public IPEndPoint? TcpEndPoint => (IPEndPoint?)_listener?.LocalEndPoint;

    /// <summary>How many connections it serves.</summary>
    public int ConnectionCount => _connections.Count;

    /// <summary>How many different requests are observed, over all transports.</summary>
    public int ObservedResourceCount => _service.Resources.Count;

    /// <summary>How many bodies are arriving in blocks, and how many large responses are kept until their last block is asked for, over all transports.</summary>
    public int BodyCount => _connections.Keys.Sum(connection => connection.BodyCount) + (_udp?.BodyCount ?? 0);

    /// <summary>Makes a server that listens.</summary>
    /// <inheritdoc cref="CoapServer(CoapHandler, CoapServerOptions)" path="/param"/>
    /// <exception cref="ArgumentException">The options do not validate.</exception>
    /// <exception cref="SocketException">An address is in use, or not of this machine.</exception>
    public static CoapServer Start(CoapHandler handler, CoapServerOptions? options = null)
    {
        var server = new CoapServer(handler, options);
        server.Listen();
        return server;
    }

    /// <summary>Begins to listen, where the options say.</summary>
    /// <exception cref="InvalidOperationException">It listens already, or was stopped.</exception>
    /// <exception cref="SocketException">An address is in use, or not of this machine. The server does not listen then.</exception>
    public void Listen()
    {
        lock (_gate)
        {
            if (_udp is not null || _listener is not null || _stopped is not null)
            {
                throw new InvalidOperationException("A server listens once.");
            }

            if (_options.Tcp is not null)
            {
                _listener = Bind(_options.Tcp);
            }

            try
            {
                if (_options.Udp is not null)
                {
                    _udp = new CoapUdpEndpoint(CoapUdpSocket.Bind(_options.Udp, _options.UdpOptions), _options.UdpOptions, _service);
                }

                _listener?.Listen();
            }
            catch
            {
                _listener?.Dispose();
                _listener = null;
                throw;
            }

            if (_listener is not null)
            {
                _accepting = AcceptAsync(_listener);
            }

            Log.Listening(_options.Logger, UdpEndPoint, TcpEndPoint);
        }
    }

    /// <summary>Serves one connection until it ends: over TLS, a tunnel, a serial line, a pipe in memory.</summary>
    /// <param name="transport">The pipe, which is completed at the end.</param>
    /// <param name="peer">Who is at its other end; every handler sees it.</param>
    /// <param name="cancellationToken">Asks for a graceful end.</param>
    public Task RunAsync(IDuplexPipe transport, ICoapPeer peer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(peer);
        string key = ReferenceEquals(peer, CoapPeer.Anonymous) ? "" : "identity " + peer.Identity;
        return ServeAsync(CoapConnection.Begin(transport, _options.ConnectionOptions, _service, peer), key, cancellationToken);
    }

    /// <summary>
    /// Tells that the resource at <paramref name="path"/> has changed: its handler is asked once more, and the answer goes to all who observe it, over every transport.
    /// </summary>
    /// <param name="path">The path as <see cref="CoapRequest.Path"/> has it, such as "/v/temperature".</param>
    /// <returns>Ends when the notifications are on their way.</returns>
    public Task NotifyAsync(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return NotifyAsync(changed => changed == path);
    }

    /// <summary>The same for every observed resource whose path is one of those that have changed.</summary>
    /// <param name="isChanged">Judges a path as <see cref="CoapRequest.Path"/> has it.</param>
    /// <returns>Ends when the notifications are on their way.</returns>
    public Task NotifyAsync(Predicate<string> isChanged)
    {
        ArgumentNullException.ThrowIfNull(isChanged);
        return _service.Resources.NotifyAsync(isChanged, _stopping.Token);
    }

    /// <summary>Looks at the message layer of the datagrams: its counters and how full its stores are.</summary>
    /// <returns><c>default</c> where the server takes no datagrams.</returns>
    public T? InspectUdp<T>(Func<CoapMessageLayer, T> look)
    {
        ArgumentNullException.ThrowIfNull(look);
        return _udp is null ? default : _udp.Inspect(look);
    }

    /// <summary>
    /// Stops gracefully: takes no connection any more and answers new requests 5.03, tells each peer on a connection so (RFC 8323 section 5.5), lets the handlers that are at work finish within
    /// <see cref="CoapServerOptions.DrainTimeout"/>, then cancels what is left and closes.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting for handlers.</param>
    public Task StopAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            return _stopped ??= StopOnceAsync(cancellationToken);
        }
    }

    /// <summary>The same as <see cref="StopAsync"/>.</summary>
    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    private async Task StopOnceAsync(CancellationToken cancellationToken)
    {
        Log.Stopping(_options.Logger, _connections.Count, _options.DrainTimeout.TotalSeconds);
        await _stopping.CancelAsync().ConfigureAwait(false);
        _listener?.Dispose();
        await _accepting.ConfigureAwait(false);
        Task connections = Task.WhenAll(_connections.Keys.Select(connection => connection.CloseAsync(_options.DrainTimeout, cancellationToken)));
        if (_udp is not null)
        {
            await _udp.EndHandlersAsync(_options.DrainTimeout, cancellationToken).ConfigureAwait(false);
            await _udp.DisposeAsync().ConfigureAwait(false);
        }

        await connections.ConfigureAwait(false);
        _connections.Clear();
        Log.Stopped(_options.Logger, Volatile.Read(ref _handling));
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                Serve(await listener.AcceptAsync(_stopping.Token).ConfigureAwait(false));
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
        var address = socket.RemoteEndPoint as IPEndPoint;
        string key = $"address {address?.Address}";
        int ofAddress = _connections.Values.Count(place => place.Key == key);
        if (_connections.Count >= _options.MaxConnections || ofAddress >= _options.MaxConnectionsPerAddress)
        {
            Log.Refused(_options.Logger, address?.Address, _connections.Count, ofAddress);
            socket.Dispose();
            return;
        }

        socket.NoDelay = true;
        CoapConnection connection = CoapConnection.Begin(
            new SocketPipe(socket), _options.ConnectionOptions, _service, new CoapPeer(address?.ToString() ?? ""), "tcp");
        _ = SocketPipe.CloseAfterAsync(connection, socket);
        _ = ServeAsync(connection, key, CancellationToken.None);
    }

    private async Task ServeAsync(CoapConnection connection, string key, CancellationToken cancellationToken)
    {
        _connections.TryAdd(connection, new ConnectionPlace(key, Interlocked.Increment(ref _accepted)));
        CloseAllButTheNewest(key);
        if (_stopping.IsCancellationRequested)
        {
            _ = connection.CloseAsync(_options.DrainTimeout, CancellationToken.None);
        }

        Log.Connected(_options.Logger, connection.Peer.Identity);
        _options.ConnectionStarted?.Invoke(connection);
        using CancellationTokenRegistration registration = cancellationToken.Register(() => _ = connection.CloseAsync());
        await connection.Completion.ConfigureAwait(false);
        _connections.TryRemove(connection, out _);
        Log.Disconnected(_options.Logger, connection.Peer.Identity, connection.EndReason);
    }

    /// <summary>Of the connections of one identity the oldest give way; those of one address were counted before they were accepted.</summary>
    private void CloseAllButTheNewest(string key)
    {
        if (!key.StartsWith("identity ", StringComparison.Ordinal))
        {
            return;
        }

        foreach ((CoapConnection older, _) in _connections.Where(pair => pair.Value.Key == key).OrderByDescending(pair => pair.Value.Number).Skip(_options.MaxConnectionsPerIdentity))
        {
            Log.Displaced(_options.Logger, older.Peer.Identity);
            _ = older.CloseAsync();
        }
    }

    private static Socket Bind(IPEndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.AddressFamily == AddressFamily.InterNetworkV6 && address.Address.Equals(IPAddress.IPv6Any))
            {
                socket.DualMode = true;
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

    /// <summary>What a connection is counted with, and how many came before it.</summary>
    private readonly record struct ConnectionPlace(string Key, long Number);
}

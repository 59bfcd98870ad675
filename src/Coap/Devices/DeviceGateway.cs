using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// A server's side of the device mapping: which devices are connected, their events, the time (docs/spec/device-mapping.md). A device is known by the identity that its transport stated; of several connections
/// of one identity the newest counts.
/// </summary>
public sealed class DeviceGateway
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, CoapConnection> _connections = new(StringComparer.Ordinal);
    private readonly TimeProvider _timeProvider;

    /// <summary>A gateway without devices.</summary>
    /// <param name="options">The limits of its events.</param>
    public DeviceGateway(DeviceEventHubOptions? options = null)
    {
        Events = new DeviceEventHub(options);
        _timeProvider = options?.TimeProvider ?? TimeProvider.System;
    }

    /// <summary>The events of all devices.</summary>
    public DeviceEventHub Events { get; }

    /// <summary>The identities of the devices that are connected.</summary>
    public IReadOnlyCollection<string> Devices
    {
        get
        {
            lock (_gate)
            {
                return [.. _connections.Keys];
            }
        }
    }

    /// <summary>Maps <c>POST /e</c> and <c>/E</c>, <c>GET /e</c>, observable, and <c>GET /t</c>.</summary>
    /// <param name="router">The routes of the server.</param>
    /// <param name="server">Tells observers of events; null: nobody is told.</param>
    public void MapTo(CoapRouter router, CoapServer? server)
    {
        ArgumentNullException.ThrowIfNull(router);
        Events.MapTo(router, server);
        router.MapGet("/t", _ =>
        {
            CoapResponse response = CoapResponse.Content(DeviceText.Format(_timeProvider.GetUtcNow().ToUnixTimeSeconds()));
            response.MaxAge = TimeSpan.Zero;
            return response;
        });
    }

    /// <summary>A device has connected; it stays known until the connection ends. For <see cref="CoapServerOptions.ConnectionStarted"/>.</summary>
    public void Add(CoapConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        if (ReferenceEquals(connection.Peer, CoapPeer.Anonymous))
        {
            return;
        }

        lock (_gate)
        {
            _connections[connection.Peer.Identity] = connection;
        }

        _ = RemoveAfterAsync(connection);
    }

    /// <summary>A device that is connected.</summary>
    /// <exception cref="CoapException">It is not: <see cref="CoapError.Unreachable"/>.</exception>
    public DeviceProxy Device(string identity) => TryGetDevice(identity, out DeviceProxy? device)
        ? device
        : throw new CoapException(CoapError.Unreachable, $"The device {identity} is not connected.");

    /// <summary>A device, if it is connected.</summary>
    public bool TryGetDevice(string identity, [NotNullWhen(true)] out DeviceProxy? device)
    {
        ArgumentNullException.ThrowIfNull(identity);
        lock (_gate)
        {
            device = _connections.TryGetValue(identity, out CoapConnection? connection) ? new DeviceProxy(connection, Events) : null;
            return device is not null;
        }
    }

    private async Task RemoveAfterAsync(CoapConnection connection)
    {
        await connection.Completion.ConfigureAwait(false);
        lock (_gate)
        {
            if (_connections.TryGetValue(connection.Peer.Identity, out CoapConnection? newest) && newest == connection)
            {
                _connections.Remove(connection.Peer.Identity);
            }
        }
    }
}

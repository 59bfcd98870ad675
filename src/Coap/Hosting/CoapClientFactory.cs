using System;
using System.Collections.Generic;
using System.Linq;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Options;

namespace Flint.Coap;

/// <summary>Gives the clients that were registered by name. A client is shared: whoever gets it does not dispose it.</summary>
public sealed class CoapClientFactory : IAsyncDisposable
{
    private readonly Dictionary<string, Place> _places;
    private readonly IOptionsMonitor<CoapClientOptions> _options;
    private volatile bool _isDisposed;

    internal CoapClientFactory(IEnumerable<CoapClientRegistration> registrations, IOptionsMonitor<CoapClientOptions> options)
    {
        _options = options;
        _places = registrations.GroupBy(one => one.Name).ToDictionary(group => group.Key, group => new Place(group.Last().Server), StringComparer.Ordinal);
    }

    /// <summary>The client of that name, connected. Over TCP, one whose connection has ended is replaced.</summary>
    /// <exception cref="KeyNotFoundException">No client of that name was registered.</exception>
    /// <exception cref="OptionsValidationException">Its options do not validate.</exception>
    /// <exception cref="SocketException">The host is unknown, or over TCP does not answer.</exception>
    public async ValueTask<CoapClient> GetAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        Place place = _places.GetValueOrDefault(name) ?? throw new KeyNotFoundException($"No client \"{name}\" was registered.");
        await place.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (place.Client is { HasEnded: false } client)
            {
                return client;
            }

            await place.CloseAsync().ConfigureAwait(false);
            return place.Client = await CoapClient.ConnectAsync(place.Server, _options.Get(name), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            place.Turn.Release();
        }
    }

    /// <summary>Closes the clients.</summary>
    public async ValueTask DisposeAsync()
    {
        _isDisposed = true;
        foreach (Place place in _places.Values)
        {
            await place.Turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            await place.CloseAsync().ConfigureAwait(false);
            place.Turn.Release();
        }
    }

    /// <summary>One client, and who may connect it.</summary>
    private sealed class Place(Uri server)
    {
        public Uri Server => server;

        public SemaphoreSlim Turn { get; } = new(1, 1);

        public CoapClient? Client { get; set; }

        public async ValueTask CloseAsync()
        {
            if (Client is not null)
            {
                await Client.DisposeAsync().ConfigureAwait(false);
                Client = null;
            }
        }
    }
}

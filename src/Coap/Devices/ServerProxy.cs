using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// A server as its devices see it: takes events, tells of others' events, knows the time (docs/spec/device-mapping.md sections 4 and 5). It holds nothing but the way to the server, and may be used from any
/// thread. What fails is a <see cref="CoapException"/>.
/// </summary>
public sealed class ServerProxy
{
    private readonly CoapHandler _send;
    private readonly Func<CoapRequest, CancellationToken, Task> _sendWithoutResponse;
    private readonly Func<string, CancellationToken, IAsyncEnumerable<CoapResponse>> _observe;

    /// <summary>The server at the other end of a connection.</summary>
    /// <param name="connection">The connection, whose owner closes it.</param>
    public ServerProxy(CoapConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        _send = (request, cancellationToken) => new(connection.SendAsync(request, cancellationToken));
        _sendWithoutResponse = connection.SendWithoutResponseAsync;
        _observe = connection.ObserveAsync;
    }

    /// <summary>The server of a client.</summary>
    /// <param name="client">The way to it, whose owner disposes it.</param>
    public ServerProxy(CoapClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        _send = (request, cancellationToken) => new(client.SendAsync(request, cancellationToken));
        _sendWithoutResponse = client.SendWithoutResponseAsync;
        _observe = client.ObserveAsync;
    }

    /// <summary>Publishes an event and waits for nothing: whether the server took it stays unknown.</summary>
    /// <exception cref="ArgumentException">The event's name is none, or its data is too long.</exception>
    /// <exception cref="CoapException">The event could not be sent.</exception>
    public Task PublishAsync(DeviceEvent published, CancellationToken cancellationToken = default) => _sendWithoutResponse(RequestFor(published), cancellationToken);

    /// <summary>Publishes an event and waits until the server has taken it.</summary>
    /// <exception cref="ArgumentException">The event's name is none, or its data is too long.</exception>
    /// <exception cref="CoapException">The server refused it, or did not answer.</exception>
    public async Task PublishAndConfirmAsync(DeviceEvent published, CancellationToken cancellationToken = default) =>
        (await _send(RequestFor(published), cancellationToken).ConfigureAwait(false)).EnsureSuccess();

    /// <summary>
    /// Subscribes to the public events whose name begins with a prefix: the newest that still lives, then each new one. Who reads slowly gets the newest. A server that does not take the subscription gives at
    /// most one event.
    /// </summary>
    /// <exception cref="ArgumentException">No event's name begins so.</exception>
    /// <exception cref="CoapException">The server refused, is silent, or the connection ended; thrown by a step of the enumeration.</exception>
    public IAsyncEnumerable<DeviceEvent> EventsAsync(string prefix = "", CancellationToken cancellationToken = default)
    {
        DeviceText.ThrowUnlessEventPrefix(prefix);
        return ReadAsync(_observe(prefix.Length == 0 ? "/e" : "/e/" + prefix, cancellationToken), cancellationToken);
    }

    /// <summary>Asks for the time. It is as trustworthy as the transport, and as late as the answer.</summary>
    /// <exception cref="CoapException">No answer, or no time.</exception>
    public async Task<DateTimeOffset> GetTimeAsync(CancellationToken cancellationToken = default)
    {
        CoapResponse response = await _send(new CoapRequest(CoapCode.Get, "/t"), cancellationToken).ConfigureAwait(false);
        long seconds = DeviceText.Parse<long>(response.EnsureSuccess().GetText());
        return seconds is >= 0 and <= MaxUnixSeconds
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : throw new CoapException(CoapError.NotAValue, string.Create(CultureInfo.InvariantCulture, $"{seconds} is no time."));
    }

    private static CoapRequest RequestFor(DeviceEvent published)
    {
        ArgumentNullException.ThrowIfNull(published);
        DeviceText.ThrowUnlessEventName(published.Name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(published.Data.Length, DeviceEvent.MaxDataLength, nameof(published));
        ArgumentOutOfRangeException.ThrowIfLessThan(published.TimeToLive, TimeSpan.Zero, nameof(published));
        var request = new CoapRequest(CoapCode.Post, (published.IsPrivate ? "/E/" : "/e/") + published.Name)
        {
            Payload = published.Data,
            ContentFormat = published.ContentFormat,
        };
        if (published.TimeToLive != DeviceEvent.DefaultTimeToLive)
        {
            request.Options.Add(CoapOptionNumber.MaxAge, (uint)Math.Min(published.TimeToLive.TotalSeconds, uint.MaxValue));
        }

        return request;
    }

    private static async IAsyncEnumerable<DeviceEvent> ReadAsync(IAsyncEnumerable<CoapResponse> responses, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ulong last = 0;
        await foreach (CoapResponse response in responses.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            // A repeated number is a repeated event, for instance after the observation was renewed.
            if (Read(response.EnsureSuccess()) is DeviceEvent published && (published.Number != last || last == 0))
            {
                last = published.Number;
                yield return published;
            }
        }
    }

    /// <summary>The event that a representation is; null where it is none.</summary>
    private static DeviceEvent? Read(CoapResponse response)
    {
        var path = new List<string>();
        string? publisher = null;
        foreach (CoapOption option in response.Options)
        {
            if (option.Number == CoapOptionNumber.LocationPath)
            {
                path.Add(option.GetString());
            }
            else if (option.Number == CoapOptionNumber.LocationQuery && option.GetString().StartsWith(PublisherKey, StringComparison.Ordinal))
            {
                publisher = option.GetString()[PublisherKey.Length..];
            }
        }

        string name = string.Join('/', path.Skip(1));
        return path is not ["e", ..] || !DeviceText.IsEventName(name)
            ? null
            : new DeviceEvent(name, response.Payload)
            {
                ContentFormat = response.ContentFormat,
                Number = NumberOf(response.ETag),
                Publisher = publisher,
                TimeToLive = response.MaxAge,
            };
    }

    private static ulong NumberOf(CoapETag? tag)
    {
        ulong number = 0;
        foreach (byte b in tag?.ToArray() ?? [])
        {
            number = (number << 8) | b;
        }

        return number;
    }

    // Specification: docs/spec/device-mapping.md section 4.1.
    internal const string PublisherKey = "from=";

    private const long MaxUnixSeconds = 253402300799;
}

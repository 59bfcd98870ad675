using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// A device as its server sees it: functions, variables, events (docs/spec/device-mapping.md section 3). It holds nothing but the way to the device, and may be used from any thread. Each call fails with a
/// <see cref="CoapException"/>: <see cref="CoapError.ErrorResponse"/> with the device's code, <see cref="CoapError.NotAValue"/>, or the reason why there was no answer.
/// </summary>
public sealed class DeviceProxy
{
    private readonly CoapHandler _send;
    private readonly Func<string, CancellationToken, IAsyncEnumerable<CoapResponse>> _observe;
    private readonly DeviceEventHub? _events;

    /// <summary>The device at the other end of a connection.</summary>
    /// <param name="connection">The connection, whose owner closes it.</param>
    /// <param name="events">Where the events of this device arrive.</param>
    public DeviceProxy(CoapConnection connection, DeviceEventHub? events = null)
    {
        ArgumentNullException.ThrowIfNull(connection);
        Identity = connection.Peer.Identity;
        _send = (request, cancellationToken) => new(connection.SendAsync(request, cancellationToken));
        _observe = connection.ObserveAsync;
        _events = events;
    }

    /// <summary>A device that has an address of its own.</summary>
    /// <param name="client">The way to it, whose owner disposes it.</param>
    /// <param name="identity">The device's name; the one that it publishes events under, where the hub has them.</param>
    /// <param name="events">Where the events of this device arrive.</param>
    public DeviceProxy(CoapClient client, string identity = "", DeviceEventHub? events = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(identity);
        Identity = identity;
        _send = (request, cancellationToken) => new(client.SendAsync(request, cancellationToken));
        _observe = client.ObserveAsync;
        _events = events;
    }

    /// <summary>The device's name, as the transport stated it.</summary>
    public string Identity { get; }

    /// <summary>Calls a function that returns a 32-bit integer. The device runs it once; after a failure without an answer nobody knows whether it did.</summary>
    /// <param name="function">Its name.</param>
    /// <param name="argument">The argument, perhaps "".</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="ArgumentException">No name of a function.</exception>
    public Task<int> CallAsync(string function, string argument = "", CancellationToken cancellationToken = default) => CallAsync<int>(function, argument, cancellationToken);

    /// <summary>Calls a function that returns another value: a string, a number, a bool.</summary>
    /// <inheritdoc cref="CallAsync(string, string, CancellationToken)"/>
    public async Task<T> CallAsync<T>(string function, string argument = "", CancellationToken cancellationToken = default)
        where T : IParsable<T>
    {
        DeviceText.ThrowUnlessName(function);
        ArgumentNullException.ThrowIfNull(argument);
        var request = new CoapRequest(CoapCode.Post, "/f/" + function) { Payload = Encoding.UTF8.GetBytes(argument), ContentFormat = CoapContentFormat.TextPlain };
        return ValueOf<T>(await _send(request, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Reads a variable.</summary>
    /// <exception cref="ArgumentException">No name of a variable.</exception>
    public async Task<T> ReadAsync<T>(string variable, CancellationToken cancellationToken = default)
        where T : IParsable<T>
    {
        DeviceText.ThrowUnlessName(variable);
        return ValueOf<T>(await _send(new CoapRequest(CoapCode.Get, "/v/" + variable), cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Reads a variable, and again after each change. Who reads slowly gets the newest value. A device that has no room for an observer gives the value once.</summary>
    /// <exception cref="ArgumentException">No name of a variable.</exception>
    public IAsyncEnumerable<T> ObserveAsync<T>(string variable, CancellationToken cancellationToken = default)
        where T : IParsable<T>
    {
        DeviceText.ThrowUnlessName(variable);
        return ValuesAsync<T>(_observe("/v/" + variable, cancellationToken), cancellationToken);
    }

    /// <summary>The events that this device publishes from now on, private ones too, whose name begins with a prefix: a bounded queue of the hub (<see cref="DeviceEventHub.SubscribeAsync"/>).</summary>
    /// <exception cref="ArgumentException">No event's name begins so.</exception>
    /// <exception cref="InvalidOperationException">The proxy was made without a hub.</exception>
    public IAsyncEnumerable<DeviceEvent> EventsAsync(string prefix = "", CancellationToken cancellationToken = default) => _events is null
        ? throw new InvalidOperationException("The events of this device arrive at no hub that the proxy knows.")
        : _events.SubscribeAsync(prefix, Identity, cancellationToken);

    /// <summary>What the device offers, as it says in <c>/.well-known/core</c>.</summary>
    public async Task<DeviceDescription> DescribeAsync(CancellationToken cancellationToken = default)
    {
        CoapResponse response = await _send(new CoapRequest(CoapCode.Get, "/.well-known/core"), cancellationToken).ConfigureAwait(false);
        return DeviceLinks.Read(response.EnsureSuccess().GetText());
    }

    private static async IAsyncEnumerable<T> ValuesAsync<T>(IAsyncEnumerable<CoapResponse> responses, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : IParsable<T>
    {
        await foreach (CoapResponse response in responses.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            yield return ValueOf<T>(response);
        }
    }

    private static T ValueOf<T>(CoapResponse response)
        where T : IParsable<T>
    {
        response.EnsureSuccess();
        return response.ContentFormat is null or CoapContentFormat.TextPlain
            ? DeviceText.Parse<T>(response.GetText())
            : throw new CoapException(CoapError.NotAValue, string.Create(CultureInfo.InvariantCulture, $"The device's answer is of Content-Format {(int)response.ContentFormat}."));
    }
}

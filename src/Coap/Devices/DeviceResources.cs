using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// What a device offers: functions, variables and their description (docs/spec/device-mapping.md section 3), as routes of a router or as a handler of its own. Add everything before the first request.
/// Functions and variables are called on the connection's reading loop; one that has to wait is asynchronous.
/// </summary>
public sealed class DeviceResources
{
    private readonly List<(string Name, CoapHandler Handler)> _functions = [];
    private readonly List<(string Name, Func<string> Read)> _variables = [];

    /// <summary>Arguments that are longer, in bytes, are answered 4.13.</summary>
    public int MaxArgumentLength { get; init; } = 1024;

    /// <summary>Adds a function that returns a 32-bit integer. What it throws becomes 5.00 without details.</summary>
    /// <exception cref="ArgumentException">No name, or one that is taken.</exception>
    public DeviceResources AddFunction(string name, Func<string, int> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return AddFunction(name, (argument, _) => new ValueTask<string>(DeviceText.Format(function(argument))));
    }

    /// <summary>Adds a function that returns any value as text, perhaps later. It is cancelled when its caller goes.</summary>
    /// <exception cref="ArgumentException">No name, or one that is taken.</exception>
    public DeviceResources AddFunction(string name, Func<string, CancellationToken, ValueTask<string>> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        ThrowUnlessFree(name, _functions.Select(one => one.Name));
        _functions.Add((name, (request, cancellationToken) => CallAsync(function, request, cancellationToken)));
        return this;
    }

    /// <summary>Adds a variable that is a number, or anything else that formats itself without regard to a culture.</summary>
    /// <exception cref="ArgumentException">No name, or one that is taken.</exception>
    public DeviceResources AddVariable<T>(string name, Func<T> read)
        where T : IFormattable
    {
        ArgumentNullException.ThrowIfNull(read);
        return AddVariable(name, () => DeviceText.Format(read()));
    }

    /// <summary>Adds a variable that is true or false.</summary>
    /// <exception cref="ArgumentException">No name, or one that is taken.</exception>
    public DeviceResources AddVariable(string name, Func<bool> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return AddVariable(name, () => DeviceText.Format(read()));
    }

    /// <summary>Adds a variable that is text.</summary>
    /// <exception cref="ArgumentException">No name, or one that is taken.</exception>
    public DeviceResources AddVariable(string name, Func<string> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        ThrowUnlessFree(name, _variables.Select(one => one.Name));
        _variables.Add((name, read));
        return this;
    }

    /// <summary>Maps what was added so far: <c>POST /f/{name}</c>, <c>GET /v/{name}</c>, observable, and <c>GET /.well-known/core</c>.</summary>
    public void MapTo(CoapRouter router)
    {
        ArgumentNullException.ThrowIfNull(router);
        foreach ((string name, CoapHandler handler) in _functions)
        {
            router.MapPost("/f/" + name, handler);
        }

        foreach ((string name, Func<string> read) in _variables)
        {
            router.MapObservable("/v/" + name, request => request.Accepts(CoapContentFormat.TextPlain) ? CoapResponse.Content(read()) : CoapResponse.Error(CoapCode.NotAcceptable));
        }

        CoapLink[] links = [.. _functions.Select(one => new CoapLink("/f/" + one.Name)), .. _variables.Select(one => new CoapLink("/v/" + one.Name).With("obs"))];
        router.MapGet("/.well-known/core", request => request.Accepts(CoapContentFormat.LinkFormat)
            ? CoapLinkFormat.Answer(request, links)
            : CoapResponse.Error(CoapCode.NotAcceptable));
    }

    /// <summary>
    /// Looks at the variables again and again, and tells of each that has changed: <c>device.WatchAsync(connection.NotifyAsync, TimeSpan.FromSeconds(1), cancellationToken)</c>. A variable that throws
    /// counts as changed when it begins to, and its observers learn 5.00.
    /// </summary>
    /// <param name="notify">Tells that the resource at a path has changed.</param>
    /// <param name="interval">The time between two looks.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="timeProvider">The clock.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public async Task WatchAsync(Func<string, Task> notify, TimeSpan interval, CancellationToken cancellationToken, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(notify);
        var last = _variables.ConvertAll(variable => TryRead(variable.Read));
        using var timer = new PeriodicTimer(interval, timeProvider ?? TimeProvider.System);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            for (int i = 0; i < _variables.Count; i++)
            {
                string? value = TryRead(_variables[i].Read);
                if (value != last[i])
                {
                    last[i] = value;
                    await notify("/v/" + _variables[i].Name).ConfigureAwait(false);
                }
            }
        }
    }

    private async ValueTask<CoapResponse> CallAsync(Func<string, CancellationToken, ValueTask<string>> function, CoapRequest request, CancellationToken cancellationToken)
    {
        if (!request.Accepts(CoapContentFormat.TextPlain))
        {
            return CoapResponse.Error(CoapCode.NotAcceptable);
        }

        if (request.ContentFormat is not null and not CoapContentFormat.TextPlain)
        {
            return CoapResponse.Error(CoapCode.UnsupportedContentFormat);
        }

        return request.Payload.Length > MaxArgumentLength
            ? CoapResponse.Error(CoapCode.RequestEntityTooLarge)
            : CoapResponse.Changed(await function(request.GetText(), cancellationToken).ConfigureAwait(false));
    }

    private static string? TryRead(Func<string> read)
    {
        try
        {
            return read();
        }
#pragma warning disable CA1031 // What a variable throws is told to who reads it.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    private static void ThrowUnlessFree(string name, IEnumerable<string> taken)
    {
        DeviceText.ThrowUnlessName(name);
        if (taken.Contains(name))
        {
            throw new ArgumentException($"\"{name}\" was added already.", nameof(name));
        }
    }
}

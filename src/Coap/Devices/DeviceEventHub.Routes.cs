using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;
using System.Threading.Tasks;

namespace Flint.Coap;

// The hub as resources: what devices post, and what peers observe.
public sealed partial class DeviceEventHub
{
    private readonly HashSet<string> _changed = new(StringComparer.Ordinal);
    private Func<Predicate<string>, Task>? _notify;
    private bool _isTelling;

    /// <summary>Maps <c>POST /e/{name}</c>, <c>POST /E/{name}</c>, and <c>GET /e/{prefix}</c>, observable.</summary>
    /// <param name="router">The routes of the server.</param>
    /// <param name="server">Tells the observers; null: events can be got, but nobody is told of them.</param>
    public void MapTo(CoapRouter router, CoapServer? server)
    {
        ArgumentNullException.ThrowIfNull(router);
        _notify = server is null ? null : path => server.NotifyAsync(path);
        var limiter = new CoapPeerLimiter(_options.PublisherLimits);
        router.MapGroup("/e").Use(limiter.FilterAsync).MapPost("/{*name}", request => OnPublished(request, isPrivate: false));
        router.MapGroup("/E").Use(limiter.FilterAsync).MapPost("/{*name}", request => OnPublished(request, isPrivate: true));
        router.MapObservable("/e", request => Represent(request, ""));
        router.MapObservable("/e/{*prefix}", request => Represent(request, request.Route("prefix")));
    }

    private CoapResponse OnPublished(CoapRequest request, bool isPrivate)
    {
        string name = request.Route("name");
        if (!DeviceText.IsEventName(name))
        {
            return CoapResponse.Error(CoapCode.BadRequest, "the event's name");
        }

        if (request.Payload.Length > DeviceEvent.MaxDataLength)
        {
            return CoapResponse.Error(CoapCode.RequestEntityTooLarge);
        }

        Publish(new DeviceEvent(name, request.Payload)
        {
            ContentFormat = request.ContentFormat,
            TimeToLive = request.Options.TryGetUInt32(CoapOptionNumber.MaxAge, out uint seconds) ? TimeSpan.FromSeconds(seconds) : DeviceEvent.DefaultTimeToLive,
            IsPrivate = isPrivate,
            Publisher = ReferenceEquals(request.Peer, CoapPeer.Anonymous) ? null : request.Peer.Identity,
        });
        return CoapResponse.Changed();
    }

    private CoapResponse Represent(CoapRequest request, string prefix)
    {
        if (!DeviceText.IsEventPrefix(prefix))
        {
            return CoapResponse.Error(CoapCode.BadRequest, "the prefix of the events");
        }

        if (Newest(prefix) is not (DeviceEvent newest, TimeSpan remaining))
        {
            return new CoapResponse(CoapCode.Content) { ETag = NoEvent };
        }

        if (request.Accept is not null && request.Accept != newest.ContentFormat)
        {
            return CoapResponse.Error(CoapCode.NotAcceptable);
        }

        var response = new CoapResponse(CoapCode.Content)
        {
            ContentFormat = newest.ContentFormat,
            Payload = newest.Data,
            ETag = ETagOf(newest.Number),
            MaxAge = TimeSpan.FromSeconds(Math.Ceiling(remaining.TotalSeconds)),
        };
        response.Options.Add(CoapOptionNumber.LocationPath, "e");
        foreach (string segment in newest.Name.Split('/'))
        {
            response.Options.Add(CoapOptionNumber.LocationPath, segment);
        }

        byte[] publisher = Encoding.UTF8.GetBytes(ServerProxy.PublisherKey + newest.Publisher);
        if (newest.Publisher is not null && publisher.Length <= MaxQueryLength)
        {
            response.Options.Add(CoapOptionNumber.LocationQuery, publisher);
        }

        return response;
    }

    /// <summary>Tells the observers, one round at a time: what comes meanwhile is told by the next round, so that observers who are slow hold nothing up and cost nothing.</summary>
    private void TellObservers(string name)
    {
        lock (_gate)
        {
            if (_notify is null)
            {
                return;
            }

            _changed.Add(_changed.Count < MaxChanged ? name : "");
            if (_isTelling)
            {
                return;
            }

            _isTelling = true;
        }

        _ = TellAsync();
    }

    private async Task TellAsync()
    {
        while (true)
        {
            string[] names;
            lock (_gate)
            {
                if (_changed.Count == 0)
                {
                    _isTelling = false;
                    return;
                }

                names = [.. _changed];
                _changed.Clear();
            }

            try
            {
                await _notify!(path => Array.Exists(names, name => Covers(path, name))).ConfigureAwait(false);
            }
#pragma warning disable CA1031 // A server that stops tells nobody any more.
            catch (Exception)
#pragma warning restore CA1031
            {
            }
        }
    }

    /// <summary>Whether the resource at a path shows an event of that name; "" stands for any.</summary>
    private static bool Covers(string path, string name) => path == "/e"
        || (path.StartsWith("/e/", StringComparison.Ordinal) && (name.Length == 0 || name.AsSpan().StartsWith(path.AsSpan("/e/".Length), StringComparison.Ordinal)));

    private static CoapETag ETagOf(ulong number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, number);
        return new CoapETag(bytes.TrimStart((byte)0));
    }

    // Specification: docs/spec/device-mapping.md section 4.1.
    private static readonly CoapETag NoEvent = new([0]);

    // Specification: RFC 7252 section 5.10.
    private const int MaxQueryLength = 255;

    // Implementation.
    private const int MaxChanged = 256;
}

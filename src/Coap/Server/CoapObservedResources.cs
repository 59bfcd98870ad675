using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// What is observed over all transports of a server (RFC 7641): all who ask the same are told the same, and the handler runs once for each change. A transport keeps its own observers; it joins
/// a resource with the first and leaves it with the last.
/// </summary>
/// <param name="handler">Answers for the resources.</param>
/// <param name="maxResources">How many different requests may be observed.</param>
/// <param name="handlerFailed">Told what the handler throws.</param>
internal sealed class CoapObservedResources(CoapHandler handler, int maxResources, Action<CoapRequest, Exception>? handlerFailed)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, CoapObservedResource> _resources = new(StringComparer.Ordinal);
    private long _changes;

    /// <summary>How many changes there have been, of any resource.</summary>
    public long Changes => Interlocked.Read(ref _changes);

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _resources.Count;
            }
        }
    }

    /// <summary>A transport begins to observe what a request asks for. It does so once for each observer.</summary>
    /// <returns>The resource; null where there are too many, or where the request is too large to be held as long as somebody observes.</returns>
    public CoapObservedResource? Join(CoapRequest request, ICoapAudience audience)
    {
        if (!IsSmall(request))
        {
            return null;
        }

        string key = KeyOf(request);
        lock (_gate)
        {
            if (!_resources.TryGetValue(key, out CoapObservedResource? resource))
            {
                if (_resources.Count >= maxResources)
                {
                    return null;
                }

                resource = new CoapObservedResource(key, request);
                _resources.Add(key, resource);
            }

            resource.Audiences[audience] = resource.Audiences.GetValueOrDefault(audience) + 1;
            return resource;
        }
    }

    /// <summary>An observer of a transport has gone.</summary>
    public void Leave(CoapObservedResource resource, ICoapAudience audience)
    {
        lock (_gate)
        {
            if (--resource.Audiences[audience] > 0)
            {
                return;
            }

            resource.Audiences.Remove(audience);
            if (resource.Audiences.Count == 0)
            {
                _resources.Remove(resource.Key);
                resource.Representation?.Release();
                resource.Representation = null;
            }
        }
    }

    /// <summary>What is observed of those who ask the same; null where nobody does.</summary>
    public CoapObservedResource? Find(CoapRequest request)
    {
        if (!IsSmall(request))
        {
            return null;
        }

        string key = KeyOf(request);
        lock (_gate)
        {
            return _resources.GetValueOrDefault(key);
        }
    }

    /// <summary>Whether a representation is still the newest.</summary>
    public bool IsNewest(CoapObservedResource resource, CoapServedBody representation)
    {
        lock (_gate)
        {
            return resource.Representation == representation;
        }
    }

    /// <summary>The representation that was sent last, where there was a change; the caller releases it.</summary>
    public CoapServedBody? Hold(CoapObservedResource resource)
    {
        lock (_gate)
        {
            return resource.Representation?.TryHold() == true ? resource.Representation : null;
        }
    }

    /// <summary>The resource at a path has changed: asks its handler for the new representation, and tells every transport that has observers.</summary>
    /// <param name="path">The path.</param>
    /// <param name="cancellationToken">The server ends.</param>
    public Task NotifyAsync(string path, CancellationToken cancellationToken) => NotifyAsync(changed => changed == path, cancellationToken);

    /// <summary>The same for every resource whose path is one of those that have changed. It is judged under the lock.</summary>
    public async Task NotifyAsync(Predicate<string> isChanged, CancellationToken cancellationToken)
    {
        (CoapObservedResource Resource, long Asked)[] changed;
        lock (_gate)
        {
            Interlocked.Increment(ref _changes);
            changed = [.. _resources.Values.Where(resource => isChanged(resource.Path)).Select(resource => (resource, ++resource.Asked))];
        }

        foreach ((CoapObservedResource resource, long asked) in changed)
        {
            CoapResponse response = await AskAsync(resource.Request, cancellationToken).ConfigureAwait(false);
            foreach (ICoapAudience audience in Renew(resource, asked, new CoapServedBody(response)))
            {
                await audience.OnChangedAsync(resource).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Takes the representation, unless a later question has been answered already.</summary>
    private ICoapAudience[] Renew(CoapObservedResource resource, long asked, CoapServedBody representation)
    {
        lock (_gate)
        {
            if (asked <= resource.Answered || resource.Audiences.Count == 0)
            {
                representation.Release();
                return [];
            }

            resource.Answered = asked;
            resource.Representation?.Release();
            resource.Representation = representation;
            return [.. resource.Audiences.Keys];
        }
    }

    private async ValueTask<CoapResponse> AskAsync(CoapRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await handler(request, cancellationToken).ConfigureAwait(false) ?? throw new InvalidOperationException("The handler returned null.");
        }
#pragma warning disable CA1031 // Whatever a handler throws becomes 5.00, which ends the observations.
        catch (Exception e)
#pragma warning restore CA1031
        {
            CoapHandlerFailure.Tell(handlerFailed, request, e);
            return CoapResponse.Error(CoapCode.InternalServerError);
        }
    }

    /// <summary>[C-145] The payload of a FETCH may have come in blocks, and options over a stream are as long as a message.</summary>
    private static bool IsSmall(CoapRequest request) => request.Options.View.Encoded.Length + request.Payload.Length <= MaxRequestLength;

    private static string KeyOf(CoapRequest request)
    {
        var key = new CoapOptionList();
        foreach (CoapOption option in request.Options)
        {
            if (option.Number is CoapOptionNumber.UriPath or CoapOptionNumber.UriQuery or CoapOptionNumber.Accept)
            {
                key.Add(option.Number, option.Value);
            }
        }

        return $"{(int)request.Method} {Convert.ToHexString(key.View.Encoded)} {Convert.ToHexString(request.Payload.Span)}";
    }

    // Implementation.
    public const int DefaultMaxResources = 1024;
    private const int MaxRequestLength = 2048;
}

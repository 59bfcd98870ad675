using System.Collections.Generic;

namespace Flint.Coap;

/// <summary>What some peers observe: a path, with the query, the Accept and the payload that they have in common. <see cref="CoapObservedResources"/> guards its members.</summary>
internal sealed class CoapObservedResource
{
    public CoapObservedResource(string key, CoapRequest request)
    {
        Key = key;
        Path = request.Path;
        Request = request.Part(request.Payload.ToArray(), default, null);
    }

    public string Key { get; }

    public string Path { get; }

    /// <summary>The request that is put to the handler again at each change; it comes from nobody.</summary>
    public CoapRequest Request { get; }

    /// <summary>The newest representation; null until the first change.</summary>
    public CoapServedBody? Representation { get; set; }

    /// <summary>How often the handler was asked, and which of its answers is the representation.</summary>
    public long Asked { get; set; }

    public long Answered { get; set; }

    /// <summary>Which transports have observers, and how many.</summary>
    public Dictionary<ICoapAudience, int> Audiences { get; } = [];
}

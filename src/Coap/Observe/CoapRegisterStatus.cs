namespace Flint.Coap;

/// <summary>What became of a request with Observe: 0.</summary>
public enum CoapRegisterStatus : byte
{
    /// <summary>A new observer: the response carries the Observe option.</summary>
    Registered = 0,

    /// <summary>The same peer with the same token: the observer is the one that was (RFC 7641 section 4.1). The response carries the Observe option.</summary>
    Renewed,

    /// <summary>Not added, for a limit or a token of more than eight bytes: the response carries no Observe option.</summary>
    NotAdded,
}

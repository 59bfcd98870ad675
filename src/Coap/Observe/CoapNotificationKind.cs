namespace Flint.Coap;

/// <summary>What a response to an observing request is worth.</summary>
public enum CoapNotificationKind : byte
{
    /// <summary>Older than what was seen, or too late: to be ignored (RFC 7641 section 3.4).</summary>
    Old = 0,

    /// <summary>The newest state of the resource; more will come.</summary>
    Fresh,

    /// <summary>The newest state, or an error, and the last response: the server does not, or no longer, keep the observation (RFC 7641 section 3.2).</summary>
    Last,
}

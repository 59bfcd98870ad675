namespace Flint.Coap;

/// <summary>What an Echo option proves (RFC 9175 section 2.3).</summary>
public enum CoapEchoStatus : byte
{
    /// <summary>There is none: challenge with 4.01 and an Echo option.</summary>
    Absent = 0,

    /// <summary>Not from here, or not for this peer: treated as absent.</summary>
    Unknown,

    /// <summary>From here and for this peer, but too old: treated as absent.</summary>
    Stale,

    /// <summary>The peer has received it at its address, not longer ago than is allowed.</summary>
    Fresh,
}

namespace Flint.Coap;

/// <summary>Why a message under way ended, where no response told it.</summary>
public enum CoapEndReason : byte
{
    /// <summary>A confirmable response was acknowledged (RFC 7252 section 4.2).</summary>
    Acknowledged = 0,

    /// <summary>A confirmable response was acknowledged before the message that <see cref="CoapMessageLayer.TryReplace"/> put in its place was sent.</summary>
    AcknowledgedBeforeReplacement,

    /// <summary>The peer answered with a reset: it has no context for the message (RFC 7252 section 4.2).</summary>
    Reset,

    /// <summary>No acknowledgement after MAX_RETRANSMIT retransmissions (RFC 7252 section 4.2).</summary>
    TimedOut,

    /// <summary>No response in the time that the caller allowed, or in EXCHANGE_LIFETIME or NON_LIFETIME.</summary>
    NoResponse,

    /// <summary>The transport reported that the peer cannot be reached, such as an ICMP error (RFC 7252 section 4.2).</summary>
    Unreachable,

    /// <summary>A response with a critical option that is not understood was rejected (RFC 7252 section 5.4.1).</summary>
    UnrecognizedOption,

    /// <summary>The peer was removed.</summary>
    PeerRemoved,
}

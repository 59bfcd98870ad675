namespace Flint.Coap;

/// <summary>What became of a message given to a <see cref="CoapMessageLayer"/>.</summary>
public enum CoapSendStatus : byte
{
    /// <summary>Taken: under way, or waiting its turn (NSTART, RFC 7252 section 4.7).</summary>
    Ok = 0,

    /// <summary>The peer was removed.</summary>
    UnknownPeer,

    /// <summary>The exchange was answered before, or its peer was removed.</summary>
    UnknownExchange,

    /// <summary>Longer than <see cref="CoapMessageLayerOptions.MaxMessageSize"/>.</summary>
    MessageTooLarge,

    /// <summary>A limit on messages under way is reached, for this peer or for all together.</summary>
    TooManyMessages,

    /// <summary>An open request to this peer has the same token (RFC 7252 section 5.3.1).</summary>
    TokenInUse,

    /// <summary>Every message id for this peer was used within EXCHANGE_LIFETIME (RFC 7252 section 4.4).</summary>
    NoMessageId,

    /// <summary>The datagrams given out were not taken; drain them first.</summary>
    OutputFull,
}

namespace Flint.Coap;

/// <summary>Why a request got no usable response, or why a connection ended.</summary>
public enum CoapError
{
    /// <summary>No response came in time. Whether the request was processed is unknown.</summary>
    TimedOut,

    /// <summary>The transport ended without a Release, or failed. Whether outstanding requests were processed is unknown.</summary>
    ConnectionLost,

    /// <summary>The peer sent Abort (RFC 8323 section 5.6).</summary>
    AbortedByPeer,

    /// <summary>The peer broke the protocol and was sent Abort (RFC 8323 section 5.6).</summary>
    ProtocolViolation,

    /// <summary>One side released the connection (RFC 8323 section 5.5); nothing was sent.</summary>
    Released,

    /// <summary>The message is larger than the peer's Max-Message-Size; nothing was sent (RFC 8323 section 5.3.1).</summary>
    MessageTooLarge,

    /// <summary>The response has a critical option that is not understood (RFC 7252 section 5.4.1).</summary>
    UnrecognizedOption,

    /// <summary>Datagrams only: the peer answered with a reset; it has no context for the request, perhaps because it has restarted (RFC 7252 section 4.2).</summary>
    Reset,

    /// <summary>Datagrams only: the network reported that the peer cannot be reached.</summary>
    Unreachable,

    /// <summary>Datagrams only: a limit on requests under way is reached; nothing was sent.</summary>
    TooManyRequests,

    /// <summary>A body in blocks could not be put together (RFC 7959): the peer's blocks do not fit each other, the body changes too often, or is too large.</summary>
    TransferFailed,

    /// <summary>A response arrived, and its code is no success.</summary>
    ErrorResponse,

    /// <summary>A value was asked for (docs/spec/device-mapping.md section 2), and the response holds none of that type.</summary>
    NotAValue,
}

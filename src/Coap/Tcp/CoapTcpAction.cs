namespace Flint.Coap;

/// <summary>What a connection does about a message.</summary>
internal enum CoapTcpAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Give the request to the handler.</summary>
    Handle,

    /// <summary>Give the response to the request with its token.</summary>
    CompleteRequest,

    /// <summary>Answer with Pong and the same token.</summary>
    SendPong,

    /// <summary>Complete the ping with this token.</summary>
    CompletePing,

    /// <summary>Send Release; nothing new is begun.</summary>
    SendRelease,

    /// <summary>Send Abort and end.</summary>
    SendAbort,

    /// <summary>End.</summary>
    Close,
}

namespace Flint.Coap;

/// <summary>What can happen to a connection (docs/spec/coap-profile.md section 4.1).</summary>
internal enum CoapTcpInput
{
    /// <summary>The peer sent a CSM (RFC 8323 section 5.3).</summary>
    Csm,

    /// <summary>The peer sent a request, a response, or an empty message.</summary>
    Message,

    /// <summary>The peer sent Ping (RFC 8323 section 5.4).</summary>
    Ping,

    /// <summary>The peer sent Pong (RFC 8323 section 5.4).</summary>
    Pong,

    /// <summary>The peer sent Release (RFC 8323 section 5.5).</summary>
    Release,

    /// <summary>The peer sent Abort (RFC 8323 section 5.6).</summary>
    Abort,

    /// <summary>The peer broke the protocol; Abort is sent (RFC 8323 section 5.6).</summary>
    Fault,

    /// <summary>This side wants to end; Release is sent.</summary>
    CloseWanted,

    /// <summary>After a Release: nothing is under way any more.</summary>
    Drained,

    /// <summary>The transport ended.</summary>
    EndOfStream,
}

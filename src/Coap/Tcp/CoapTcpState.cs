namespace Flint.Coap;

/// <summary>The states of a connection over a reliable transport (docs/spec/coap-profile.md section 4.1).</summary>
public enum CoapTcpState
{
    /// <summary>The own CSM is out, the peer's has not arrived. Requests may be sent, within the base values (RFC 8323 section 5.3).</summary>
    AwaitingCsm,

    /// <summary>Both CSMs are there.</summary>
    Open,

    /// <summary>One side sent Release: what is under way is finished, nothing new is begun (RFC 8323 section 5.5).</summary>
    Releasing,

    /// <summary>The end; the reason is <see cref="CoapConnection.EndReason"/>.</summary>
    Closed,
}

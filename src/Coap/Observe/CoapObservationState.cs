namespace Flint.Coap;

/// <summary>Where a client stands with a resource that it observes (docs/spec/coap-profile.md section 11.2).</summary>
public enum CoapObservationState : byte
{
    /// <summary>The request with Observe: 0 is under way.</summary>
    Registering = 0,

    /// <summary>The server has accepted; notifications come.</summary>
    Observing,

    /// <summary>The last notification has grown old, and the request is under way again (RFC 7641 section 3.3.1).</summary>
    Renewing,

    /// <summary>The request with Observe: 1 is under way (RFC 7641 section 3.6).</summary>
    Deregistering,

    /// <summary>Over.</summary>
    Ended,
}

namespace Flint.Coap;

/// <summary>
/// The code of a message, <c>class &lt;&lt; 5 | detail</c> (RFC 7252 section 3): the "CoAP Codes" registry.
/// Values without a name here are valid; see <see cref="CoapCodeExtensions"/> for the class and the notation "2.05".
/// </summary>
public enum CoapCode : byte
{
    /// <summary>0.00: neither request nor response (RFC 7252 section 4.1).</summary>
    Empty = 0,

    /// <summary>0.01 (RFC 7252 section 5.8.1): safe and idempotent.</summary>
    Get = 1,

    /// <summary>0.02 (RFC 7252 section 5.8.2): neither safe nor idempotent.</summary>
    Post = 2,

    /// <summary>0.03 (RFC 7252 section 5.8.3): idempotent.</summary>
    Put = 3,

    /// <summary>0.04 (RFC 7252 section 5.8.4): idempotent.</summary>
    Delete = 4,

    /// <summary>0.05 (RFC 8132 section 2): safe and idempotent.</summary>
    Fetch = 5,

    /// <summary>0.06 (RFC 8132 section 3): neither safe nor idempotent.</summary>
    Patch = 6,

    /// <summary>0.07 (RFC 8132 section 3): idempotent.</summary>
    IPatch = 7,

    /// <summary>2.01 (RFC 7252 section 5.9.1.1).</summary>
    Created = 65,

    /// <summary>2.02 (RFC 7252 section 5.9.1.2).</summary>
    Deleted = 66,

    /// <summary>2.03 (RFC 7252 section 5.9.1.3).</summary>
    Valid = 67,

    /// <summary>2.04 (RFC 7252 section 5.9.1.4).</summary>
    Changed = 68,

    /// <summary>2.05 (RFC 7252 section 5.9.1.5).</summary>
    Content = 69,

    /// <summary>2.31 (RFC 7959 section 2.9.1).</summary>
    Continue = 95,

    /// <summary>4.00 (RFC 7252 section 5.9.2.1).</summary>
    BadRequest = 128,

    /// <summary>4.01 (RFC 7252 section 5.9.2.2).</summary>
    Unauthorized = 129,

    /// <summary>4.02 (RFC 7252 section 5.9.2.3).</summary>
    BadOption = 130,

    /// <summary>4.03 (RFC 7252 section 5.9.2.4).</summary>
    Forbidden = 131,

    /// <summary>4.04 (RFC 7252 section 5.9.2.5).</summary>
    NotFound = 132,

    /// <summary>4.05 (RFC 7252 section 5.9.2.6).</summary>
    MethodNotAllowed = 133,

    /// <summary>4.06 (RFC 7252 section 5.9.2.7).</summary>
    NotAcceptable = 134,

    /// <summary>4.08 (RFC 7959 section 2.9.2).</summary>
    RequestEntityIncomplete = 136,

    /// <summary>4.09 (RFC 8132 section 3.4).</summary>
    Conflict = 137,

    /// <summary>4.12 (RFC 7252 section 5.9.2.8).</summary>
    PreconditionFailed = 140,

    /// <summary>4.13 (RFC 7252 section 5.9.2.9).</summary>
    RequestEntityTooLarge = 141,

    /// <summary>4.15 (RFC 7252 section 5.9.2.10).</summary>
    UnsupportedContentFormat = 143,

    /// <summary>4.22 (RFC 8132 section 3.4).</summary>
    UnprocessableEntity = 150,

    /// <summary>4.29 (RFC 8516 section 3).</summary>
    TooManyRequests = 157,

    /// <summary>5.00 (RFC 7252 section 5.9.3.1).</summary>
    InternalServerError = 160,

    /// <summary>5.01 (RFC 7252 section 5.9.3.2).</summary>
    NotImplemented = 161,

    /// <summary>5.02 (RFC 7252 section 5.9.3.3).</summary>
    BadGateway = 162,

    /// <summary>5.03 (RFC 7252 section 5.9.3.4).</summary>
    ServiceUnavailable = 163,

    /// <summary>5.04 (RFC 7252 section 5.9.3.5).</summary>
    GatewayTimeout = 164,

    /// <summary>5.05 (RFC 7252 section 5.9.3.6).</summary>
    ProxyingNotSupported = 165,

    /// <summary>5.08 (RFC 8768 section 4).</summary>
    HopLimitReached = 168,

    /// <summary>7.01: Capabilities and Settings Message (RFC 8323 section 5.3).</summary>
    Csm = 225,

    /// <summary>7.02 (RFC 8323 section 5.4).</summary>
    Ping = 226,

    /// <summary>7.03 (RFC 8323 section 5.4).</summary>
    Pong = 227,

    /// <summary>7.04 (RFC 8323 section 5.5).</summary>
    Release = 228,

    /// <summary>7.05 (RFC 8323 section 5.6).</summary>
    Abort = 229,
}

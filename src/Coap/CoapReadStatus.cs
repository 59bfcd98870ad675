namespace Flint.Coap;

/// <summary>
/// What a reader found: one value for each malformed form, with the section that it breaks. docs/spec/coap-profile.md says in which order
/// they are looked for, so that every implementation reports the same one.
/// </summary>
public enum CoapReadStatus : byte
{
    /// <summary>A well-formed message.</summary>
    Ok = 0,

    /// <summary>Streams only: no fault so far, but the message is not all there (RFC 8323 section 3.2).</summary>
    NeedMoreData,

    /// <summary>A datagram of fewer than four bytes (RFC 7252 section 3).</summary>
    TruncatedHeader,

    /// <summary>A version other than 1; to be ignored in silence (RFC 7252 section 3).</summary>
    UnknownVersion,

    /// <summary>Token length 9 to 15, or only 15 where extended tokens are allowed (RFC 7252 section 3, RFC 8974 section 2.1).</summary>
    ReservedTokenLength,

    /// <summary>An extended token above the declared limit (RFC 8974 section 2.2.2).</summary>
    TokenTooLong,

    /// <summary>The datagram ends inside the token or inside its extended length (RFC 7252 section 3).</summary>
    TruncatedToken,

    /// <summary>Code 0.00 with a token, an option or a payload (RFC 7252 section 4.1).</summary>
    EmptyWithContent,

    /// <summary>A non-confirmable empty message (RFC 7252 section 4.3).</summary>
    NonConfirmableEmpty,

    /// <summary>Code class 1 or 6, or 7 in a datagram (RFC 7252 section 4.2 and section 12.1).</summary>
    ReservedCodeClass,

    /// <summary>An acknowledgement that carries a request (RFC 7252 section 4.2).</summary>
    AcknowledgementWithRequest,

    /// <summary>A reset that is not empty (RFC 7252 section 4.2).</summary>
    ResetNotEmpty,

    /// <summary>An option delta of 15 that is no payload marker (RFC 7252 section 3.1).</summary>
    ReservedOptionDelta,

    /// <summary>An option length of 15 (RFC 7252 section 3.1).</summary>
    ReservedOptionLength,

    /// <summary>The message ends inside an option's extended delta or length (RFC 7252 section 3.1).</summary>
    TruncatedOptionHeader,

    /// <summary>An option number above 65535 (RFC 7252 section 3.1).</summary>
    OptionNumberTooLarge,

    /// <summary>The message ends inside an option's value (RFC 7252 section 3.1).</summary>
    TruncatedOptionValue,

    /// <summary>A payload marker with nothing after it (RFC 7252 section 3).</summary>
    PayloadMarkerWithoutPayload,

    /// <summary>Streams only: a message above the declared Max-Message-Size (RFC 8323 section 5.3.1).</summary>
    MessageTooLarge,
}

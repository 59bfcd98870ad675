namespace Flint.Device.Nano;

/// <summary>Why bytes are, or are not, a CoAP message. The names are those of the vectors in docs/spec/vectors/coap.</summary>
public enum CoapReadStatus : byte
{
    /// <summary>A well-formed message.</summary>
    Ok = 0,

    /// <summary>On a stream: the message is well-formed so far and not all there yet (RFC 8323 section 3.2).</summary>
    NeedMoreData,

    /// <summary>Fewer than the four bytes of the fixed header (RFC 7252 section 3).</summary>
    TruncatedHeader,

    /// <summary>A version other than 1 (RFC 7252 section 3).</summary>
    UnknownVersion,

    /// <summary>A token length that is reserved: 15, or 9 to 14 where extended tokens were not agreed (RFC 7252 section 3, RFC 8974 section 2).</summary>
    ReservedTokenLength,

    /// <summary>A token longer than the limit (RFC 8974 section 2.1).</summary>
    TokenTooLong,

    /// <summary>The message ends inside the token (RFC 7252 section 3).</summary>
    TruncatedToken,

    /// <summary>An empty message with a token, options or a payload (RFC 7252 section 4.1).</summary>
    EmptyWithContent,

    /// <summary>A code of a reserved class (RFC 7252 section 12.1).</summary>
    ReservedCodeClass,

    /// <summary>A non-confirmable message without a code (RFC 7252 section 4.3).</summary>
    NonConfirmableEmpty,

    /// <summary>An acknowledgement that carries a request (RFC 7252 section 4.2).</summary>
    AcknowledgementWithRequest,

    /// <summary>A reset that carries anything (RFC 7252 section 4.2).</summary>
    ResetNotEmpty,

    /// <summary>Option delta 15 that is not the payload marker (RFC 7252 section 3.1).</summary>
    ReservedOptionDelta,

    /// <summary>Option length 15 (RFC 7252 section 3.1).</summary>
    ReservedOptionLength,

    /// <summary>The message ends inside an option's extended delta or length (RFC 7252 section 3.1).</summary>
    TruncatedOptionHeader,

    /// <summary>The sum of the deltas passes 65535 (RFC 7252 section 12.2).</summary>
    OptionNumberTooLarge,

    /// <summary>The message ends inside an option's value (RFC 7252 section 3.1).</summary>
    TruncatedOptionValue,

    /// <summary>A payload marker with nothing behind it (RFC 7252 section 3).</summary>
    PayloadMarkerWithoutPayload,

    /// <summary>On a stream: the message is longer than the limit; found from its header alone (RFC 8323 section 5.3.1).</summary>
    MessageTooLarge,
}

namespace Flint.Coap;

/// <summary>The "CoAP Signaling Option Numbers" registry (RFC 8323 section 11.2): each number belongs to the codes named with it.</summary>
public static class CoapSignallingOption
{
    /// <summary>In CSM: the largest message that the sender can receive, in bytes, header included; 1152 where absent (RFC 8323 section 5.3.1).</summary>
    public const CoapOptionNumber MaxMessageSize = (CoapOptionNumber)2;

    /// <summary>In CSM: the sender supports RFC 7959, and BERT where Max-Message-Size is above 1152 (RFC 8323 section 5.3.2).</summary>
    public const CoapOptionNumber BlockWiseTransfer = (CoapOptionNumber)4;

    /// <summary>In CSM: the longest token that the sender takes in requests, 8 to 65804 (RFC 8974 section 2.2.1).</summary>
    public const CoapOptionNumber ExtendedTokenLength = (CoapOptionNumber)6;

    /// <summary>In Ping and Pong: everything received before is taken care of (RFC 8323 section 5.4.1).</summary>
    public const CoapOptionNumber Custody = (CoapOptionNumber)2;

    /// <summary>In Release: connect there instead (RFC 8323 section 5.5).</summary>
    public const CoapOptionNumber AlternativeAddress = (CoapOptionNumber)2;

    /// <summary>In Release: seconds before the peer connects again (RFC 8323 section 5.5).</summary>
    public const CoapOptionNumber HoldOff = (CoapOptionNumber)4;

    /// <summary>In Abort: the number of the CSM option that was not understood (RFC 8323 section 5.6).</summary>
    public const CoapOptionNumber BadCsmOption = (CoapOptionNumber)2;
}

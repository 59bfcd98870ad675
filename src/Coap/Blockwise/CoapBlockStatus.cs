namespace Flint.Coap;

/// <summary>Whether a message has a Block option.</summary>
public enum CoapBlockStatus : byte
{
    /// <summary>It has none: the body is whole.</summary>
    Absent = 0,

    /// <summary>It has one.</summary>
    Present,

    /// <summary>More than three bytes, or the reserved size exponent 7 in a datagram: 4.00 (RFC 7959 section 2.2).</summary>
    Malformed,
}

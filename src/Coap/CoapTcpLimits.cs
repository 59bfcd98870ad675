namespace Flint.Coap;

/// <summary>What a reader of a stream accepts, declared to the peer in the CSM; checked before anything is stored.</summary>
/// <param name="MaxMessageSize">The largest message in bytes, header included (RFC 8323 section 5.3.1).</param>
/// <param name="MaxTokenLength">The longest token. Up to 8, the token lengths of RFC 8974 stay reserved.</param>
public readonly record struct CoapTcpLimits(int MaxMessageSize, int MaxTokenLength)
{
    /// <summary>What every peer may assume before a CSM: 1152 bytes (RFC 8323 section 5.3.1), tokens of 8 bytes.</summary>
    public static CoapTcpLimits Base => new(BaseMaxMessageSize, CoapHeader.MaxTokenLength);

    // Specification: RFC 8323 section 5.3.1.
    internal const int BaseMaxMessageSize = 1152;
}

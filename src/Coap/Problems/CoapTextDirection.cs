namespace Flint.Coap;

/// <summary>The base direction of a text (RFC 9290 appendix A.2).</summary>
public enum CoapTextDirection
{
    /// <summary>Nothing is said, so that the context or the text itself tells.</summary>
    Auto,

    /// <summary>Left to right.</summary>
    LeftToRight,

    /// <summary>Right to left.</summary>
    RightToLeft,
}

namespace Flint.Coap;

/// <summary>Why bytes are no problem details: one value for each reason, with the section that it breaks.</summary>
public enum CoapProblemStatus
{
    /// <summary>Problem details.</summary>
    Ok = 0,

    /// <summary>The bytes end inside an item (RFC 8949 section 5.3.1).</summary>
    Truncated,

    /// <summary>An item that is not well-formed: reserved bits, a break out of place, a chunk of another type (RFC 8949 section 3).</summary>
    Malformed,

    /// <summary>Something follows the map (RFC 8949 section 5.1).</summary>
    TrailingBytes,

    /// <summary>An item is nested more deeply than sixteen levels: a limit of this reader.</summary>
    TooDeep,

    /// <summary>More than 64 entries, or as many unprocessed options: a limit of this reader.</summary>
    TooManyEntries,

    /// <summary>The item is no map, or a map without entries (RFC 9290 section 2).</summary>
    NotAMap,

    /// <summary>A key occurs twice (RFC 8949 section 5.6).</summary>
    DuplicateKey,

    /// <summary>A key or the value of a known key is of a type or in a range that it must not have (RFC 9290 section 2 and section 3.2).</summary>
    WrongType,

    /// <summary>A text that is no UTF-8 (RFC 8949 section 3.1), or no language tag where one must be (RFC 9290 appendix A.2).</summary>
    InvalidText,
}

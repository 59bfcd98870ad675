namespace Flint.Coap;

/// <summary>Why bytes are no links: one value for each reason (RFC 6690 section 2).</summary>
public enum CoapLinkFormatStatus
{
    /// <summary>Links; perhaps none.</summary>
    Ok = 0,

    /// <summary>The bytes are no UTF-8.</summary>
    NotUtf8,

    /// <summary>A link does not begin with an angle bracket.</summary>
    MissingTarget,

    /// <summary>The text ends inside a target.</summary>
    UnterminatedTarget,

    /// <summary>A space, a control character, a quote or an angle bracket inside a target (RFC 3986).</summary>
    MalformedTarget,

    /// <summary>An attribute without a name, or whose name has a character that it must not have (RFC 5987 section 3.2.1).</summary>
    MalformedName,

    /// <summary>An attribute's value that is neither quoted nor made of the characters that need no quotes, or is empty.</summary>
    MalformedValue,

    /// <summary>The text ends inside a quoted value.</summary>
    UnterminatedValue,

    /// <summary>Something else than a semicolon or a comma behind a target or an attribute.</summary>
    UnexpectedCharacter,

    /// <summary>More links than the reader was to accept.</summary>
    TooManyLinks,

    /// <summary>More than 64 attributes on one link: a limit of this reader.</summary>
    TooManyAttributes,
}

namespace Flint.Coap;

/// <summary>A text for people, perhaps with its language (RFC 9290 section 2 and appendix A). A string is one without.</summary>
/// <param name="Text">The text.</param>
/// <param name="Language">Its language tag, such as "en" (BCP 47); null for the language of the context.</param>
/// <param name="Direction">Its direction; null for that of the context. Without a language it has none.</param>
public readonly record struct CoapProblemText(string Text, string? Language = null, CoapTextDirection? Direction = null)
{
    /// <summary>A text in the language of its context.</summary>
    public static implicit operator CoapProblemText(string text) => FromString(text);

    /// <summary>A text in the language of its context.</summary>
    public static CoapProblemText FromString(string text) => new(text);

    /// <summary>The text alone.</summary>
    public override string ToString() => Text;
}

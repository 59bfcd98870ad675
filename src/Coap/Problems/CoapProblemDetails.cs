using System;
using System.Collections.Generic;

namespace Flint.Coap;

/// <summary>What went wrong, for programs and for people: the payload application/concise-problem-details+cbor of an error (RFC 9290).</summary>
/// <remarks>
/// RFC 9290 section 2: a CBOR map.
/// <code>
/// -1 title | -2 detail | -3 instance | -4 response-code | -5 base-uri | -6 base-lang | -7 base-rtl | -8 unprocessed-coap-option
/// other negative keys: standard entries registered later | unsigned or URI: custom entries, each a map
/// </code>
/// </remarks>
public sealed partial class CoapProblemDetails
{
    /// <summary>A short summary of the kind of problem.</summary>
    public CoapProblemText? Title { get; init; }

    /// <summary>What happened this time. Programs do not parse it.</summary>
    public CoapProblemText? Detail { get; init; }

    /// <summary>A URI reference for this occurrence.</summary>
    public string? Instance { get; init; }

    /// <summary>The code of the response in which it came first.</summary>
    public CoapCode? ResponseCode { get; init; }

    /// <summary>What relative references in it are relative to.</summary>
    public string? Base { get; init; }

    /// <summary>The language tag of texts without one.</summary>
    public string? BaseLanguage { get; init; }

    /// <summary>The direction of texts without one.</summary>
    public CoapTextDirection? BaseDirection { get; init; }

    /// <summary>Options of the request that could not be processed (section 3.1.1).</summary>
    public IReadOnlyList<CoapOptionNumber> UnprocessedOptions { get; init; } = [];

    /// <summary>All other entries, in the order in which they stand there. Those that are not understood are to be ignored, and kept where the details are stored or forwarded (section 3).</summary>
    public IReadOnlyList<CoapProblemEntry> Entries { get; init; } = [];

    /// <summary>Writes the details. Entries come in the order of the properties above.</summary>
    /// <exception cref="InvalidOperationException">There is none, or a language tag is malformed.</exception>
    public byte[] ToArray()
    {
        int count = Count(Title) + Count(Detail) + Count(Instance) + Count(ResponseCode) + Count(Base) + Count(BaseLanguage) + Count(BaseDirection)
            + (UnprocessedOptions.Count > 0 ? 1 : 0) + Entries.Count;
        if (count == 0)
        {
            throw new InvalidOperationException("Problem details without an entry (RFC 9290 section 2).");
        }

        var writer = new CborWriter();
        writer.WriteHead(CborReader.Map, (ulong)count);
        WriteText(writer, TitleKey, Title);
        WriteText(writer, DetailKey, Detail);
        WriteString(writer, InstanceKey, Instance);
        if (ResponseCode is CoapCode code)
        {
            writer.WriteInteger(ResponseCodeKey);
            writer.WriteInteger((long)code);
        }

        WriteString(writer, BaseUriKey, Base);
        WriteString(writer, BaseLanguageKey, BaseLanguage is null ? null : CheckedLanguage(BaseLanguage));
        if (BaseDirection is CoapTextDirection direction)
        {
            writer.WriteInteger(BaseDirectionKey);
            WriteDirection(writer, direction);
        }

        WriteOptions(writer);
        foreach (CoapProblemEntry entry in Entries)
        {
            if (entry.Name is string name)
            {
                writer.WriteText(name);
            }
            else
            {
                writer.WriteInteger(entry.Key!.Value);
            }

            writer.WriteEncoded(entry.Value.Span);
        }

        return writer.ToArray();
    }

    /// <summary>Title and detail in one line.</summary>
    public override string ToString() => Title is null || Detail is null ? $"{Title}{Detail}" : $"{Title}: {Detail}";

    private static int Count(object? value) => value is null ? 0 : 1;

    private static void WriteString(CborWriter writer, long key, string? value)
    {
        if (value is not null)
        {
            writer.WriteInteger(key);
            writer.WriteText(value);
        }
    }

    private static void WriteText(CborWriter writer, long key, CoapProblemText? value)
    {
        if (value is not CoapProblemText text)
        {
            return;
        }

        writer.WriteInteger(key);
        if (text.Language is null)
        {
            writer.WriteText(text.Text);
            return;
        }

        writer.WriteHead(CborReader.Tag, LanguageTaggedText);
        writer.WriteHead(CborReader.Array, text.Direction is null ? 2UL : 3UL);
        writer.WriteText(CheckedLanguage(text.Language));
        writer.WriteText(text.Text);
        if (text.Direction is CoapTextDirection direction)
        {
            WriteDirection(writer, direction);
        }
    }

    private static void WriteDirection(CborWriter writer, CoapTextDirection direction) => writer.WriteHead(CborReader.Simple, direction switch
    {
        CoapTextDirection.LeftToRight => SimpleFalse,
        CoapTextDirection.RightToLeft => SimpleTrue,
        _ => SimpleNull,
    });

    private void WriteOptions(CborWriter writer)
    {
        if (UnprocessedOptions.Count > 0)
        {
            writer.WriteInteger(UnprocessedOptionsKey);
            if (UnprocessedOptions.Count > 1)
            {
                writer.WriteHead(CborReader.Array, (ulong)UnprocessedOptions.Count);
            }

            foreach (CoapOptionNumber number in UnprocessedOptions)
            {
                writer.WriteInteger((long)number);
            }
        }
    }

    private static string CheckedLanguage(string language) => IsLanguageTag(language) ? language : throw new InvalidOperationException($"\"{language}\" is no language tag.");

    // Specification: RFC 9290 section 2, section 6.1 and appendix A.2; RFC 8949 section 3.3.
    private const long TitleKey = -1;
    private const long DetailKey = -2;
    private const long InstanceKey = -3;
    private const long ResponseCodeKey = -4;
    private const long BaseUriKey = -5;
    private const long BaseLanguageKey = -6;
    private const long BaseDirectionKey = -7;
    private const long UnprocessedOptionsKey = -8;
    internal const long LastKnownKey = UnprocessedOptionsKey;
    private const ulong LanguageTaggedText = 38;
    private const ulong SimpleFalse = 20;
    private const ulong SimpleTrue = 21;
    private const ulong SimpleNull = 22;

    // Implementation.
    internal const int MaxDepth = 16;
    private const int MaxEntries = 64;
}

using System.Text.Json;
using Flint.Testing;

namespace Flint.Coap.Tests.Vectors;

/// <summary>One entry of docs/spec/vectors/coap/*.json.</summary>
public sealed record CoapVector(
    string Id, byte[] Input, CoapReadStatus Result, int MaxTokenLength, int MaxMessageSize, string[] Flags, JsonElement Fields)
{
    /// <summary>The entries of a file, by id.</summary>
    public static IReadOnlyDictionary<string, CoapVector> Load(string file)
    {
        JsonDocument document = VectorFile.Open("coap/" + file);
        return document.RootElement.GetProperty("vectors").EnumerateArray().Select(Parse).ToDictionary(vector => vector.Id);
    }

    public byte[] Token => Fields.Hex("token");

    public byte[] Payload => Fields.Hex("payload");

    public CoapCode Code => (CoapCode)Fields.GetProperty("code").GetByte();

    public (CoapOptionNumber Number, byte[] Value)[] Options =>
        [.. Fields.GetProperty("options").EnumerateArray().Select(o => ((CoapOptionNumber)o.GetProperty("number").GetUInt16(), o.Hex("value")))];

    public bool Has(string flag) => Flags.Contains(flag);

    private static CoapVector Parse(JsonElement element) => new(
        element.GetProperty("id").GetString()!,
        element.Hex("input"),
        Enum.Parse<CoapReadStatus>(element.GetProperty("result").GetString()!),
        element.GetProperty("maxTokenLength").GetInt32(),
        element.TryGetProperty("maxMessageSize", out JsonElement size) ? size.GetInt32() : int.MaxValue,
        [.. element.GetProperty("flags").EnumerateArray().Select(flag => flag.GetString()!)],
        element);
}

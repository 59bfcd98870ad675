using System.Text.Json;
using System.Text.Json.Nodes;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Vectors;

/// <summary>Section 18: the committed handshakes, byte for byte, both sides given the recorded entropy.</summary>
public sealed class HandshakeVectorTests
{
    private static readonly string Path = VectorFile.PathOf("tunnel/handshakes.json");
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string> Ids()
    {
        var data = new TheoryData<string>();
        foreach (JsonNode? vector in Document()["vectors"]!.AsArray())
        {
            data.Add(vector!["id"]!.GetValue<string>());
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Handshake_WithTheRecordedEntropy_IsTheCommittedOne(string id) // [ST-401] [ST-402] [ST-501]
    {
        JsonObject document = Document();
        JsonObject vector = document["vectors"]!.AsArray().Select(v => v!.AsObject()).Single(v => v["id"]!.GetValue<string>() == id);
        JsonObject actual = new HandshakeVector(vector["input"]!.AsObject()).Run();
        if (Environment.GetEnvironmentVariable("FLINT_ACCEPT_VECTORS") == "1")
        {
            vector["result"] = actual;
            File.WriteAllText(Path, document.ToJsonString(Indented) + "\n");
            return;
        }

        JsonObject expected = vector["result"]!.AsObject();
        foreach ((string name, JsonNode? value) in actual)
        {
            Assert.Equal($"{name} {expected[name]!.ToJsonString()}", $"{name} {value!.ToJsonString()}");
        }

        Assert.Equal(expected.Count, actual.Count);
    }

    private static JsonObject Document() => JsonNode.Parse(File.ReadAllBytes(Path))!.AsObject();
}

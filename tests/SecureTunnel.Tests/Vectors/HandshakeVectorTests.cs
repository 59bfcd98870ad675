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
        JsonObject input = vector["input"]!.AsObject();
        bool accept = Environment.GetEnvironmentVariable("FLINT_ACCEPT_VECTORS") == "1";
        if (accept && input["ticket_of"]?.GetValue<string>() is string from)
        {
            JsonObject earlier = document["vectors"]!.AsArray().Single(v => v!["id"]!.GetValue<string>() == from)!["result"]!.AsObject();
            input["rpsk"] = earlier["rpsk"]!.GetValue<string>();
            input["ticket"] = earlier["accept_inner"]!.GetValue<string>()[32..];
        }

        if (accept)
        {
            input.Remove("signatures");
        }

        var run = new HandshakeVector(input);
        JsonObject actual = run.Run();
        if (accept)
        {
            if (run.Signatures.Count > 0)
            {
                input["signatures"] = new JsonArray([.. run.Signatures.Select(s => JsonValue.Create(Convert.ToHexStringLower(s)))]);
            }

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

using System.Text.Json.Nodes;

namespace Flint.Quickstart;

/// <summary>One message between the flight and a role: a JSON object on a line of its own.</summary>
internal static class JsonLine
{
    /// <summary>Writes a message whose member <paramref name="kind"/> is <paramref name="name"/>, and sends it off.</summary>
    public static void Write(TextWriter output, string kind, string name, ReadOnlySpan<(string Name, JsonNode? Value)> values)
    {
        var message = new JsonObject { [kind] = name };
        foreach ((string key, JsonNode? value) in values)
        {
            message[key] = value;
        }

        output.WriteLine(message.ToJsonString());
        output.Flush();
    }
}

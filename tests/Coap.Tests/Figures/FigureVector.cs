using System.Text.Json;
using Flint.Testing;

namespace Flint.Coap.Tests.Figures;

/// <summary>An exchange of messages as an RFC draws it: docs/spec/vectors/coap/figures.json.</summary>
internal sealed record FigureVector(string Id, string[] Plays, int BlockSize, int RequestLength, int ResponseLength, string[] Lines)
{
    public static IReadOnlyDictionary<string, FigureVector> All { get; } = VectorFile.Open("coap/figures.json").RootElement.GetProperty("vectors").EnumerateArray().Select(Parse).ToDictionary(one => one.Id);

    /// <summary>The figures that are played against one end: "server", "client", "stream server", "stream client".</summary>
    public static TheoryData<string> PlayedBy(string end) => [.. All.Values.Where(one => one.Plays.Contains(end)).Select(one => one.Id)];

    public int SizeExponent => int.Log2(BlockSize) - 4;

    /// <summary>Its messages; null stands for a change of the resource.</summary>
    public IEnumerable<FigureMessage?> Messages => Lines.Select(line => line[0] == '!' ? null : new FigureMessage(line, (uint)RequestLength, (uint)ResponseLength));

    private static FigureVector Parse(JsonElement element) => new(
        element.GetProperty("id").GetString()!,
        [.. element.GetProperty("plays").EnumerateArray().Select(one => one.GetString()!)],
        element.GetProperty("blockSize").GetInt32(),
        element.GetProperty("requestLength").GetInt32(),
        element.GetProperty("responseLength").GetInt32(),
        [.. element.GetProperty("messages").EnumerateArray().Select(one => one.GetString()!)]);
}

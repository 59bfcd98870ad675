using System.Text.Json;

namespace Flint.Mutation;

/// <summary>One change of the source, as the report lists it.</summary>
internal sealed record Mutant(int Id, string File, int Line, string What, string Original)
{
    /// <summary>The mutants that compile and that Stryker itself would run.</summary>
    public static List<Mutant> Read(string report)
    {
        using var json = JsonDocument.Parse(System.IO.File.ReadAllText(report));
        List<Mutant> mutants = [];
        foreach (JsonProperty file in json.RootElement.GetProperty("files").EnumerateObject())
        {
            string[] lines = file.Value.GetProperty("source").GetString()!.Split('\n');
            foreach (JsonElement mutant in file.Value.GetProperty("mutants").EnumerateArray())
            {
                if (mutant.GetProperty("status").GetString() is "CompileError" or "Ignored")
                {
                    continue;
                }

                JsonElement start = mutant.GetProperty("location").GetProperty("start");
                JsonElement end = mutant.GetProperty("location").GetProperty("end");
                int line = start.GetProperty("line").GetInt32();
                mutants.Add(new Mutant(
                    int.Parse(mutant.GetProperty("id").GetString()!, System.Globalization.CultureInfo.InvariantCulture),
                    Relative(file.Name),
                    line,
                    OneLine(mutant.GetProperty("replacement").GetString()!),
                    OneLine(Cut(lines, start, end))));
            }
        }

        return mutants;
    }

    private static string Relative(string path)
    {
        const string Root = "src/SecureTunnel/";
        int at = path.Replace('\\', '/').LastIndexOf(Root, StringComparison.Ordinal);
        return at < 0 ? path : path[(at + Root.Length)..];
    }

    private static string Cut(string[] lines, JsonElement start, JsonElement end)
    {
        int first = start.GetProperty("line").GetInt32() - 1;
        int last = end.GetProperty("line").GetInt32() - 1;
        string text = string.Join(' ', lines[first..(last + 1)]);
        int from = Math.Min(start.GetProperty("column").GetInt32() - 1, text.Length);
        int to = Math.Max(from, text.Length - lines[last].Length + Math.Min(end.GetProperty("column").GetInt32() - 1, lines[last].Length));
        return text[from..to];
    }

    private static string OneLine(string text)
    {
        string line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= MaxText ? line : line[..MaxText] + "…";
    }

    private const int MaxText = 110;
}

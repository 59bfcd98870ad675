using System.Globalization;

namespace Flint.Mutation;

/// <summary>The scores, and what survives.</summary>
internal static class Summary
{
    /// <summary>The last answer for each mutant: id, answer, and the test that gave it.</summary>
    public static Dictionary<int, string[]> Read(string results)
    {
        Dictionary<int, string[]> answers = [];
        foreach (string[] words in File.Exists(results) ? File.ReadLines(results).Select(line => line.Split('\t')) : [])
        {
            answers[int.Parse(words[0], CultureInfo.InvariantCulture)] = words;
        }

        return answers;
    }

    public static void Print(string report, string results)
    {
        Dictionary<int, string[]> answers = Read(results);
        List<Mutant> run = [.. Mutant.Read(report).Where(mutant => answers.ContainsKey(mutant.Id))];
        List<Mutant> alive = [.. run.Where(mutant => answers[mutant.Id][1] is "survived" or "uncovered")];
        foreach (Mutant mutant in alive)
        {
            Console.WriteLine($"{mutant.File}:{mutant.Line} {answers[mutant.Id][1]}: {mutant.Original} -> {mutant.What}");
        }

        Console.WriteLine();
        foreach (IGrouping<string, Mutant> folder in run.GroupBy(Folder).Append(new All(run)))
        {
            int killed = folder.Count() - folder.Count(alive.Contains);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {folder.Key} | {folder.Count()} | {killed} | {folder.Count(mutant => answers[mutant.Id][1] == "survived" )} | {folder.Count(mutant => answers[mutant.Id][1] == "uncovered")} | {100.0 * killed / folder.Count():0.0} % |"));
        }
    }

    private static string Folder(Mutant mutant) => mutant.File.Contains('/', StringComparison.Ordinal) ? mutant.File[..mutant.File.IndexOf('/', StringComparison.Ordinal)] : "root";

    private sealed class All(IEnumerable<Mutant> mutants) : List<Mutant>(mutants), IGrouping<string, Mutant>
    {
        public string Key => "all";
    }
}

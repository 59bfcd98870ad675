using System.Text.RegularExpressions;
using Flint.Testing;

namespace Flint.Ota.Tests.Spec;

/// <summary>From a sentence of the specification to the line that enforces it and the test that shows it; and from an edge case to its test.</summary>
public sealed partial class TraceabilityTests
{
    [Fact]
    public void EveryRequirement_HasAnEnforcingLineAndATest()
    {
        HashSet<string> required = Ids(Document("spec/ota.md"));
        HashSet<string> enforced = IdsIn(Path.Combine(VectorFile.RepositoryRoot, "src", "Ota"));
        HashSet<string> tested = IdsIn(Path.Combine(VectorFile.RepositoryRoot, "tests", "Ota.Tests"));
        IEnumerable<string> missing = required.Except(enforced).Select(id => $"{id}: no enforcing line")
            .Concat(required.Except(tested).Select(id => $"{id}: no test"))
            .Concat(enforced.Union(tested).Except(required).Select(id => $"{id}: cited, but not in the specification"));
        Assert.Equal([], missing.Order(StringComparer.Ordinal));
        Assert.True(required.Count >= 45, "The specification's ids were not found.");
    }

    [Fact]
    public void EveryEdgeCase_NamesTestsAndMutantsThatExist()
    {
        string tests = string.Concat(Sources(Path.Combine(VectorFile.RepositoryRoot, "tests", "Ota.Tests")).Select(File.ReadAllText));
        string document = Document("ota-edge-cases.md");
        Assert.All(Enumerable.Range(1, 66), number => Assert.Matches($@"(?m)^\| {number} \| .+ \| .+ \| .+ \|$", document));
        Assert.All(Ids(document.Replace("OTA-", "[OTA-", StringComparison.Ordinal)), id => Assert.Contains($"[{id}]", Document("spec/ota.md"), StringComparison.Ordinal));
        Assert.All(MethodName().Matches(document), match => Assert.Contains(match.Groups[1].Value, tests, StringComparison.Ordinal));
        Assert.All(MutantName().Matches(document), match => Assert.Contains($"\"{match.Groups[1].Value}\"", tests, StringComparison.Ordinal));
        Assert.True(MethodName().Count(document) > 20 && MutantName().Count(document) > 10);
    }

    private static string Document(string name) => File.ReadAllText(Path.Combine(VectorFile.RepositoryRoot, "docs", name));

    private static HashSet<string> IdsIn(string folder) => [.. Sources(folder).SelectMany(file => Ids(File.ReadAllText(file)))];

    private static IEnumerable<string> Sources(string folder) => Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    private static HashSet<string> Ids(string text) => [.. Id().Matches(text).Select(match => match.Groups[1].Value)];

    [GeneratedRegex(@"\[(OTA-\d{3})")]
    private static partial Regex Id();

    [GeneratedRegex(@"`(?:\w+\.)?([A-Z]\w*_\w+)(?:_…)?`")]
    private static partial Regex MethodName();

    [GeneratedRegex("mutant \"([^\"]+)\"")]
    private static partial Regex MutantName();
}

using System.Text.RegularExpressions;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>From a sentence of the specification to the line that enforces it and the test that shows it.</summary>
public sealed partial class TraceabilityTests
{
    [Fact]
    public void EveryRequirement_HasAnEnforcingLineAndATest_OrAReason()
    {
        string root = VectorFile.RepositoryRoot;
        HashSet<string> required = Ids(File.ReadAllText(Path.Combine(root, "docs", "spec", "secure-tunnel.md")));
        HashSet<string> enforced = IdsIn(Path.Combine(root, "src", "SecureTunnel"));
        HashSet<string> tested = IdsIn(Path.Combine(root, "tests", "SecureTunnel.Tests"));
        string[] exceptions = File.ReadAllLines(Path.Combine(root, "docs", "spec", "exceptions.md"));

        var missing = required.Where(id => !enforced.Contains(id) && !IsExcepted(id, "code")).Select(id => $"{id}: no enforcing line")
            .Concat(required.Where(id => !tested.Contains(id) && !IsExcepted(id, "test")).Select(id => $"{id}: no test"))
            .Concat(enforced.Union(tested).Except(required).Select(id => $"{id}: cited, but not in the specification"))
            .Concat(required.Where(id => (enforced.Contains(id) && IsExcepted(id, "code")) || (tested.Contains(id) && IsExcepted(id, "test"))).Select(id => $"{id}: excepted without need"));
        Assert.Equal([], missing.Order(StringComparer.Ordinal));
        Assert.True(required.Count >= 70, "The specification's ids were not found.");

        bool IsExcepted(string id, string what) => exceptions.Any(line =>
            line.Split('|') is [_, var name, var lacks, var why, ..] && name.Trim() == id && lacks.Contains(what, StringComparison.Ordinal) && why.Trim().Length > 20);
    }

    [Fact]
    public void EveryAttackOfTheTable_NamesATestThatExists()
    {
        string root = VectorFile.RepositoryRoot;
        string tests = string.Concat(Directory.GetFiles(Path.Combine(root, "tests", "SecureTunnel.Tests"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        string[] rows = [.. File.ReadAllLines(Path.Combine(root, "docs", "known-attacks.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(2)];
        Assert.True(rows.Length >= 15);
        foreach (string row in rows)
        {
            string shown = row.Split('|')[3].Trim();
            if (shown == "reason")
            {
                continue;
            }

            Assert.All(MethodName().Matches(shown), match => Assert.Contains(match.Value + "(", tests, StringComparison.Ordinal));
            Assert.True(MethodName().Count(shown) > 0 || tests.Contains($"class {shown}", StringComparison.Ordinal), row);
        }
    }

    private static HashSet<string> IdsIn(string folder) =>
        [.. Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(file => Ids(File.ReadAllText(file)))];

    private static HashSet<string> Ids(string text) => [.. Id().Matches(text).Select(match => match.Groups[1].Value)];

    [GeneratedRegex(@"\[(ST-\d{3})\]")]
    private static partial Regex Id();

    [GeneratedRegex(@"[A-Za-z]+_[A-Za-z_]+")]
    private static partial Regex MethodName();
}

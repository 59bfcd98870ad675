using System.Text.RegularExpressions;
using Flint.Testing;

namespace Flint.Coap.Tests;

/// <summary>Each numbered rule of docs/spec/coap-profile.md stands at the code that keeps it and at a test that shows it.</summary>
public sealed partial class TraceabilityTests
{
    public static TheoryData<string> Rules => [.. Ids(File.ReadAllText(Path.Combine(VectorFile.RepositoryRoot, "docs", "spec", "coap-profile.md"))).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Rule_StandsInTheCodeAndInATest(string id)
    {
        Assert.Contains(id, IdsOf("src/Coap"));
        Assert.Contains(id, IdsOf("tests/Coap.Tests"));
    }

    [Fact]
    public void Ids_OfTheCodeAndTheTests_AreThoseOfTheSpecification()
    {
        Assert.Empty(IdsOf("src/Coap").Except(Rules.Select(rule => rule.Data)));
        Assert.Empty(IdsOf("tests/Coap.Tests").Except(Rules.Select(rule => rule.Data)));
    }

    private static HashSet<string> IdsOf(string folder) => [.. Directory.EnumerateFiles(Path.Combine(VectorFile.RepositoryRoot, folder), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
        .SelectMany(file => Ids(File.ReadAllText(file)))];

    private static IEnumerable<string> Ids(string text) => Rule().Matches(text).Select(match => match.Value).Distinct();

    [GeneratedRegex(@"\[C-\d+\]")]
    private static partial Regex Rule();
}

using System.Text.RegularExpressions;
using Flint.Testing;

namespace Flint.Integration.Tests;

/// <summary>A document that says "shown by" names tests that exist.</summary>
public sealed partial class DocumentTests
{
    private static readonly Lazy<HashSet<string>> TestNames = new(() => [.. Directory
        .GetFiles(Path.Combine(VectorFile.RepositoryRoot, "tests"), "*.cs", SearchOption.AllDirectories)
        .SelectMany(file => Identifier().Matches(File.ReadAllText(file)).Select(match => match.Value))]);

    [Theory]
    [InlineData("docs/threat-model.md")]
    [InlineData("docs/known-attacks.md")]
    public void Document_NamesATest_ThatExists(string document)
    {
        string text = File.ReadAllText(Path.Combine(VectorFile.RepositoryRoot, document));
        string[] named = [.. TestName().Matches(text).Select(match => match.Value).Distinct()];

        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains(name, TestNames.Value));
    }

    /// <summary>Subject_Condition_Outcome, or a class of tests.</summary>
    [GeneratedRegex(@"\b[A-Z][A-Za-z0-9]+_[A-Za-z0-9_]+\b|\b[A-Z][A-Za-z0-9_]+(?:Tests|Properties)\b")]
    private static partial Regex TestName();

    [GeneratedRegex(@"\b[A-Z][A-Za-z0-9_]+\b")]
    private static partial Regex Identifier();
}

using System.Text.RegularExpressions;
using Flint.Testing;

namespace Flint.Integration.Tests;

/// <summary>Each C# block of a README is a part of samples/Snippets, so that what a newcomer copies compiles.</summary>
public sealed partial class ReadmeTests
{
    public static TheoryData<string> Readmes()
    {
        var data = new TheoryData<string>("README.md");
        foreach (string file in Directory.GetFiles(Path.Combine(VectorFile.RepositoryRoot, "src"), "README.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            data.Add(Path.GetRelativePath(VectorFile.RepositoryRoot, file));
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Readmes))]
    public void Readme_CSharpBlock_StandsInSnippets(string readme)
    {
        HashSet<string> snippets = [.. Directory
            .GetFiles(Path.Combine(VectorFile.RepositoryRoot, "samples", "Snippets"), "*.cs")
            .SelectMany(file => Snippet().Matches(File.ReadAllText(file)).Select(match => Normalise(match.Groups["code"].Value)))];

        string text = File.ReadAllText(Path.Combine(VectorFile.RepositoryRoot, readme));
        MatchCollection blocks = Block().Matches(text);

        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Contains(Normalise(block.Groups["code"].Value), snippets));
    }

    /// <summary>Lines without the indentation that they share, which is the only difference allowed.</summary>
    private static string Normalise(string code)
    {
        string[] lines = code.ReplaceLineEndings("\n").Trim('\n').Split('\n');
        int indent = lines.Where(line => line.Trim().Length > 0).Select(line => line.Length - line.TrimStart().Length).DefaultIfEmpty(0).Min();
        return string.Join('\n', lines.Select(line => line.Length < indent ? "" : line[indent..].TrimEnd())).Trim('\n');
    }

    [GeneratedRegex(@"^[ \t]*// <snippet>[ \t]*\r?\n(?<code>.*?)^[ \t]*// </snippet>", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Snippet();

    [GeneratedRegex(@"^```csharp\r?\n(?<code>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();
}

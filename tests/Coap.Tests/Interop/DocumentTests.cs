using System.Reflection;
using System.Text.RegularExpressions;
using Flint.Testing;

namespace Flint.Coap.Tests.Interop;

/// <summary>docs/interop.md names tests that exist.</summary>
public sealed partial class DocumentTests
{
    [Fact]
    public void Document_NamesTestsThatExist()
    {
        string text = File.ReadAllText(Path.Combine(VectorFile.RepositoryRoot, "docs", "interop.md"));
        string[] named = [.. NamedTest().Matches(text).Select(match => match.Groups[1].Value).Distinct()];
        HashSet<string> tests = [.. typeof(DocumentTests).Assembly.GetTypes().Where(type => type.Namespace == typeof(DocumentTests).Namespace)
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly), (type, method) => $"{type.Name}.{method.Name}")];

        Assert.True(named.Length > 20);
        Assert.All(named, name => Assert.Contains(name, tests));
    }

    [GeneratedRegex("`([A-Za-z]+Tests\\.[A-Za-z0-9_]+)`")]
    private static partial Regex NamedTest();
}

using Flint.Testing;

namespace Flint.Device.Nano.Tests.Costs;

/// <summary>docs/device-costs.md: what was counted is a row of it.</summary>
internal static class CostDocument
{
    public static void AssertHolds(params string[] rows)
    {
        string document = File.ReadAllText(Path.Combine(VectorFile.RepositoryRoot, "docs", "device-costs.md"));
        Assert.True(rows.All(row => document.Contains(row, StringComparison.Ordinal)), "docs/device-costs.md differs from\n" + string.Join('\n', rows));
    }
}

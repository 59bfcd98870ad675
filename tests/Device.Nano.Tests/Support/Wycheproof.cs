using System.Text.Json;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Support;

/// <summary>Project Wycheproof's vectors, where they are at hand: in FLINT_WYCHEPROOF, or in shared/vectors/wycheproof beside the repository.</summary>
internal static class Wycheproof
{
    /// <summary>Calls <paramref name="check"/> with each test and its group; skips where the file is not there.</summary>
    /// <returns>How many tests there were.</returns>
    public static int ForEach(string file, Action<JsonElement, JsonElement> check)
    {
        string folder = Environment.GetEnvironmentVariable("FLINT_WYCHEPROOF")
            ?? Path.Combine(VectorFile.RepositoryRoot, "..", "shared", "vectors", "wycheproof");
        string path = Path.Combine(folder, file);
        Assert.SkipUnless(File.Exists(path), $"{file} is not at hand; FLINT_WYCHEPROOF names the folder that holds it.");
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        int count = 0;
        foreach (JsonElement group in document.RootElement.GetProperty("testGroups").EnumerateArray())
        {
            foreach (JsonElement test in group.GetProperty("tests").EnumerateArray())
            {
                check(group, test);
                count++;
            }
        }

        return count;
    }

    public static bool IsValid(this JsonElement test) => test.GetProperty("result").GetString() == "valid";

    public static string Id(this JsonElement test) => $"tcId {test.GetProperty("tcId")}: {test.GetProperty("comment")}";
}

using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Flint.Testing;

/// <summary>Finds and reads the committed test vectors in docs/spec/vectors, wherever the tests run from.</summary>
public static class VectorFile
{
    /// <summary>The folder that holds Libraries.sln, found from this source file or from the folder of the test binaries.</summary>
    public static string RepositoryRoot { get; } = FindRoot();

    /// <summary>Opens docs/spec/vectors/<paramref name="relativePath"/> as JSON.</summary>
    public static JsonDocument Open(string relativePath) => JsonDocument.Parse(File.ReadAllBytes(PathOf(relativePath)));

    /// <summary>The full path of docs/spec/vectors/<paramref name="relativePath"/>.</summary>
    public static string PathOf(string relativePath) => Path.Combine(RepositoryRoot, "docs", "spec", "vectors", relativePath);

    /// <summary>Reads a property that holds bytes as hexadecimal digits; spaces between bytes are allowed.</summary>
    public static byte[] Hex(this JsonElement element, string property) =>
        Convert.FromHexString(element.GetProperty(property).GetString()!.Replace(" ", "", StringComparison.Ordinal));

    private static string FindRoot([CallerFilePath] string sourceFile = "")
    {
        foreach (string? start in new[] { AppContext.BaseDirectory, Path.GetDirectoryName(sourceFile) })
        {
            for (string? folder = start; folder is not null; folder = Path.GetDirectoryName(folder))
            {
                if (File.Exists(Path.Combine(folder, "Libraries.sln")))
                {
                    return folder;
                }
            }
        }

        throw new DirectoryNotFoundException("No folder above the tests holds Libraries.sln.");
    }
}

using System.Text.RegularExpressions;
using System.Xml.Linq;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Conformance;

/// <summary>What a project for the device (.nfproj) compiles, and which assemblies of ours are on a device that loads its own.</summary>
public sealed class DeviceProject
{
    private readonly HashSet<string> _files;
    private readonly List<DeviceProject> _references;

    private DeviceProject(HashSet<string> files, List<DeviceProject> references)
    {
        _files = files;
        _references = references;
    }

    /// <summary>Reads the project at <paramref name="path"/>, in the repository, and those that it refers to.</summary>
    public static DeviceProject Read(string path)
    {
        string full = Path.Combine(VectorFile.RepositoryRoot, path);
        string folder = Path.GetDirectoryName(full)!;
        XElement project = XElement.Load(full);
        HashSet<string> files = [];
        foreach (XElement compile in project.Descendants("Compile"))
        {
            List<Regex> excluded = [.. Patterns(folder, (string?)compile.Attribute("Exclude") ?? "")];
            foreach (Regex pattern in Patterns(folder, (string)compile.Attribute("Include")!))
            {
                int before = files.Count;
                files.UnionWith(Sources.Where(file => pattern.IsMatch(file) && !excluded.Exists(exclusion => exclusion.IsMatch(file))));
                Assert.True(files.Count > before, $"{path}: {pattern} stands for no file");
            }
        }

        return new DeviceProject(files, [.. project.Descendants("ProjectReference").Select(other => Read(Path.Combine(folder, (string)other.Attribute("Include")!)))]);
    }

    /// <summary>Whether the project's own assembly holds <paramref name="file"/>, which is named from the repository's root.</summary>
    public bool Compiles(string file) => _files.Contains(file);

    /// <summary>Whether the device has <paramref name="file"/> where it loads this project's assembly: in it, or in one that it refers to.</summary>
    public bool Loads(string file) => Compiles(file) || _references.Exists(other => other.Loads(file));

    /// <summary>Every source that such a project may name.</summary>
    private static readonly List<string> Sources = [.. new[] { "src", "samples", "tests" }
        .SelectMany(folder => Directory.GetFiles(Path.Combine(VectorFile.RepositoryRoot, folder), "*.cs", SearchOption.AllDirectories))
        .Select(file => Path.GetRelativePath(VectorFile.RepositoryRoot, file).Replace('\\', '/'))];

    private static IEnumerable<Regex> Patterns(string folder, string list) =>
        from item in list.Split(';', StringSplitOptions.RemoveEmptyEntries)
        let path = Path.GetRelativePath(VectorFile.RepositoryRoot, Path.GetFullPath(Path.Combine(folder, item))).Replace('\\', '/')
        let pattern = Regex.Escape(path).Replace(@"/\*\*/", "/(.*/)?", StringComparison.Ordinal).Replace(@"/\*\*", "/.*", StringComparison.Ordinal)
            .Replace(@"\*", "[^/]*", StringComparison.Ordinal)
        select new Regex($"^{pattern}$");
}

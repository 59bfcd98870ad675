using System.Diagnostics;
using System.IO.Compression;
using System.Xml.Linq;
using Flint.Testing;

namespace Flint.Integration.Tests;

/// <summary>Packs the packages and uses them as a user would: from a folder, in a project that knows nothing of this repository.</summary>
public sealed class PackagesTests : IDisposable
{
    private static readonly string[] Projects = ["Coap", "SecureTunnel", "Ota", "Ota.Testing", "Device.Nano"];
    private static readonly string[] NanoFiles = [..
        from generation in (string[])["netnano1.0", "netnano2.0"]
        from assembly in (string[])["Flint.Device.Nano", "Flint.Device.Nano.Parts"]
        from extension in (string[])["dll", "pdb", "pdbx", "pe", "xml"]
        select $"{generation}/{assembly}.{extension}"];

    private readonly string _folder = Directory.CreateTempSubdirectory("flint-packages-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Packages_PackedAndConsumed_WorkInAProjectOfTheirOwn()
    {
        string packages = Path.Combine(_folder, "packages");
        foreach (string project in Projects)
        {
            Run(VectorFile.RepositoryRoot, "pack", Path.Combine("src", project, project + ".csproj"), "-c", "Release", "-o", packages, "-v", "quiet", "-p:NanoOutput=" + WriteNanoOutput());
        }

        foreach (string project in Projects)
        {
            using ZipArchive archive = ZipFile.OpenRead(AssertContents(packages, "Flint." + project));
            if (project == "Device.Nano")
            {
                AssertNanoContents(archive);
                AssertNanoSourcesCompile(archive);
            }
        }

        string consumer = Path.Combine(_folder, "consumer");
        Directory.CreateDirectory(consumer);
        foreach (string file in Directory.GetFiles(Path.Combine(VectorFile.RepositoryRoot, "tests", "Integration.Tests", "Consumer")))
        {
            File.Copy(file, Path.Combine(consumer, Path.GetFileName(file).Replace(".txt", "", StringComparison.Ordinal)));
        }

        File.WriteAllText(Path.Combine(consumer, "nuget.config"), $"""
            <configuration>
              <packageSources><add key="flint" value="{packages}" /></packageSources>
            </configuration>
            """);

        string output = Run(consumer, "run", "-c", "Release");
        Assert.Equal("coap ok\ntunnel ok\nota ok\nnano ok", output.ReplaceLineEndings("\n").Trim());
    }

    /// <summary>What the projects for the device leave where they can be built, with some text for content.</summary>
    private string WriteNanoOutput()
    {
        string output = Path.Combine(_folder, "nano") + "/";
        foreach (string file in NanoFiles)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(output + file)!);
            File.WriteAllText(output + file, file);
        }

        return output;
    }

    /// <summary>The layout that nanoFramework's projects load from, and every source, where the projects beside them look for it.</summary>
    private static void AssertNanoContents(ZipArchive archive)
    {
        foreach (string file in NanoFiles)
        {
            using var content = new StreamReader(archive.GetEntry("lib/" + file)!.Open());
            Assert.Equal(file, content.ReadToEnd());
        }

        HashSet<string> names = [.. archive.Entries.Select(entry => entry.FullName)];
        Assert.Contains("src/Device.Nano/nano/Flint.Device.Nano.nfproj", names);
        Assert.Contains("src/Device.Nano/Parts/nano/Flint.Device.Nano.Parts.nfproj", names);
        string[] sources = [.. new[] { "src/Device.Nano", "src/Ota/Device" }
            .SelectMany(folder => Directory.GetFiles(Path.Combine(VectorFile.RepositoryRoot, folder), "*.cs", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(VectorFile.RepositoryRoot, file).Replace('\\', '/'))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal))];
        Assert.True(sources.Length > 100);
        Assert.All(sources, file => Assert.Contains(file, names));
    }

    /// <summary>Both lists of files that the device's projects give, each an assembly of its own over the package's sources; .NET stands in for the device.</summary>
    private void AssertNanoSourcesCompile(ZipArchive archive)
    {
        string folder = Path.Combine(_folder, "sources");
        archive.ExtractToDirectory(folder);
        foreach (string name in (string[])["nano/Flint.Device.Nano", "Parts/nano/Flint.Device.Nano.Parts"])
        {
            string project = Path.Combine(folder, "src/Device.Nano", name);
            XElement device = XElement.Load(project + ".nfproj");
            device.SetAttributeValue("Sdk", "Microsoft.NET.Sdk");
            device.Descendants("PackageReference").Remove();
            device.Descendants("TargetFramework").Single().Value = "net10.0";
            device.Descendants("OutputPath").Remove();
            foreach (XElement other in device.Descendants("ProjectReference"))
            {
                other.SetAttributeValue("Include", ((string)other.Attribute("Include")!).Replace(".nfproj", ".csproj", StringComparison.Ordinal));
            }

            if (!name.EndsWith(".Parts", StringComparison.Ordinal))
            {
                device.Add(new XElement("ItemGroup", new XElement("Compile", new XAttribute("Include", "../Board/Shims/*.cs"))));
            }

            device.Save(project + ".csproj");
        }

        Run(Path.Combine(folder, "src/Device.Nano/Parts/nano"), "build", "Flint.Device.Nano.Parts.csproj", "-c", "Release", "-v", "quiet", "--nologo");
    }

    private static string AssertContents(string packages, string id)
    {
        string package = Assert.Single(Directory.GetFiles(packages, id + ".*.nupkg"), file => Path.GetFileName(file)[id.Length + 1] is >= '0' and <= '9');
        Assert.True(File.Exists(Path.ChangeExtension(package, ".snupkg")), $"{id} has no symbol package.");

        using ZipArchive archive = ZipFile.OpenRead(package);
        HashSet<string> names = [.. archive.Entries.Select(entry => entry.FullName)];
        Assert.Contains("README.md", names);
        Assert.Contains("icon.png", names);
        Assert.Contains($"lib/net10.0/{id}.dll", names);
        Assert.Contains($"lib/net10.0/{id}.xml", names);

        using Stream stream = archive.GetEntry(id + ".nuspec")!.Open();
        XElement metadata = XDocument.Load(stream).Root!.Elements().First();
        XNamespace ns = metadata.Name.Namespace;
        Assert.Equal("Apache-2.0", metadata.Element(ns + "license")!.Value);

        // The packages are independent; only the test kit of the engine needs the engine.
        string[] allowed = id == "Flint.Ota.Testing" ? ["Flint.Ota"] : [];
        IEnumerable<string> own = metadata.Descendants(ns + "dependency").Select(dependency => dependency.Attribute("id")!.Value).Where(name => name.StartsWith("Flint.", StringComparison.Ordinal));
        Assert.Equal(allowed, own);
        return package;
    }

    private string Run(string workingDirectory, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = workingDirectory, RedirectStandardOutput = true, RedirectStandardError = true };

        // A cache of its own: the version of a package that is not published yet is no key to what is in it.
        start.Environment["NUGET_PACKAGES"] = workingDirectory == VectorFile.RepositoryRoot ? start.Environment.TryGetValue("NUGET_PACKAGES", out string? own) ? own : null : Path.Combine(_folder, "cache");
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        foreach (string inherited in start.Environment.Keys.Where(key => key.StartsWith("MSBUILD", StringComparison.Ordinal) && key != "MSBUILDDISABLENODEREUSE" || key.StartsWith("VSTEST", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(inherited);
        }

        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{output}\n{error.Result}");
        return output;
    }
}

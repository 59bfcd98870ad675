using System.Reflection;
using System.Runtime.Loader;
using Flint.Testing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Flint.Ota.Tests.Mutants;

/// <summary>The tester is tested: each mutant of the device core has to be found by the proof. The core and the proof are compiled together, with the change.</summary>
public sealed class MutantTests
{
    // Of the cuts with a read after them, one in so many.
    private const int Slices = 29;

    private static readonly string Source = Path.Combine(VectorFile.RepositoryRoot, "src");

    private static readonly SyntaxTree[] Trees = [.. new[] { "Ota", "Ota.Testing" }
        .SelectMany(folder => Directory.GetFiles(Path.Combine(Source, folder), "*.cs", SearchOption.AllDirectories))
        .Where(file => !IsBuildOutput(file, "obj") && !IsBuildOutput(file, "bin"))
        .Select(file => CSharpSyntaxTree.ParseText(
            File.ReadAllText(file).ReplaceLineEndings("\n"), new CSharpParseOptions(LanguageVersion.Preview), file))];

    private static readonly MetadataReference[] References = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator)
        .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal) || Path.GetFileName(path) is "netstandard.dll" or "Microsoft.Win32.Primitives.dll")
        .Select(path => MetadataReference.CreateFromFile(path))];

    // What a mutant needs and the core does not have.
    private static readonly Dictionary<string, string> Helpers = new()
    {
        ["OtaStateLog.cs"] = """
                private int NextBlank()
                {
                    int slot = 0;
                    while (slot < Slots(_block) && _flash.Read(Address(_block, slot), _readBack, 0, _readBack.Length)
                        && !OtaBytes.AllEqual(_readBack, 0, _readBack.Length, _flash.ErasedValue))
                    {
                        slot++;
                    }

                    return slot;
                }

            """,
        ["OtaDownload.cs"] = """
                private byte[] Erased(int length)
                {
                    byte[] bytes = new byte[length];
                    OtaBytes.Fill(bytes, 0, length, _flash.ErasedValue);
                    return bytes;
                }

            """,
    };

    public static TheoryData<string> Names() => [.. Mutant.All.Select(mutant => mutant.ToString())];

    [Theory]
    [MemberData(nameof(Names))]
    public void Mutant_IsKilled(string name)
    {
        Mutant mutant = Mutant.All.Single(one => one.ToString() == name);
        Assert.NotEqual("", Prove([mutant], mutant.Board, mutant.HasEcc, mutant.WriteUnit, mutant.Phase, mutant.AfterCuts));
    }

    public static TheoryData<string> CoveredNames() => [.. Mutant.Covered.Select(mutant => mutant.ToString())];

    /// <summary>Whoever takes the layer away that answers first finds it here.</summary>
    [Theory]
    [MemberData(nameof(CoveredNames))]
    public void Mutant_ThatAnotherLayerAnswers_Lives(string name)
    {
        Mutant mutant = Mutant.Covered.Single(one => one.ToString() == name);
        Assert.Equal("", Prove([mutant], mutant.Board, mutant.HasEcc, mutant.WriteUnit, mutant.Phase));
        Assert.Contains($"| {mutant.Name} ({mutant.Rule}) |", File.ReadAllText(Path.Combine(Source, "..", "docs", "ota-proof.md")), StringComparison.Ordinal);
    }

    /// <summary>A driver's proof sees what the engine may not do with it, whatever the driver forgives.</summary>
    [Fact]
    public void DriverProof_OverAnEngineThatSkipsErases_FindsP7()
    {
        var context = new AssemblyLoadContext("driver", isCollectible: true);
        try
        {
            Mutant skips = Mutant.All.Single(mutant => mutant.Name == "skip the erase of a segment that reads erased");
            Assembly assembly = context.LoadFromStream(Compile([skips with { New = "            if (false)" }]));
            Type Named(string name) => assembly.GetType(name, throwOnError: true)!;
            object flash = Activator.CreateInstance(Named("Flint.Ota.MemoryFlash"), [40 * 1024, 1024, 1, (byte)0xFF])!;
            object layout = Named("Flint.Ota.OtaLayout").GetMethod("Divide")!.Invoke(null, [flash, false])!;
            Type proofType = Named("Flint.Ota.Testing.OtaDriverProof");
            using var proof = (IDisposable)Activator.CreateInstance(proofType, ["mutant", flash, layout, 2900])!;
            Assert.StartsWith("P7: a program at ", (string)proofType.GetMethod("Replay")!.Invoke(proof, ["TwoUpdates phase=0 faults="])!, StringComparison.Ordinal);
        }
        finally
        {
            context.Unload();
        }
    }

    public static TheoryData<string, string> Pairs() => [.. Mutant.All
        .Where(mutant => mutant.Board == "Small" && !mutant.HasEcc && mutant.WriteUnit == 8 && !mutant.AfterCuts)
        .Chunk(2)
        .Where(pair => pair.Length == 2)
        .Where((_, i) => i % 2 == 0)
        .Select(pair => (pair[0].ToString(), pair[1].ToString()))];

    /// <summary>Two at once do not hide each other: a fixed slice of the pairs, neighbours in the list, which break the same rule or the next.</summary>
    [Theory]
    [MemberData(nameof(Pairs))]
    public void MutantPair_IsKilled(string first, string second) =>
        Assert.NotEqual("", Prove([.. Mutant.All.Where(one => one.ToString() == first || one.ToString() == second)], "Small", hasEcc: false));

    [Theory]
    [InlineData("Small", false, false)]
    [InlineData("Small", true, false)]
    [InlineData("Swap", false, false)]
    [InlineData("Small", false, true)]
    [InlineData("Swap", false, true)]
    public void Unchanged_Survives(string board, bool hasEcc, bool afterCuts) => Assert.Equal("", Prove([], board, hasEcc, phase: afterCuts ? 0 : 1, afterCuts: afterCuts));

    [Fact]
    public void EveryRule_HasAMutant() =>
        Assert.All(Enumerable.Range(1, 10), i => Assert.Contains(Mutant.All, mutant => mutant.Rule == $"R{i}"));

    /// <returns>The first failure that the proof finds; empty where it finds none.</returns>
    private static string Prove(Mutant[] mutants, string boardName, bool hasEcc, int writeUnit = 8, int phase = 1, bool afterCuts = false)
    {
        var context = new AssemblyLoadContext(mutants.Length > 0 ? mutants[0].Name : "unchanged", isCollectible: true);
        try
        {
            Assembly assembly = context.LoadFromStream(Compile(mutants));
            Type board = assembly.GetType("Flint.Ota.Testing.OtaBoard", throwOnError: true)!;
            Type proofType = assembly.GetType("Flint.Ota.Testing.OtaProof", throwOnError: true)!;
            Array scenarios = Enum.GetValues(assembly.GetType("Flint.Ota.Testing.OtaScenario", throwOnError: true)!);
            object small = board.GetMethod(boardName)!.Invoke(null, [writeUnit, hasEcc, (byte)0xFF])!;
            using var proof = (IDisposable)Activator.CreateInstance(proofType, small)!;
            foreach (object scenario in scenarios)
            {
                if (!(bool)proofType.GetMethod("Supports")!.Invoke(proof, [scenario])!)
                {
                    continue;
                }

                string[] plays = afterCuts ? ["RunReadsAfterCuts"] : ["RunSingles", "RunReads", "RunStarts", "RunCaches"];
                object? report = plays
                    .Select(run => proofType.GetMethod(run)!.Invoke(proof, afterCuts ? [scenario, phase, 0, Slices] : [scenario, phase])!)
                    .FirstOrDefault(one => Failures(one) > 0);
                if (report is not null)
                {
                    // The line plays the run again, to the same end, and the flash after it was printed.
                    string[] line = ((IReadOnlyList<string>)report.GetType().GetProperty("Lines")!.GetValue(report)!)[0].Split('\t');
                    Assert.Equal(line[1], proofType.GetMethod("Replay")!.Invoke(proof, [line[0]]));
                    Assert.NotEqual("", report.GetType().GetProperty("FlashDump")!.GetValue(report));
                    return line[1];
                }
            }

            return "";
        }
        catch (Exception e) when (mutants.Length > 0 && e is TargetInvocationException)
        {
            return e.InnerException!.Message;
        }
        finally
        {
            context.Unload();
        }
    }

    private static int Failures(object report) => (int)report.GetType().GetProperty("Failures")!.GetValue(report)!;

    private static bool IsBuildOutput(string file, string folder) =>
        file.Contains($"{Path.DirectorySeparatorChar}{folder}{Path.DirectorySeparatorChar}", StringComparison.Ordinal);

    private static MemoryStream Compile(Mutant[] mutants)
    {
        int changed = 0;
        SyntaxTree[] trees = [.. Trees.Select(tree =>
        {
            Mutant[] here = [.. mutants.Where(mutant => mutant.File == Path.GetFileName(tree.FilePath))];
            if (here.Length == 0)
            {
                return tree;
            }

            string text = tree.ToString();
            foreach (Mutant mutant in here)
            {
                Assert.Equal(2, text.Split(mutant.Old).Length);
                text = text.Replace(mutant.Old, mutant.New, StringComparison.Ordinal);
                if (mutant.Also is var (old, also))
                {
                    Assert.Equal(2, text.Split(old).Length);
                    text = text.Replace(old, also, StringComparison.Ordinal);
                }

                changed++;
            }

            if (Helpers.TryGetValue(here[0].File, out string? helper))
            {
                text = text[..text.LastIndexOf('}')] + helper + "}\n";
            }

            return CSharpSyntaxTree.ParseText(text, (CSharpParseOptions)tree.Options, tree.FilePath);
        })];
        Assert.Equal(mutants.Length, changed);

        var compilation = CSharpCompilation.Create(
            "Flint.Mutant", trees, References,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, checkOverflow: true, optimizationLevel: OptimizationLevel.Release, nullableContextOptions: NullableContextOptions.Enable));
        var stream = new MemoryStream();
        Microsoft.CodeAnalysis.Emit.EmitResult result = compilation.Emit(stream);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Take(5)));
        stream.Position = 0;
        return stream;
    }
}

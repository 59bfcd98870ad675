using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace Flint.Mutation;

/// <summary>
/// The process that runs tests beside mutants. It reads lines <c>ID TEST TEST …</c> and answers each with <c>survived</c>, <c>killed TEST REASON</c> or <c>timeout TEST</c>, behind
/// which it ends: a mutant that hangs keeps what it holds. <c>cover</c> in place of an id lists what each test covers.
/// </summary>
internal static class Worker
{
    private const BindingFlags Static = BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <param name="folder">Where the assemblies are.</param>
    /// <param name="first">A mutant that is on before any static state of the product or of the tests exists; -1 for none.</param>
    public static void Serve(string folder, int first)
    {
        TextWriter answers = Console.Out;
        Console.SetOut(TextWriter.Null);
        AssemblyLoadContext.Default.Resolving += (context, name) =>
            Path.Combine(folder, name.Name + ".dll") is var path && File.Exists(path) ? context.LoadFromAssemblyPath(path) : null;
        Assembly product = AssemblyLoadContext.Default.LoadFromAssemblyPath(Path.Combine(folder, "Flint.SecureTunnel.dll"));
        Assembly tests = AssemblyLoadContext.Default.LoadFromAssemblyPath(Path.Combine(folder, "Flint.SecureTunnel.Tests.dll"));
        Type control = product.GetTypes().Single(type => type.Name == "MutantControl");
        FieldInfo active = control.GetField("ActiveMutant", Static)!;
        active.SetValue(null, first);
        control.GetMethod("InitCoverage", Static)?.Invoke(null, null);
        control.GetField("CaptureCoverage", Static)!.SetValue(null, first == Covering);
        bool started = TryStart(product, tests, out List<TestCase> cases);
        answers.WriteLine(started ? "ready" : "killed at-start");
        while (started && Console.ReadLine() is string line)
        {
            string[] words = line.Split(' ');
            if (first == Covering)
            {
                Cover(control, cases, answers);
                break;
            }

            active.SetValue(null, int.Parse(words[0], CultureInfo.InvariantCulture));
            string answer = RunAll(cases.Where(test => words.Contains(test.Name)).OrderBy(test => Array.IndexOf(words, test.Name)));
            active.SetValue(null, first);
            answers.WriteLine(answer);
            if (answer.StartsWith("timeout", StringComparison.Ordinal))
            {
                break;
            }
        }

        answers.Flush();
        Environment.Exit(0);
    }

    /// <summary>Makes every static state now, so that no mutant that is switched on later gets into it.</summary>
    private static bool TryStart(Assembly product, Assembly tests, out List<TestCase> cases)
    {
        try
        {
            foreach (Type type in product.GetTypes().Concat(tests.GetTypes()).Where(type => !type.ContainsGenericParameters && type.Name != "MutantControl"))
            {
                RuntimeHelpers.RunClassConstructor(type.TypeHandle);
            }

            cases = TestCase.Find(tests);
            return true;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            cases = [];
            return false;
        }
    }

    private static string RunAll(IEnumerable<TestCase> cases)
    {
        foreach (TestCase test in cases)
        {
            string? failure = test.Run(Limit);
            if (failure is not null)
            {
                return failure == TestCase.Stuck ? $"timeout {test.Name}" : $"killed {test.Name} {failure}";
            }
        }

        return "survived";
    }

    /// <summary>
    /// Writes <c>TEST MILLISECONDS IDS</c> for each test that passes, and first of all for what is made once; then an empty line. Each test runs twice: the second time shows how long it takes.
    /// </summary>
    private static void Cover(Type control, List<TestCase> cases, TextWriter answers)
    {
        MethodInfo reset = control.GetMethod("ResetCoverage", Static)!;
        MethodInfo get = control.GetMethod("GetCoverageData", Static)!;
        string Covered() => string.Join(',', ((Array)get.Invoke(null, null)!).Cast<IList>().SelectMany(list => list.Cast<int>().ToArray()).Distinct());
        answers.WriteLine($"{AtStart} 0 {Covered()}");
        foreach (TestCase test in cases)
        {
            reset.Invoke(null, null);
            string? failure = test.Run(TimeSpan.FromMinutes(2));
            string covered = Covered();
            var clock = Stopwatch.StartNew();
            failure ??= test.Run(TimeSpan.FromMinutes(2));
            answers.WriteLine(failure is null
                ? string.Create(CultureInfo.InvariantCulture, $"{test.Name} {clock.Elapsed.TotalMilliseconds:0.0} {covered}")
                : $"{test.Name} fails {failure}");
        }

        answers.WriteLine();
    }

    /// <summary>In place of the first mutant: list what each test covers.</summary>
    public const int Covering = -2;

    /// <summary>In place of a test: what is made once, before the first test.</summary>
    public const string AtStart = "(start)";
}

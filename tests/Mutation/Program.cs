using System.Globalization;

namespace Flint.Mutation;

/// <summary>Measures a mutation score: docs/mutation.md says how the two inputs are made.</summary>
internal static class Program
{
    private const string Usage = """
        mutation run FOLDER REPORT RESULTS [MILLISECONDS]
          FOLDER        the test project's output, in it the assembly of Flint.SecureTunnel that holds every mutant
          REPORT        the mutation-report.json that lists them
          RESULTS       a file to append one line a mutant to; mutants that it has already are not run again unless they survived
          MILLISECONDS  the longest test that is used (400)
        mutation show REPORT RESULTS
        """;

    private static int Main(string[] args)
    {
        switch (args)
        {
            case ["worker", string folder, string first]:
                Worker.Serve(folder, int.Parse(first, CultureInfo.InvariantCulture));
                return 0;
            case ["run", string folder, string report, string results, ..]:
                Campaign.Run(Path.GetFullPath(folder), report, results, args.Length > 4 ? double.Parse(args[4], CultureInfo.InvariantCulture) : 400);
                return 0;
            case ["show", string report, string results]:
                Summary.Print(report, results);
                return 0;
            default:
                Console.Error.WriteLine(Usage);
                return 2;
        }
    }
}

using System.Diagnostics;
using System.Globalization;

namespace Flint.Mutation;

/// <summary>Runs each mutant beside the tests that cover it, those that killed last first, until one fails.</summary>
internal sealed class Campaign : IDisposable
{
    private readonly string _folder;
    private readonly List<string> _killers = [];
    private HashSet<int> _madeOnce = [];
    private Process? _worker;

    private Campaign(string folder) => _folder = folder;

    public static void Run(string folder, string report, string results, double longest)
    {
        Dictionary<int, string[]> known = Summary.Read(results);
        using var campaign = new Campaign(folder);
        List<Test> tests = campaign.Cover(Path.ChangeExtension(results, ".cover"));
        using var output = new StreamWriter(results, append: true) { AutoFlush = true };
        foreach (Mutant mutant in Mutant.Read(report))
        {
            if (known.TryGetValue(mutant.Id, out string[]? before) && before[1] is not ("survived" or "uncovered"))
            {
                continue;
            }

            string answer = campaign.Judge(mutant, [.. tests.Where(test => test.Milliseconds <= longest)]);
            output.WriteLine($"{mutant.Id}\t{answer.Replace(' ', '\t')}");
        }
    }

    public void Dispose() => Stop();

    private sealed record Test(string Name, double Milliseconds, HashSet<int> Covered);

    private string Judge(Mutant mutant, List<Test> tests)
    {
        List<Test> covering = [.. tests.Where(test => test.Covered.Contains(mutant.Id)).OrderBy(test => _killers.LastIndexOf(test.Name) is var rank && rank >= 0 ? -1 - rank : test.Milliseconds)];
        string answer = covering.Count == 0 ? "uncovered" : Ask(mutant.Id, covering, first: -1);
        if (answer is "survived" or "uncovered" && _madeOnce.Contains(mutant.Id))
        {
            answer = Ask(mutant.Id, [.. (covering.Count == 0 ? tests : covering).OrderBy(test => test.Milliseconds).Take(InOwnProcess)], first: mutant.Id);
        }

        if (answer.Split(' ') is ["killed", string killer, ..])
        {
            _killers.Remove(killer);
            _killers.Add(killer);
        }

        return answer;
    }

    private string Ask(int id, List<Test> tests, int first)
    {
        if (first >= 0)
        {
            Stop();
        }

        string answer = "killed process-ended";
        try
        {
            answer = Start(first) ?? answer;
            if (answer == "ready")
            {
                _worker!.StandardInput.WriteLine($"{id} {string.Join(' ', tests.Select(test => test.Name))}");
                _worker.StandardInput.Flush();
                Task<string?> reading = _worker.StandardOutput.ReadLineAsync();
                answer = reading.Wait(Patience) ? reading.Result ?? "killed process-ended" : "timeout all";
            }
        }
        catch (IOException)
        {
            Stop();
        }

        if (first >= 0 || answer.StartsWith("timeout", StringComparison.Ordinal) || answer.StartsWith("killed process-ended", StringComparison.Ordinal))
        {
            Stop();
        }

        return answer;
    }

    private string? Start(int first)
    {
        if (_worker is not null)
        {
            return "ready";
        }

        _worker = Process.Start(new ProcessStartInfo("dotnet", [typeof(Campaign).Assembly.Location, "worker", _folder, first.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _worker.ErrorDataReceived += static (_, _) => { };
        _worker.BeginErrorReadLine();
        Task<string?> ready = _worker.StandardOutput.ReadLineAsync();
        return ready.Wait(Patience) ? ready.Result : "timeout at-start";
    }

    private void Stop()
    {
        if (_worker is not null)
        {
            _worker.Kill(entireProcessTree: true);
            _worker.Dispose();
            _worker = null;
        }
    }

    private List<Test> Cover(string kept)
    {
        if (!File.Exists(kept))
        {
            using var output = new StreamWriter(kept);
            Start(Worker.Covering);
            _worker!.StandardInput.WriteLine();
            _worker.StandardInput.Flush();
            while (_worker.StandardOutput.ReadLine() is { Length: > 0 } line)
            {
                output.WriteLine(line);
            }

            Stop();
        }

        List<Test> tests = [];
        foreach (string[] words in File.ReadLines(kept).Select(line => line.Split(' ')))
        {
            if (words[1] == "fails")
            {
                Console.Error.WriteLine($"left out, for it fails without a mutant: {string.Join(' ', words)}");
                continue;
            }

            HashSet<int> ids = [.. words[2].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture))];
            if (words[0] == Worker.AtStart)
            {
                _madeOnce = ids;
                continue;
            }

            tests.Add(new Test(words[0], double.Parse(words[1], CultureInfo.InvariantCulture), ids));
        }

        return tests;
    }

    private const int InOwnProcess = 100;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
}

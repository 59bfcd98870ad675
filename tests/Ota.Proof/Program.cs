using System.Diagnostics;
using System.Globalization;
using Flint.Ota.Proof;
using Flint.Ota.Testing;

// dotnet run -c Release --project tests/Ota.Proof -- [--singles] [--wear] [--reads] [--starts] [--caches] [--ci] [--cut-reads N] [--pairs N] [--random N] [--exhaustive PAIRS] [--replay BOARD LINE], then the start of a board's name
byte[] erasedValues = [0xFF, 0x00];
int[] units = [1, 8, 32, 256];
bool[] eccs = [false, true];
OtaBoard[] boards =
[
    .. from unit in units from ecc in eccs from erased in erasedValues select OtaBoard.Small(unit, ecc, erased),
    .. from unit in units from ecc in eccs from erased in erasedValues select OtaBoard.Unequal(unit, ecc, erased),
    .. from unit in units from ecc in eccs from erased in erasedValues select OtaBoard.Swap(unit, ecc, erased),
];
OtaScenario[] scenarios = Enum.GetValues<OtaScenario>();
OtaScenario[] core = [OtaScenario.Good, OtaScenario.BadSelfTest, OtaScenario.SwitchManifest, OtaScenario.TwoUpdates, OtaScenario.RotTrial];
var clock = Stopwatch.StartNew();
var gate = new Lock();
long runs = 0;
long failures = 0;

if (args is ["--replay", string name, ..])
{
    using var proof = new OtaProof(boards.Single(board => board.Name == name));
    string failure = proof.Replay(string.Join(' ', args[2..]));
    Console.WriteLine(failure.Length == 0 ? "held" : failure);
    Console.WriteLine(proof.Dump());
    return failure.Length == 0 ? 0 : 1;
}

if (args is ["--device", string folder])
{
    return FileDevice.Run(folder);
}

string mode = args.Length > 0 ? args[0] : "--singles";
int number = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 1;
if (args is [_, _, var only, ..])
{
    boards = [.. boards.Where(board => board.Name.StartsWith(only, StringComparison.Ordinal))];
}

switch (mode)
{
    case "--singles":
        Singles();
        break;
    case "--wear":
        Wear(OtaProof.Phases);
        break;
    case "--reads":
        Reads(OtaProof.Phases);
        break;
    case "--starts":
        Starts();
        break;
    case "--cut-reads":
        ReadsAfterCuts(scenarios, number);
        break;
    case "--caches":
        Caches(OtaProof.Phases);
        break;
    case "--ci":
        Singles();
        Wear(phases: 1);
        Reads(phases: 1);
        Starts();
        ReadsAfterCuts(core, slices: 500);
        Caches(phases: 1);
        Pairs(core, slices: 500);
        break;
    case "--pairs":
        Pairs(scenarios, number);
        break;
    case "--random":
        Each("random", boards, scenarios, OtaProof.Phases, (proof, scenario, phase) => proof.RunRandom(scenario, phase, number, 6, 20141007));
        break;
    case "--exhaustive":
        Exhaustive(args.Length > 1 ? number : 1_000_000);
        break;
    default:
        Console.WriteLine($"unknown: {mode}");
        return 2;
}

Console.WriteLine($"{runs} runs, {failures} failures, {clock.Elapsed.TotalSeconds:0} s");
return failures == 0 ? 0 : 1;

void Singles() => Each("single faults", boards, scenarios, OtaProof.Phases, (proof, scenario, phase) => proof.RunSingles(scenario, phase));

void Wear(int phases) => Each("wear", boards, scenarios, phases, (proof, scenario, phase) => proof.RunWear(scenario, phase));

void Reads(int phases) => Each("reads", boards, scenarios, phases, (proof, scenario, phase) => proof.RunReads(scenario, phase));

void Starts() => Each("starts", boards, scenarios, OtaProof.Phases, (proof, scenario, phase) => proof.RunStarts(scenario, phase));

void ReadsAfterCuts(OtaScenario[] played, int slices) =>
    Each("reads after cuts", boards, played, phases: 1, (proof, scenario, phase) => proof.RunReadsAfterCuts(scenario, phase, 0, slices));

// What a cut leaves in the cells is another matter, so boards with ECC would be played twice.
void Caches(int phases) => Each(
    "caches", [.. boards.Where(board => !board.HasEcc)], scenarios, phases, (proof, scenario, phase) => proof.RunCaches(scenario, phase));

void Pairs(OtaScenario[] played, int slices) => Each("pairs", boards, played, phases: 1, (proof, scenario, phase) => proof.RunPairs(scenario, phase, 0, slices));

// Every pair on whole boards, unlike ones first, until there are as many as asked for; each board is printed, so what was not run is known.
void Exhaustive(long most)
{
    OtaBoard[] order = [.. boards.OrderBy(board => Array.IndexOf(boards, board) % 17)];
    for (int i = 0; i < order.Length && runs < most; i += 2)
    {
        Each($"every pair, {order[i].Name}", order[i..Math.Min(order.Length, i + 2)], core, phases: 1, (proof, scenario, phase) => proof.RunPairs(scenario, phase));
    }
}

// A board per processor at a time; a proof is not for several threads.
void Each(string what, OtaBoard[] some, OtaScenario[] played, int phases, Func<OtaProof, OtaScenario, int, OtaProofReport> run)
{
    long before = runs;
    Parallel.ForEach(some, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, board =>
    {
        using var proof = new OtaProof(board);
        foreach (OtaScenario scenario in played.Where(proof.Supports))
        {
            for (int phase = 0; phase < phases; phase++)
            {
                OtaProofReport report = run(proof, scenario, phase);
                lock (gate)
                {
                    runs += report.Runs;
                    failures += report.Failures;
                    Console.WriteLine(report);
                    foreach (string line in report.Lines)
                    {
                        Console.WriteLine($"    {board.Name} {line}");
                    }

                    Console.Write(report.FlashDump);
                }
            }
        }
    });
    Console.WriteLine($"{what}: {runs - before} runs, {failures} failures so far, {clock.Elapsed.TotalSeconds:0} s since the start");
}

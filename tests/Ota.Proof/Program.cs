using System.Diagnostics;
using System.Globalization;
using Flint.Ota.Proof;
using Flint.Ota.Testing;

// dotnet run -c Release --project tests/Ota.Proof -- [--singles] [--pairs N] [--random N] [--exhaustive MINUTES] [--replay BOARD LINE]
OtaBoard[] boards =
[
    .. from unit in new[] { 1, 8, 32, 256 } from ecc in new[] { false, true } from erased in new byte[] { 0xFF, 0x00 } select OtaBoard.Small(unit, ecc, erased),
    .. from unit in new[] { 1, 8, 32, 256 } from ecc in new[] { false, true } select OtaBoard.Unequal(unit, ecc, 0xFF),
    .. from unit in new[] { 1, 8, 32, 256 } from ecc in new[] { false, true } from erased in new byte[] { 0xFF, 0x00 } select OtaBoard.Swap(unit, ecc, erased),
];
OtaScenario[] scenarios = Enum.GetValues<OtaScenario>();
OtaScenario[] core = [OtaScenario.Good, OtaScenario.BadSelfTest, OtaScenario.SwitchManifest, OtaScenario.TwoUpdates];
var clock = Stopwatch.StartNew();
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
if (args is [_, _, var only, ..])
{
    boards = [.. boards.Where(board => board.Name.StartsWith(only, StringComparison.Ordinal))];
}

int number = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 100;
switch (mode)
{
    case "--singles":
        Singles();
        break;
    case "--wear":
        Each(boards, scenarios, OtaProof.Phases, (proof, scenario, phase) => proof.RunWear(scenario, phase));
        break;
    case "--pairs":
        Each(boards, scenarios, phases: 1, (proof, scenario, phase) => proof.RunPairs(scenario, phase, 0, number));
        break;
    case "--random":
        Each(boards, scenarios, OtaProof.Phases, (proof, scenario, phase) => proof.RunRandom(scenario, phase, number, 6, 20141007));
        break;
    case "--exhaustive":
        Singles();
        Exhaustive(TimeSpan.FromMinutes(number));
        break;
    default:
        Console.WriteLine($"unknown: {mode}");
        return 2;
}

Console.WriteLine($"{runs} runs, {failures} failures, {clock.Elapsed.TotalSeconds:0} s");
return failures == 0 ? 0 : 1;

void Singles() => Each(boards, scenarios, OtaProof.Phases, (proof, scenario, phase) => proof.RunSingles(scenario, phase));

// Whole boards, in an order that puts unlike ones first, as many as the time allows; what was run is printed, so what was not is known.
void Exhaustive(TimeSpan most)
{
    OtaBoard[] order = [.. boards.OrderBy(board => Array.IndexOf(boards, board) % 5)];
    foreach (OtaBoard board in order)
    {
        if (clock.Elapsed < most)
        {
            Each([board], core, phases: 1, (proof, scenario, phase) => proof.RunPairs(scenario, phase));
        }
    }
}

void Each(OtaBoard[] some, OtaScenario[] played, int phases, Func<OtaProof, OtaScenario, int, OtaProofReport> run)
{
    foreach (OtaBoard board in some)
    {
        using var proof = new OtaProof(board);
        foreach (OtaScenario scenario in played.Where(proof.Supports))
        {
            for (int phase = 0; phase < phases; phase++)
            {
                OtaProofReport report = run(proof, scenario, phase);
                runs += report.Runs;
                failures += report.Failures;
                Console.WriteLine(report);
                foreach (string line in report.Lines)
                {
                    Console.WriteLine($"    {board.Name} {line}");
                }
            }
        }
    }
}

using Flint.Ota;
using Flint.Ota.Testing;

namespace Flint.Snippets;

/// <summary>The block of src/Ota.Testing/README.md.</summary>
internal static class OtaTesting
{
    public static void Prove()
    {
        // <snippet>
        var board = new OtaBoard
        {
            Name = "my-board",
            BlockLengths = [.. Enumerable.Repeat(2048, 40)],
            WriteUnit = 8,
            HasEcc = true,
            Layout = flash => OtaBoardLayout.Divide(flash, factory: true, evidence: true),
        };
        using var proof = new OtaProof(board);
        foreach (OtaScenario scenario in Enum.GetValues<OtaScenario>().Where(proof.Supports))
        {
            OtaProofReport report = proof.RunSingles(scenario, phase: 0);
            Console.WriteLine(report);                       // my-board Good phase 0 operations 31 runs 311 failures 0
            foreach (string line in report.Lines)
            {
                Console.WriteLine(line);                     // proof.Replay(line) plays that run again
            }
        }
        // </snippet>
    }
}

using System;
using System.Collections.Generic;

namespace Flint.Ota.Testing;

/// <summary>What a proof ran, and what did not hold.</summary>
public sealed class OtaProofReport
{
    private const int MostLines = 20;

    private readonly List<string> _lines = [];

    internal OtaProofReport(string board, OtaScenario scenario, int phase)
    {
        Board = board;
        Scenario = scenario;
        Phase = phase;
    }

    /// <summary>The board's name.</summary>
    public string Board { get; }

    /// <summary>The scenario.</summary>
    public OtaScenario Scenario { get; }

    /// <summary>The phase of the logs.</summary>
    public int Phase { get; }

    /// <summary>The flash operations of the run without faults: the points at which faults happen.</summary>
    public int Operations { get; internal set; }

    /// <summary>Runs, the one without faults included.</summary>
    public int Runs { get; private set; }

    /// <summary>Runs in which a property did not hold.</summary>
    public int Failures { get; private set; }

    /// <summary>
    /// The first failures, each a line for <see cref="OtaProof.Replay"/> or <see cref="OtaDriverProof.Replay"/>, a tab, and what did not hold. The line is
    /// also the seed: what a cut leaves in the cells is drawn from it.
    /// </summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>The flash after the first failure; empty where there is none.</summary>
    public string FlashDump { get; private set; } = "";

    /// <summary>One line: board, scenario, phase, operations, runs, failures.</summary>
    public override string ToString() =>
        $"{Board,-22} {Scenario,-15} phase {Phase}  operations {Operations,4}  runs {Runs,8}  failures {Failures}";

    internal void Add(string failure, ReadOnlySpan<FlashFault> faults, string dump)
    {
        Runs++;
        if (failure.Length == 0)
        {
            return;
        }

        Failures++;
        FlashDump = FlashDump.Length > 0 ? FlashDump : dump;
        if (_lines.Count < MostLines)
        {
            _lines.Add($"{OtaProofLine.Write(Scenario, Phase, faults)}\t{failure}");
        }
    }
}

using System;

namespace Flint.Ota.Testing;

/// <summary>
/// Plays the scenarios on a board with faults at its flash operations: one at each operation in each kind, then pairs, then any number at
/// random. Not for several threads at once; a proof per thread is cheap.
/// </summary>
public sealed class OtaProof : IDisposable
{
    /// <summary>Power-on states in which a run may begin: how many sessions wrote to the logs before.</summary>
    public const int Phases = 4;

    private readonly OtaBoard _board;
    private readonly OtaLayout _layout;
    private readonly ProofTrust _trust = new();
    private readonly ProofRelease[] _releases;
    private readonly FaultFlash _flash;
    private readonly FaultFlash[] _provisioned = new FaultFlash[Phases];

    /// <summary>A proof on a board.</summary>
    /// <exception cref="ArgumentException">The layout does not fit the flash, or the images do not fit the banks; the message says what.</exception>
    public OtaProof(OtaBoard board)
    {
        ArgumentNullException.ThrowIfNull(board);
        _board = board;
        _flash = new FaultFlash(board);
        _layout = board.Layout(_flash);
        _releases = ProofRelease.Three(_layout.Bank(0).ComponentCount, board.ImageLength);
        for (int phase = 0; phase < Phases; phase++)
        {
            _provisioned[phase] = Provision(phase);
        }
    }

    /// <summary>Whether the board has what a scenario needs.</summary>
    public bool Supports(OtaScenario scenario) => scenario != OtaScenario.Factory || _layout.HasFactory;

    /// <summary>Plays a scenario with the given faults.</summary>
    /// <returns>An empty text where every property held, otherwise which did not.</returns>
    public string Run(OtaScenario scenario, int phase, ReadOnlySpan<FlashFault> faults, out int operations)
    {
        uint seed = 0x2545F491;
        foreach (FlashFault fault in faults)
        {
            seed = unchecked((seed * 31) + (uint)((fault.Operation * 16) + (int)fault.Kind));
        }

        _flash.CopyFrom(_provisioned[phase], seed);
        if (faults is [{ IsCached: true }, ..])
        {
            return new ProofRun(_layout, _trust, _releases, scenario, new CacheFlash(_flash, faults, seed)).Run(out operations);
        }

        foreach (FlashFault fault in faults)
        {
            _flash.Add(fault);
        }

        return new ProofRun(_layout, _trust, _releases, scenario, _flash).Run(out operations);
    }

    /// <summary>One fault at every operation, of every kind.</summary>
    public OtaProofReport RunSingles(OtaScenario scenario, int phase)
    {
        OtaProofReport report = Begin(scenario, phase, out int operations);
        TryEach(report, scenario, phase, operations, 0, FlashFault.Kinds);
        return report;
    }

    /// <summary>
    /// At every operation a block that dies or a bit that sticks, for good. The update may fail then; what has to hold is that something signed
    /// boots, the same each time, above the floor, after as many trial boots as allowed.
    /// </summary>
    public OtaProofReport RunWear(OtaScenario scenario, int phase)
    {
        OtaProofReport report = Begin(scenario, phase, out int operations);
        TryEach(report, scenario, phase, operations, FlashFault.Kinds, FlashFault.AllKinds);
        return report;
    }

    /// <summary>At every read a failure or a wrong bit, once: what a flash says once proves nothing.</summary>
    public OtaProofReport RunReads(OtaScenario scenario, int phase)
    {
        OtaProofReport report = Begin(scenario, phase, out int operations);
        TryEach(report, scenario, phase, operations == 0 ? 0 : _flash.Reads, FlashFault.AllKinds, FlashFault.KindsWithReads);
        return report;
    }

    /// <summary>Each start once with every read failing, and once with the first ones: a bus that is deaf for a while costs nothing but the start.</summary>
    public OtaProofReport RunStarts(OtaScenario scenario, int phase)
    {
        OtaProofReport report = Begin(scenario, phase, out int operations);
        TryEach(report, scenario, phase, operations == 0 ? 0 : _flash.Boots, FlashFault.KindsWithCaches, FlashFault.KindsWithStarts);
        return report;
    }

    /// <summary>
    /// A power cut at every operation, of every cutting kind, and then one of the reads after it that fails or gives a wrong bit. Of these pairs, those
    /// whose number leaves <paramref name="slice"/> when divided by <paramref name="slices"/> are run.
    /// </summary>
    public OtaProofReport RunReadsAfterCuts(OtaScenario scenario, int phase, int slice = 0, int slices = 1) =>
        RunTwo(scenario, phase, slice, slices, thenReads: true);

    /// <summary>
    /// A medium with a cache, as a file is: the power goes at every program, erase and flush, and what was not flushed reached the medium in part
    /// or not at all, in any order; then the same once more, at an operation after it.
    /// </summary>
    public OtaProofReport RunCaches(OtaScenario scenario, int phase)
    {
        OtaProofReport report = Begin(scenario, phase, out int operations);
        if (operations == 0)
        {
            return report;
        }

        // A fault that never comes, to count the flushes too.
        Run(scenario, phase, [new FlashFault(int.MaxValue, FlashFaultKind.CutUnflushed)], out operations);
        for (int at = 1; at <= operations; at++)
        {
            for (int kind = FlashFault.KindsWithReads; kind < FlashFault.KindsWithCaches; kind++)
            {
                FlashFault first = new(at, (FlashFaultKind)kind);
                Try(report, scenario, phase, [first]);
                Try(report, scenario, phase, [first, new FlashFault(at + 1 + (at * 7 % operations), FlashFaultKind.CutReordered)]);
            }
        }

        return report;
    }

    /// <summary>
    /// Two power cuts: the first at every operation, the second at every one after it, each of every cutting kind. Of the pairs, those whose
    /// number leaves <paramref name="slice"/> when divided by <paramref name="slices"/> are run.
    /// </summary>
    public OtaProofReport RunPairs(OtaScenario scenario, int phase, int slice = 0, int slices = 1) =>
        RunTwo(scenario, phase, slice, slices, thenReads: false);

    /// <summary>Runs with one to <paramref name="mostFaults"/> power cuts each, chosen by <paramref name="seed"/>.</summary>
    public OtaProofReport RunRandom(OtaScenario scenario, int phase, int runs, int mostFaults, uint seed)
    {
        OtaProofReport report = Begin(scenario, phase, out int operations);
        uint state = seed == 0 ? 1 : seed;
        uint Draw(int below)
        {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            return (state >> 4) % (uint)below;
        }

        for (int run = 0; run < runs && operations > 0; run++)
        {
            var faults = new FlashFault[1 + Draw(mostFaults)];
            int at = 0;
            for (int i = 0; i < faults.Length; i++)
            {
                at += 1 + (int)Draw(2 * operations / faults.Length);
                faults[i] = new FlashFault(at, (FlashFaultKind)Draw(FlashFault.CutKinds));
            }

            Try(report, scenario, phase, faults);
        }

        return report;
    }

    /// <summary>Plays the run that a report's line names, for example <c>Good phase=1 faults=34:5,60:2</c>; what stands behind a tab is passed over.</summary>
    /// <returns>As <see cref="Run"/>.</returns>
    /// <exception cref="FormatException">The line is not one.</exception>
    public string Replay(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        FlashFault[] faults = OtaProofLine.Read(line, out OtaScenario scenario, out int phase);
        return Run(scenario, phase, faults, out _);
    }

    /// <summary>The flash as the last run left it: for each erase block, its first bytes and how many are not erased.</summary>
    public string Dump() => FlashDump.Print(_flash);

    /// <inheritdoc/>
    public void Dispose() => _trust.Dispose();

    /// <summary>One fault at each place up to the last, of each kind in the range.</summary>
    private void TryEach(OtaProofReport report, OtaScenario scenario, int phase, int last, int firstKind, int endKind)
    {
        for (int at = 1; at <= last; at++)
        {
            for (int kind = firstKind; kind < endKind; kind++)
            {
                Try(report, scenario, phase, [new FlashFault(at, (FlashFaultKind)kind)]);
            }
        }
    }

    /// <summary>A power cut at every operation, then either another at every operation after it, or a fault at every read after it; of these pairs the slice.</summary>
    private OtaProofReport RunTwo(OtaScenario scenario, int phase, int slice, int slices, bool thenReads)
    {
        OtaProofReport report = Begin(scenario, phase, out int operations);
        int firstKind = thenReads ? FlashFault.AllKinds : 0;
        int endKind = thenReads ? FlashFault.KindsWithReads : FlashFault.CutKinds;
        int number = 0;
        Span<FlashFault> faults = stackalloc FlashFault[2];
        for (int first = 1; first <= operations; first++)
        {
            for (int kind = 0; kind < FlashFault.CutKinds; kind++)
            {
                faults[0] = new FlashFault(first, (FlashFaultKind)kind);
                Run(scenario, phase, faults[..1], out int after);
                int last = thenReads ? _flash.Reads : after;
                for (int second = (thenReads ? _flash.ReadsAtCut : first) + 1; second <= last; second++)
                {
                    for (int other = firstKind; other < endKind; other++)
                    {
                        if (number++ % slices == slice)
                        {
                            faults[1] = new FlashFault(second, (FlashFaultKind)other);
                            Try(report, scenario, phase, faults);
                        }
                    }
                }
            }
        }

        return report;
    }

    private OtaProofReport Begin(OtaScenario scenario, int phase, out int operations)
    {
        var report = new OtaProofReport(_board.Name, scenario, phase);
        string failure = Run(scenario, phase, [], out operations);
        report.Add(failure, [], failure.Length > 0 ? Dump() : "");
        report.Operations = operations;
        if (failure.Length > 0)
        {
            // What does not hold without faults need not be tried with them.
            operations = 0;
        }

        return report;
    }

    private void Try(OtaProofReport report, OtaScenario scenario, int phase, ReadOnlySpan<FlashFault> faults)
    {
        string failure = Run(scenario, phase, faults, out _);
        report.Add(failure, faults, failure.Length > 0 && report.Failures == 0 ? Dump() : "");
    }

    // Each phase is one more session in which a download was begun and given up: other blocks are current, other sequences are next.
    private FaultFlash Provision(int phase)
    {
        var flash = new FaultFlash(_board);
        var provisioner = new OtaProvisioner(flash, _layout, _trust);
        Require(provisioner.InstallFirst(_releases[0].Envelope, _releases[0].Source));
        if (_layout.HasFactory)
        {
            Require(provisioner.InstallFactory(_releases[0].Envelope, _releases[0].Source));
        }

        for (int i = 0; i < phase; i++)
        {
            var options = new OtaOptions(ProofRelease.Product) { ChunkLength = 512, BufferLength = 512 };
            var engine = new OtaEngine(flash, _layout, _trust, new OtaBootStage(), options);
            engine.Start();
            Require(engine.Offer(_releases[2].Envelope, 0, _releases[2].Envelope.Length));
            Require(engine.Abort());
        }

        return flash;
    }

    private void Require(OtaStatus status)
    {
        if (status != OtaStatus.Ok)
        {
            throw new ArgumentException($"The board {_board.Name} does not take an update of {_board.ImageLength} bytes: {status}.");
        }
    }
}

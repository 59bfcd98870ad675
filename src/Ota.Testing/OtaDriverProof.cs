using System;
using System.Collections.Generic;
using System.Linq;

namespace Flint.Ota.Testing;

/// <summary>
/// Plays the scenarios over a driver of yours, on the medium that it drives, with faults in front of it. It erases and programs everything that the
/// layout names, again for each run: for a board on a bench, or a file.
/// </summary>
/// <remarks>
/// What is possible without owning the medium: power that goes before, between the units of, or after an operation (the engine is thrown away and
/// begins again from what the driver then reads), operations that are refused or lost, bits that are programmed wrongly. What is not: cells
/// in between, poisoned blanks, ECC faults and rot, which <see cref="OtaProof"/> plays on a model of the board.
/// </remarks>
public sealed class OtaDriverProof : IDisposable
{
    private static readonly FlashFaultKind[] Kinds =
    [
        FlashFaultKind.CutBefore, FlashFaultKind.CutHalfway, FlashFaultKind.CutAfter,
        FlashFaultKind.SilentLoss, FlashFaultKind.Error, FlashFaultKind.SilentHalf, FlashFaultKind.WrongBit,
    ];

    private readonly string _name;
    private readonly DriverFaultFlash _flash;
    private readonly OtaLayout _layout;
    private readonly ProofTrust _trust = new();
    private readonly ProofRelease[] _releases;

    /// <summary>A proof over a driver.</summary>
    /// <param name="name">What a report calls it.</param>
    /// <param name="driver">The driver; all that the layout names on it is lost.</param>
    /// <param name="layout">The layout that the firmware uses.</param>
    /// <param name="imageLength">The bytes of image that a scenario updates to, from 1500 on; it has to fit a bank.</param>
    /// <exception cref="ArgumentException">The layout does not fit the driver; the message says what to change.</exception>
    public OtaDriverProof(string name, OtaFlash driver, OtaLayout layout, int imageLength = 2900)
    {
        ArgumentNullException.ThrowIfNull(driver);
        ArgumentNullException.ThrowIfNull(layout);
        if (layout.Check(driver) is { Length: > 0 } fault)
        {
            throw new ArgumentException(fault);
        }

        _name = name;
        _flash = new DriverFaultFlash(driver);
        _layout = layout;
        _releases = ProofRelease.Three(layout.Bank(0).ComponentCount, imageLength);
    }

    /// <summary>Whether a scenario can be played over a driver: those that need rot cannot.</summary>
    public static bool Supports(OtaScenario scenario) =>
        scenario is not (OtaScenario.RotTrial or OtaScenario.RotConfirmed or OtaScenario.RotDownload or OtaScenario.Factory);

    /// <summary>Plays a scenario with the given faults, as many as you like.</summary>
    /// <returns>An empty text where every property held, otherwise which did not.</returns>
    /// <exception cref="ArgumentException">The scenario, or a fault, is not one that a driver can be made to have.</exception>
    public string Run(OtaScenario scenario, ReadOnlySpan<FlashFault> faults, out int operations)
    {
        if (!Supports(scenario))
        {
            throw new ArgumentException("A driver cannot be made to rot.", nameof(scenario));
        }

        foreach (FlashFault fault in faults)
        {
            if (!Kinds.Contains(fault.Kind))
            {
                throw new ArgumentException($"A driver cannot be made to have {fault.Kind}.", nameof(faults));
            }
        }

        // From erased flash, so that a run depends on nothing but its faults; and through the same flash: what the first image programmed is programmed.
        _flash.Begin([]);
        foreach (OtaRegion region in Regions())
        {
            _flash.Blank(region);
        }

        ProofRelease first = _releases[0];
        OtaStatus status = new OtaProvisioner(_flash, _layout, _trust).InstallFirst(first.Envelope, first.Source);
        if (status != OtaStatus.Ok || _flash.Violation.Length > 0)
        {
            operations = 0;
            return $"the first image: {status} {_flash.Violation}";
        }

        _flash.Begin(faults);
        string failure = new ProofRun(_layout, _trust, _releases, scenario, _flash).Run(out operations);

        // The cause before what came of it.
        return _flash.Violation.Length > 0 ? "P7: " + _flash.Violation : failure;
    }

    /// <summary>One fault at every <paramref name="every"/>-th operation, of every kind that a driver can be made to have.</summary>
    public OtaProofReport RunSingles(OtaScenario scenario, int every = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(every, 1);
        var report = new OtaProofReport(_name, scenario, 0);
        Try(report, scenario, [], out int operations);
        report.Operations = operations;

        // What does not hold without faults need not be tried with them.
        int last = report.Failures > 0 ? 0 : operations;
        for (int at = 1; at <= last; at += every)
        {
            foreach (FlashFaultKind kind in Kinds)
            {
                Try(report, scenario, [new FlashFault(at, kind)], out _);
            }
        }

        return report;
    }

    /// <summary>Plays the run that a report's line names, on this medium or another.</summary>
    /// <returns>As <see cref="Run"/>.</returns>
    /// <exception cref="FormatException">The line is not one.</exception>
    /// <exception cref="ArgumentException">It is one of <see cref="OtaProof"/>, with what a driver cannot be made to have.</exception>
    public string Replay(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        FlashFault[] faults = OtaProofLine.Read(line, out OtaScenario scenario, out int phase);
        return phase == 0 ? Run(scenario, faults, out _) : throw new ArgumentException("A driver has no phases.", nameof(line));
    }

    /// <summary>What the driver reads after the last run: for each erase block, its first bytes and how many are not erased.</summary>
    public string Dump() => FlashDump.Print(_flash);

    /// <inheritdoc/>
    public void Dispose() => _trust.Dispose();

    private IEnumerable<OtaRegion> Regions()
    {
        var board = _layout as OtaBoardLayout;
        OtaBankLayout[] banks = [_layout.Bank(0), _layout.Bank(1), _layout.Bank(OtaLayout.FactoryBank)];
        return
        [
            _layout.State0, _layout.State1, _layout.Journal0, _layout.Journal1,
            board?.Evidence0 ?? OtaRegion.None, board?.Evidence1 ?? OtaRegion.None, board?.SwapJournal ?? OtaRegion.None,
            .. banks.Select(bank => bank.Manifest),
            .. banks.SelectMany(bank => Enumerable.Range(0, bank.ComponentCount), (bank, i) => bank.Table(i)),
            .. banks.SelectMany(bank => Enumerable.Range(0, bank.ComponentCount), (bank, i) => bank.Image(i)),
        ];
    }

    private void Try(OtaProofReport report, OtaScenario scenario, ReadOnlySpan<FlashFault> faults, out int operations)
    {
        string failure = Run(scenario, faults, out operations);
        report.Add(failure, faults, failure.Length > 0 && report.Failures == 0 ? Dump() : "");
    }
}

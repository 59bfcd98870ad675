using System;

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
    private readonly OtaFlash _driver;
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
        _driver = driver;
        _flash = new DriverFaultFlash(driver);
        _layout = layout;
        _releases = ProofRelease.Three(layout.Bank(0).ComponentCount, imageLength);
    }

    /// <summary>Whether a scenario can be played over a driver: those that need rot cannot.</summary>
    public static bool Supports(OtaScenario scenario) =>
        scenario is not (OtaScenario.RotTrial or OtaScenario.RotConfirmed or OtaScenario.RotDownload or OtaScenario.Factory);

    /// <summary>One fault at every <paramref name="every"/>-th operation, of every kind that a driver can be made to have.</summary>
    public OtaProofReport RunSingles(OtaScenario scenario, int every = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(every, 1);
        if (!Supports(scenario))
        {
            throw new ArgumentException("A driver cannot be made to rot.", nameof(scenario));
        }

        var report = new OtaProofReport(_name, scenario, 0);
        report.Add(Run(scenario, [], out int operations), [], "");
        report.Operations = operations;
        for (int at = 1; at <= operations && report.Failures == 0; at += every)
        {
            foreach (FlashFaultKind kind in Kinds)
            {
                FlashFault fault = new(at, kind);
                report.Add(Run(scenario, [fault], out _), [fault], "");
            }
        }

        return report;
    }

    /// <inheritdoc/>
    public void Dispose() => _trust.Dispose();

    private string Run(OtaScenario scenario, ReadOnlySpan<FlashFault> faults, out int operations)
    {
        ProofRelease first = _releases[0];
        OtaStatus status = new OtaProvisioner(_driver, _layout, _trust).InstallFirst(first.Envelope, first.Source);
        if (status != OtaStatus.Ok)
        {
            operations = 0;
            return $"the first image: {status}";
        }

        _flash.Begin(faults);
        return new ProofRun(_layout, _trust, _releases, scenario, _flash).Run(out operations);
    }
}

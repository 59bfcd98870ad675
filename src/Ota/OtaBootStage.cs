namespace Flint.Ota;

/// <summary>
/// For a program that is its own boot stage, as on Linux: it asks the engine what to run and runs it. There is nothing to tell a boot loader,
/// so only the wish to restart is kept.
/// </summary>
public sealed class OtaBootStage : OtaBoot
{
    /// <inheritdoc/>
    public override int RunningBank => -1;

    /// <summary>The bank that was last named, -1 before.</summary>
    public int NextBank { get; private set; } = -1;

    /// <summary>Whether <see cref="Reset"/> was called: the program should end and be started again.</summary>
    public bool ResetRequested { get; private set; }

    /// <inheritdoc/>
    public override void SetNext(int bank) => NextBank = bank;

    /// <inheritdoc/>
    public override void Reset() => ResetRequested = true;
}

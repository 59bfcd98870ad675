namespace Flint.Ota;

/// <summary>What to run, and why. Filled by <see cref="OtaEngine.Start"/>.</summary>
public sealed class OtaBootDecision
{
    internal OtaBootDecision()
    {
    }

    /// <summary>What was chosen.</summary>
    public OtaBootSource Source;

    /// <summary>The bank to run, -1 where there is none.</summary>
    public int Bank;

    /// <summary>Trial boots that are left after this one.</summary>
    public int AttemptsLeft;

    /// <summary>The sequence of the bank's manifest.</summary>
    public uint Sequence;

    /// <summary>Whether the state blocks are blank, as on a device that was never provisioned; otherwise they hold a record or are damaged.</summary>
    public bool IsBlank;

    /// <summary>Whether a bank other than <see cref="Bank"/> is running, so that the device has to be reset.</summary>
    public bool MustReset;
}

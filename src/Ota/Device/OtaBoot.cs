namespace Flint.Ota;

/// <summary>What the engine asks of the boot loader: one class to implement per board.</summary>
public abstract class OtaBoot
{
    /// <summary>
    /// The bank that is running: 0, 1 or <see cref="OtaLayout.FactoryBank"/>; -1 where this program is the boot stage itself and
    /// jumps to the bank that <see cref="OtaEngine.Start"/> names.
    /// </summary>
    public abstract int RunningBank { get; }

    /// <summary>
    /// Makes <paramref name="bank"/> the one that the next reset starts. A boot loader that jumps by itself starts it once and then the bank before
    /// again, unless this is called again: an image that crashes before it reaches the engine counts nothing and would start for ever.
    /// </summary>
    public abstract void SetNext(int bank);

    /// <summary>Resets the device. It may return where the caller has to end the program itself.</summary>
    public abstract void Reset();
}

namespace Flint.Ota.Tests;

/// <summary>A boot loader that runs a bank without asking the engine, and remembers what it was told.</summary>
internal sealed class Loader(int running) : OtaBoot
{
    public override int RunningBank => running;

    /// <summary>The banks that were named, in order.</summary>
    public List<int> Named { get; } = [];

    public int Resets { get; private set; }

    public override void SetNext(int bank) => Named.Add(bank);

    public override void Reset() => Resets++;
}

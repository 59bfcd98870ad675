namespace Flint.SecureTunnel.Tests.Support;

/// <summary>Recorded values for the uses that have one; for the others, bytes that say what they are for.</summary>
internal sealed class ScriptedEntropy : Entropy
{
    private readonly Dictionary<EntropyUse, byte[]> _values = [];

    /// <summary>The use for which there is none: a fault of the side that asks.</summary>
    public EntropyUse? Missing { get; init; }

    public ScriptedEntropy With(EntropyUse use, byte[] value)
    {
        _values[use] = value;
        return this;
    }

    public override void Fill(Span<byte> destination, EntropyUse use)
    {
        if (use == Missing)
        {
            throw new IOException($"There is no entropy for {use}.");
        }

        if (_values.TryGetValue(use, out byte[]? value))
        {
            Assert.Equal(destination.Length, value.Length);
            value.CopyTo(destination);
        }
        else
        {
            destination.Fill((byte)(0x40 + (int)use));
        }
    }
}

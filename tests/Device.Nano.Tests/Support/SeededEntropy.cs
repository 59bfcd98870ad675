namespace Flint.Device.Nano.Tests.Support;

/// <summary>A generator that gives the same bytes in every run.</summary>
internal sealed class SeededEntropy(int seed = 1) : IEntropySource
{
    private readonly Random _random = new(seed);

    public void Fill(byte[] buffer, int offset, int count) => _random.NextBytes(buffer.AsSpan(offset, count));
}

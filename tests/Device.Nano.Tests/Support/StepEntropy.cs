namespace Flint.Device.Nano.Tests.Support;

/// <summary>A generator so simple that another machine can repeat it: a linear congruence, one byte a step.</summary>
internal sealed class StepEntropy : IEntropySource
{
    private uint _state = 1;

    public void Fill(byte[] buffer, int offset, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _state = unchecked((_state * 1103515245) + 12345);
            buffer[offset + i] = (byte)((_state >> 16) & 0xFF);
        }
    }
}

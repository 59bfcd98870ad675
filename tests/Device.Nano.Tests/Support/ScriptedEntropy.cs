namespace Flint.Device.Nano.Tests.Support;

/// <summary>Gives the values of a vector, in order; a draw of another length is a mistake.</summary>
internal sealed class ScriptedEntropy(params byte[][] values) : IEntropySource
{
    private readonly Queue<byte[]> _values = new(values);

    public void Fill(byte[] buffer, int offset, int count)
    {
        byte[] value = _values.Dequeue();
        Assert.Equal(count, value.Length);
        value.CopyTo(buffer, offset);
    }
}

namespace Flint.Device.Nano.Tests.Support;

/// <summary>Counts native calls as the device would make them, and gives a new array each time, as its native code does.</summary>
internal sealed class CountingAes(IAes128 inner) : IAes128
{
    public int EcbCalls { get; private set; }

    public int CbcCalls { get; private set; }

    public int EcbBlocks { get; private set; }

    public int CbcBlocks { get; private set; }

    public byte[] EncryptEcb(byte[] data)
    {
        EcbCalls++;
        EcbBlocks += data.Length / 16;
        return inner.EncryptEcb((byte[])data.Clone());
    }

    public byte[] EncryptCbc(byte[] data)
    {
        CbcCalls++;
        CbcBlocks += data.Length / 16;
        return inner.EncryptCbc((byte[])data.Clone());
    }

    public void Clear() => inner.Clear();
}

namespace Flint.Device.Nano.Tests.Support;

/// <summary>Counts what the device would do in native code.</summary>
internal sealed class CountingCrypto : IDeviceCrypto
{
    private readonly ManagedCrypto _inner = new(new SeededEntropy());
    private readonly List<CountingAes> _ciphers = [];

    public int HmacCalls { get; private set; }

    public int AesCalls => _ciphers.Sum(aes => aes.CbcCalls + aes.EcbCalls);

    public int AesBlocks => _ciphers.Sum(aes => aes.CbcBlocks + aes.EcbBlocks);

    public int AesKeys => _ciphers.Count;

    public IAes128 CreateAes(byte[] key, int offset)
    {
        var aes = new CountingAes(_inner.CreateAes(key, offset));
        _ciphers.Add(aes);
        return aes;
    }

    public void HmacSha256(byte[] key, byte[] data, int offset, int count, byte[] output, int outputOffset)
    {
        HmacCalls++;
        _inner.HmacSha256(key, data, offset, count, output, outputOffset);
    }

    public void GetEntropy(byte[] buffer, int offset, int count) => _inner.GetEntropy(buffer, offset, count);
}

namespace Flint.Device.Nano;

/// <summary>AES and HMAC in managed code, entropy from the source that is given: for targets without the native classes, and for .NET.</summary>
public sealed class ManagedCrypto : IDeviceCrypto
{
    private readonly ManagedHmac _hmac = new ManagedHmac();
    private readonly IEntropySource _entropy;

    /// <param name="entropy">The platform's generator.</param>
    public ManagedCrypto(IEntropySource entropy)
    {
        _entropy = entropy;
    }

    /// <summary>The blocks of SHA-256 that its HMACs took so far.</summary>
    public int HashBlocks => _hmac.Hash.Blocks;

    /// <inheritdoc/>
    public IAes128 CreateAes(byte[] key, int offset) => new ManagedAes128(key, offset);

    /// <inheritdoc/>
    public void HmacSha256(byte[] key, byte[] data, int offset, int count, byte[] output, int outputOffset)
    {
        ByteRange.Check(key, 0, 0);
        _hmac.Compute(key, data, offset, count, output, outputOffset);
    }

    /// <inheritdoc/>
    public void GetEntropy(byte[] buffer, int offset, int count) => _entropy.Fill(buffer, offset, count);
}

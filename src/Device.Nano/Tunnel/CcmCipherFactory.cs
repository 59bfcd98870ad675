namespace Flint.Device.Nano;

/// <summary>CCM over the platform's AES.</summary>
internal sealed class CcmCipherFactory : IRecordCipherFactory
{
    private readonly IDeviceCrypto _crypto;

    public CcmCipherFactory(IDeviceCrypto crypto)
    {
        _crypto = crypto;
    }

    public IRecordCipher Create(byte[] key) => new Aes128Ccm(_crypto.CreateAes(key, 0));
}

using System.Security.Cryptography;

namespace Flint.Device.Nano;

/// <summary>AES-128 in the platform's native code: each call sets the key up, works through the whole array, and returns a new one.</summary>
internal sealed partial class NanoAes : IAes128
{
#pragma warning disable CA5358 // ECB gives CCM its key stream; nothing is encrypted in this mode by itself
    private readonly Aes _aes;

    public NanoAes(byte[] key, int offset)
    {
        byte[] copy = new byte[KeyLength];
        System.Array.Copy(key, offset, copy, 0, KeyLength);
        _aes = new Aes(CipherMode.ECB);
        _aes.Key = copy;

        // All zero, and the native code works on a copy: one serves every call.
        _aes.IV = new byte[KeyLength];
    }

    /// <inheritdoc/>
    public byte[] EncryptEcb(byte[] data)
    {
        _aes.Mode = CipherMode.ECB;
        return _aes.Encrypt(data);
    }

    /// <inheritdoc/>
    public byte[] EncryptCbc(byte[] data)
    {
        _aes.Mode = CipherMode.CBC;
        return _aes.Encrypt(data);
    }

    /// <inheritdoc/>
    public void Clear() => ByteRange.Clear(_aes.Key);

#pragma warning restore CA5358

    private const int KeyLength = 16;
}

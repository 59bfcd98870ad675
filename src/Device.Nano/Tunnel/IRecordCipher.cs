namespace Flint.Device.Nano;

/// <summary>The AEAD of a suite under one key: 12-byte nonces, 16-byte tags. The associated data are the bytes directly before the range.</summary>
internal interface IRecordCipher
{
    /// <summary>Encrypts the range in place and writes the tag behind it, where the caller has left 16 bytes.</summary>
    void Seal(byte[] nonce, byte[] buffer, int offset, int count, int associatedCount);

    /// <summary>Checks the tag, the last 16 bytes of the range, and decrypts what stands before it in place; false where it is wrong.</summary>
    bool Open(byte[] nonce, byte[] buffer, int offset, int count, int associatedCount);

    /// <summary>Erases the key.</summary>
    void Clear();
}

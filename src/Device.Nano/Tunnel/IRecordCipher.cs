namespace Flint.Device.Nano;

/// <summary>The AEAD of a suite under one key: 12-byte nonces, 16-byte tags.</summary>
internal interface IRecordCipher
{
    /// <summary>Encrypts the range in place and writes the tag behind it, where the caller has left 16 bytes.</summary>
    void Seal(byte[] nonce, byte[] associated, int associatedOffset, int associatedCount, byte[] buffer, int offset, int count);

    /// <summary>Checks the tag, the last 16 bytes of the range, and decrypts what stands before it in place; false where it is wrong.</summary>
    bool Open(byte[] nonce, byte[] associated, int associatedOffset, int associatedCount, byte[] buffer, int offset, int count);

    /// <summary>Erases the key.</summary>
    void Clear();
}

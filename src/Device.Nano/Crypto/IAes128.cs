namespace Flint.Device.Nano;

/// <summary>AES-128 under one key, in the two modes that the device has in native code (FIPS 197, SP 800-38A).</summary>
public interface IAes128
{
    /// <summary>Encrypts every 16-byte block of <paramref name="data"/> by itself: one call, however many blocks.</summary>
    /// <param name="data">A multiple of 16 bytes; it may be overwritten.</param>
    /// <returns>The array that holds the result: <paramref name="data"/>, or a new one of the same length.</returns>
    byte[] EncryptEcb(byte[] data);

    /// <summary>Encrypts <paramref name="data"/> as a chain that starts from 16 zero bytes: one call, however many blocks.</summary>
    /// <param name="data">A multiple of 16 bytes; it may be overwritten.</param>
    /// <returns>The array that holds the result: <paramref name="data"/>, or a new one of the same length.</returns>
    byte[] EncryptCbc(byte[] data);

    /// <summary>Erases the key; the object is of no use afterwards.</summary>
    void Clear();
}

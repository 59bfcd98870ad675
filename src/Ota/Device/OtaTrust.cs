namespace Flint.Ota;

/// <summary>The platform's cryptography and the keys that the device trusts: one class to implement per platform.</summary>
public abstract class OtaTrust
{
    /// <summary>The bytes of a SHA-256 digest.</summary>
    public const int DigestLength = 32;

    /// <summary>Begins a SHA-256 computation; the one before, finished or not, is forgotten.</summary>
    public abstract void HashStart();

    /// <summary>Adds bytes to the computation.</summary>
    public abstract void HashAppend(byte[] buffer, int offset, int count);

    /// <summary>Ends the computation and writes its 32 bytes.</summary>
    public abstract void HashFinish(byte[] digest, int offset);

    /// <summary>SHA-256 of bytes in one piece; a platform that has a call for that overrides this.</summary>
    public virtual void Hash(byte[] buffer, int offset, int count, byte[] digest, int digestOffset)
    {
        HashStart();
        HashAppend(buffer, offset, count);
        HashFinish(digest, digestOffset);
    }

    /// <summary>
    /// Whether the signature over the SHA-256 <paramref name="digest"/> is good under a trusted key.
    /// </summary>
    /// <param name="algorithm">A COSE algorithm; -37 is PS256, RSA-PSS with SHA-256 and a salt of 32 bytes.</param>
    /// <param name="digest">32 bytes from offset 0.</param>
    /// <param name="buffer">Holds the key identifier and the signature.</param>
    /// <param name="keyIdOffset">Where the key identifier starts.</param>
    /// <param name="keyIdCount">Its bytes.</param>
    /// <param name="signatureOffset">Where the signature starts.</param>
    /// <param name="signatureCount">Its bytes.</param>
    /// <returns><c>false</c> for an unknown key or algorithm as well: the manifest is refused for the same reason.</returns>
    public abstract bool VerifySignature(
        int algorithm, byte[] digest, byte[] buffer, int keyIdOffset, int keyIdCount, int signatureOffset, int signatureCount);

    /// <summary>CRC-32C; a platform with an instruction for it overrides this.</summary>
    public virtual uint Crc32C(uint crc, byte[] buffer, int offset, int count)
    {
        return OtaCrc32C.Append(crc, buffer, offset, count);
    }
}

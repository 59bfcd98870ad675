using System;

namespace Flint.Device.Nano;

/// <summary>
/// An RSA public key with e = 65537 and its operation, x^65537 mod n, by Montgomery's method on 32-bit limbs: 18 multiplications, about
/// 3.6 million IL instructions for 2048 bits. What depends on the key alone, R² mod n and -1/n mod 2³², comes with it in a key blob.
/// </summary>
/// <remarks>
/// The key blob, written by the server (numbers big-endian, k the length of the modulus in bytes):
/// <code>
/// off  size  field
/// 0    1     version = 1
/// 1    1     usage: 1 encryption, 2 signatures
/// 2    2     k: 256, 384 or 512
/// 4    32    key_hash, SHA-256 of the key's SubjectPublicKeyInfo
/// 36   4     n0 = -1/n mod 2^32
/// 40   k     n
/// 40+k k     R² mod n, R = 2^(8k)
/// </code>
/// </remarks>
public sealed partial class RsaPublicKey
{
    /// <summary>key_hash, 32 bytes.</summary>
    internal readonly byte[] KeyHash;

    internal readonly Montgomery Field;
    private readonly uint[] _rSquared;

    private RsaPublicKey(byte usage, byte[] keyHash, Montgomery field, uint[] rSquared)
    {
        Usage = usage;
        KeyHash = keyHash;
        Field = field;
        _rSquared = rSquared;
    }

    /// <summary>What the key is for: <see cref="UsageEncryption"/> or <see cref="UsageSignature"/>, never both.</summary>
    public readonly byte Usage;

    /// <summary>The length of the modulus, and so of every ciphertext and signature, in bytes.</summary>
    public int Length => _rSquared.Length * 4;

    /// <summary>
    /// Called between multiplications, each of which takes an interpreter a fifth of a second, so that other threads run: typically
    /// <c>Thread.Sleep(0)</c>. Null: nothing is.
    /// </summary>
    public Action? Yield;

    /// <summary>Reads a key blob.</summary>
    /// <param name="blob">Holds the blob.</param>
    /// <param name="offset">Where it starts.</param>
    /// <param name="count">Its length, which must be exact.</param>
    /// <returns>The key, or null where the blob is not one: length, version, usage, size, or numbers that cannot be those of a key.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie within the buffer.</exception>
    public static RsaPublicKey? Read(byte[] blob, int offset, int count)
    {
        ByteRange.Check(blob, offset, count);
        if (count < BlobHeaderLength || blob[offset] != BlobVersion || (blob[offset + 1] != UsageEncryption && blob[offset + 1] != UsageSignature))
        {
            return null;
        }

        int length = BigEndian.ReadUInt16(blob, offset + 2);
        if ((length != 256 && length != 384 && length != 512) || count != BlobHeaderLength + (2 * length))
        {
            return null;
        }

        uint[] modulus = Montgomery.Read(blob, offset + BlobHeaderLength, length);
        uint[] rSquared = Montgomery.Read(blob, offset + BlobHeaderLength + length, length);
        uint n0 = BigEndian.ReadUInt32(blob, offset + 36);
        bool plausible = (modulus[0] & 1) == 1 && modulus[modulus.Length - 1] >> 31 == 1 && n0 * modulus[0] == uint.MaxValue && Montgomery.IsLess(rSquared, modulus);
        if (!plausible)
        {
            return null;
        }

        byte[] keyHash = new byte[Sha256.DigestLength];
        Array.Copy(blob, offset + 4, keyHash, 0, keyHash.Length);
        return new RsaPublicKey(blob[offset + 1], keyHash, new Montgomery(modulus, n0), rSquared);
    }

    /// <summary>Reads a key blob that the board's storage holds.</summary>
    /// <param name="platform">The board.</param>
    /// <param name="name">The value's name.</param>
    /// <exception cref="InvalidOperationException">There is no such value, or it is no key blob: the device is not provisioned.</exception>
    public static RsaPublicKey Load(IDevicePlatform platform, string name)
    {
        byte[]? blob = platform.Load(name);
        RsaPublicKey? key = blob == null ? null : Read(blob, 0, blob.Length);
        return key ?? throw new InvalidOperationException(name);
    }

    /// <summary>Replaces the number x in the range by x^65537 mod n (RFC 8017 section 5.1.1).</summary>
    /// <returns>False where x is not below n; the range is as it was then.</returns>
    internal bool TryApply(byte[] buffer, int offset)
    {
        uint[] x = Montgomery.Read(buffer, offset, Length);
        if (!Montgomery.IsLess(x, Field.Modulus))
        {
            Array.Clear(x, 0, x.Length);
            return false;
        }

        // 1 to enter the Montgomery form, 16 squarings; multiplying by the plain x at the end leaves it again.
        uint[] power = new uint[x.Length];
        Multiply(x, _rSquared, power);
        for (int i = 0; i < 16; i++)
        {
            Multiply(power, power, power);
        }

        Multiply(power, x, power);
        Montgomery.Write(power, buffer, offset);
        Array.Clear(x, 0, x.Length);
        Array.Clear(power, 0, power.Length);
        Field.Clear();
        return true;
    }

    private void Multiply(uint[] a, uint[] b, uint[] result)
    {
        Field.Multiply(a, b, result);
        Yield?.Invoke();
    }

    /// <summary>The key is for encryption: suite S1 of the tunnel.</summary>
    public const byte UsageEncryption = 1;

    /// <summary>The key is for signatures: suite S2 of the tunnel, manifests.</summary>
    public const byte UsageSignature = 2;

    private const byte BlobVersion = 1;
    private const int BlobHeaderLength = 40;
}

using System;

namespace Flint.Device.Nano;

/// <summary>HKDF with SHA-256 (RFC 5869): one HMAC call to extract, one for every 32 bytes of output.</summary>
internal static class Hkdf
{
    /// <summary>Extract(salt, input key material), RFC 5869 section 2.2: 32 bytes. An empty salt stands for 32 zeros, which HMAC takes as the same key.</summary>
    public static void Extract(IDeviceCrypto crypto, byte[] salt, byte[] inputKey, byte[] output) =>
        crypto.HmacSha256(salt, inputKey, 0, inputKey.Length, output, 0);

    /// <summary>Expand(key, info, L), RFC 5869 section 2.3, L being the output's length.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than 8160 bytes.</exception>
    public static void Expand(IDeviceCrypto crypto, byte[] key, byte[] info, byte[] output)
    {
        int length = output.Length;
        if (length > 255 * Sha256.DigestLength)
        {
            throw new ArgumentOutOfRangeException(nameof(output));
        }

        byte[] input = new byte[Sha256.DigestLength + info.Length + 1];
        byte[] block = new byte[Sha256.DigestLength];
        Array.Copy(info, 0, input, Sha256.DigestLength, info.Length);
        int start = Sha256.DigestLength;
        byte counter = 1;
        for (int at = 0; at < length; at += block.Length)
        {
            input[input.Length - 1] = counter++;
            crypto.HmacSha256(key, input, start, input.Length - start, block, 0);
            Array.Copy(block, 0, output, at, length - at < block.Length ? length - at : block.Length);
            Array.Copy(block, 0, input, 0, block.Length);
            start = 0;
        }

        ByteRange.Clear(input);
        ByteRange.Clear(block);
    }
}

using System;
using System.Security.Cryptography;

namespace Flint.Device.Nano;

/// <summary>
/// The platform's AES and HMAC, in native code, and its generator: the hardware's on ESP32 and on STM32 with one, C's <c>rand()</c> elsewhere,
/// which is why nothing uses it but <see cref="HedgedRandom"/>.
/// </summary>
public sealed partial class NanoCrypto : IDeviceCrypto
{
    private readonly Random _random = new Random();

    /// <inheritdoc/>
    public IAes128 CreateAes(byte[] key, int offset) => new NanoAes(key, offset);

    /// <inheritdoc/>
    public void HmacSha256(byte[] key, byte[] data, int offset, int count, byte[] output, int outputOffset)
    {
        ByteRange.Check(data, offset, count);
        byte[] message = data;
        if (count != data.Length)
        {
            // The native code takes whole arrays.
            message = new byte[count];
            Array.Copy(data, offset, message, 0, count);
        }

        byte[] code = HMACSHA256.HashData(key, message);
        Array.Copy(code, 0, output, outputOffset, Sha256.DigestLength);
        ByteRange.Clear(code);
        if (message != data)
        {
            ByteRange.Clear(message);
        }
    }

    /// <inheritdoc/>
    public void GetEntropy(byte[] buffer, int offset, int count)
    {
        ByteRange.Check(buffer, offset, count);
        byte[] bytes = new byte[count];
        _random.NextBytes(bytes);
        Array.Copy(bytes, 0, buffer, offset, count);
        ByteRange.Clear(bytes);
    }
}

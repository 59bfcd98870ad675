namespace Flint.Device.Nano;

/// <summary>
/// What the device does in native code, or in managed code where it cannot: <see cref="ManagedCrypto"/> is the fallback, and on
/// the device the class of the same shape over the platform's AES, HMAC and hardware generator.
/// </summary>
public interface IDeviceCrypto
{
    /// <summary>Sets up AES-128 with the 16 bytes of <paramref name="key"/> at <paramref name="offset"/>, which are copied.</summary>
    IAes128 CreateAes(byte[] key, int offset);

    /// <summary>HMAC-SHA-256 (RFC 2104): 32 bytes of <paramref name="output"/> from <paramref name="outputOffset"/>.</summary>
    /// <param name="key">The key, all of it.</param>
    /// <param name="data">Holds the message.</param>
    /// <param name="offset">Where it starts.</param>
    /// <param name="count">Its length in bytes.</param>
    /// <param name="output">Receives the result.</param>
    /// <param name="outputOffset">Where the result goes.</param>
    void HmacSha256(byte[] key, byte[] data, int offset, int count, byte[] output, int outputOffset);

    /// <summary>
    /// Fills a range from the platform's generator. It may be weak: nothing uses it directly, see <see cref="HedgedRandom"/>.
    /// </summary>
    void GetEntropy(byte[] buffer, int offset, int count);
}

using System;

namespace Flint.Device.Nano;

/// <summary>Sets up hedged randomness from the platform's storage.</summary>
public static class DeviceRandom
{
    /// <summary>
    /// Raises the stored boot counter and gives the generator of this boot. Where no secret is stored yet, one is made from the platform's
    /// generator; better it comes from provisioning, as the 32 bytes of "rng-secret".
    /// </summary>
    /// <exception cref="InvalidOperationException">The counter cannot be stored: without it the generator could repeat itself.</exception>
    public static HedgedRandom Create(IDevicePlatform platform, IDeviceCrypto crypto)
    {
        if (platform == null || crypto == null)
        {
            throw new ArgumentNullException(nameof(platform));
        }

        byte[]? secret = platform.Load(SecretName);
        bool stored = true;
        if (secret == null || secret.Length != Sha256.DigestLength)
        {
            secret = new byte[Sha256.DigestLength];
            crypto.GetEntropy(secret, 0, secret.Length);
            stored = platform.Save(SecretName, secret);
        }

        byte[]? counter = platform.Load(CounterName);
        if (counter == null || counter.Length != 8)
        {
            counter = new byte[8];
        }

        long boot = (long)ByteRange.ReadUInt64(counter, 0) + 1;
        ByteRange.WriteUInt64(counter, 0, (ulong)boot);
        if (!stored || !platform.Save(CounterName, counter))
        {
            throw new InvalidOperationException("The boot counter cannot be stored.");
        }

        return new HedgedRandom(crypto, secret, boot);
    }

    private const string SecretName = "rng-secret";
    private const string CounterName = "boot-counter";
}

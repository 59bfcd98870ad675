using System;

namespace Flint.Device.Nano;

/// <summary>What a device that is given its PSK itself makes of it once; a provisioned one is given the result (docs/spec/secure-tunnel.md section 4).</summary>
public static class TunnelPsk
{
    /// <summary>psk_mix = Label(Extract("SecureTunnel v1 device psk", psk), "mix", "", 32), for <see cref="TunnelSettings.PskMix"/>.</summary>
    /// <param name="crypto">The HMAC.</param>
    /// <param name="psk">32 uniformly random bytes, the device's own [ST-105].</param>
    /// <exception cref="ArgumentException">The PSK does not have 32 bytes.</exception>
    public static byte[] Mix(IDeviceCrypto crypto, byte[] psk)
    {
        if (crypto == null || psk == null || psk.Length != Sha256.DigestLength)
        {
            throw new ArgumentException("A PSK has 32 bytes.", nameof(psk));
        }

        byte[] salt = new byte[Salt.Length];
        Utf8Text.Write(Salt, salt, 0);
        byte[] key = new byte[Sha256.DigestLength];
        byte[] mix = new byte[Sha256.DigestLength];
        Hkdf.Extract(crypto, salt, psk, key);
        new TunnelSchedule(crypto).Label(key, "mix", TunnelSchedule.Zero, 0, mix);
        ByteRange.Clear(key);
        return mix;
    }

    // Specification
    private const string Salt = "SecureTunnel v1 device psk";
}

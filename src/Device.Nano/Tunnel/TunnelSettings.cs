using System;

namespace Flint.Device.Nano;

/// <summary>What a device is provisioned with for the tunnel (docs/spec/secure-tunnel.md section 4).</summary>
public class TunnelSettings
{
    /// <summary>The one suite, see <see cref="TunnelSuite"/> [ST-101].</summary>
    public byte Suite = TunnelSuite.RsaOaepCcm;

    /// <summary>1 to 64 opaque bytes [ST-104].</summary>
    public byte[] DeviceId = new byte[0];

    /// <summary>psk_mix, 32 bytes; <see cref="TunnelPsk"/> makes it from the PSK.</summary>
    public byte[] PskMix = new byte[0];

    /// <summary>The pinned keys, 1 to 4 of the suite's usage, the preferred one first [ST-106].</summary>
    public RsaPublicKey[] Pins = new RsaPublicKey[0];

    /// <summary>The application context, 0 to 32 bytes, equal on both sides and never sent [ST-109].</summary>
    public byte[] Context = new byte[0];

    /// <summary>The largest inner plaintext that this side accepts, in bytes, 256 to 16385 [ST-303]: what a record costs in RAM.</summary>
    public int MaxRecord = 512;

    /// <summary>Whether a resumption makes a fresh P-256 exchange (mode 2), for forward secrecy at the price of two multiplications on the curve.</summary>
    public bool ResumeWithExchange;

    /// <summary>The exchange of suite S2 and of <see cref="ResumeWithExchange"/>, a <see cref="P256"/>; null where neither is used.</summary>
    public IKeyExchange? Exchange;

    /// <summary>The AEAD of the suite under the 16 bytes of <paramref name="key"/> at 0: CCM here; another can stand in where GCM is at hand.</summary>
    internal virtual Aes128Ccm CreateCipher(IDeviceCrypto crypto, byte[] key) => new Aes128Ccm(crypto.CreateAes(key, 0));

    /// <summary>Whether <see cref="CreateCipher"/> makes the AEAD of the suite.</summary>
    internal virtual bool IsSupported => Suite == TunnelSuite.RsaOaepCcm || Suite == TunnelSuite.P256RsaPssCcm;

    /// <exception cref="ArgumentException">A value is outside its limits; the message says which.</exception>
    internal void Validate()
    {
        bool isEphemeral = TunnelSuite.IsEphemeral(Suite);
        Require(IsSupported && (Exchange != null || !(ResumeWithExchange || isEphemeral)), "the suite is 0x01 or 0x03, and S2 and ResumeWithExchange take an Exchange");
        Require(
            DeviceId.Length >= 1 && DeviceId.Length <= MaxDeviceId && PskMix.Length == Sha256.DigestLength && Context.Length <= MaxContext,
            "a device id has 1 to 64 bytes, psk_mix 32, a context 0 to 32");
        Require(MaxRecord >= LeastMaxRecord && MaxRecord <= MostMaxRecord, "max_record is 256 to 16385");
        bool arePins = Pins.Length >= 1 && Pins.Length <= MaxPins;
        for (int i = 0; i < Pins.Length; i++)
        {
            arePins &= Pins[i].Usage == (isEphemeral ? RsaPublicKey.UsageSignature : RsaPublicKey.UsageEncryption);
        }

        Require(arePins, "there are 1 to 4 pins of the suite's usage");
    }

    private static void Require(bool condition, string what)
    {
        if (!condition)
        {
            throw new ArgumentException("Tunnel settings: " + what + ".");
        }
    }

    // Specification
    internal const int LeastMaxRecord = 256;
    internal const int MostMaxRecord = 16385;
    private const int MaxDeviceId = 64;
    private const int MaxContext = 32;
    private const int MaxPins = 4;
}

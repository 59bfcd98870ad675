namespace Flint.Device.Nano;

/// <summary>The suites of docs/spec/secure-tunnel.md section 3. A device is configured for one.</summary>
public static class TunnelSuite
{
    /// <summary>S1: RSA-OAEP key transport, AES-128-CCM records.</summary>
    public const byte RsaOaepCcm = 0x01;

    /// <summary>S1 with AES-128-GCM records, for platforms that have GCM in native code.</summary>
    internal const byte RsaOaepGcm = 0x02;

    /// <summary>S2: ephemeral P-256, RSA-PSS signature, AES-128-CCM records.</summary>
    public const byte P256RsaPssCcm = 0x03;

    /// <summary>S2 with AES-128-GCM records, for platforms that have GCM in native code.</summary>
    internal const byte P256RsaPssGcm = 0x04;

    internal static bool IsEphemeral(byte suite) => suite == P256RsaPssCcm || suite == P256RsaPssGcm;
}

namespace Flint.SecureTunnel;

/// <summary>What a suite consists of (section 3).</summary>
internal static class SuiteExtensions
{
    public static bool IsImplemented(this SecureTunnelSuite suite) =>
        suite is >= SecureTunnelSuite.RsaOaepAes128Ccm and <= SecureTunnelSuite.P256RsaPssAes128Gcm;

    /// <summary>S2: ephemeral P-256 and an RSA-PSS signature.</summary>
    public static bool IsEphemeral(this SecureTunnelSuite suite) =>
        suite is SecureTunnelSuite.P256RsaPssAes128Ccm or SecureTunnelSuite.P256RsaPssAes128Gcm;

    public static bool IsCcm(this SecureTunnelSuite suite) =>
        suite is SecureTunnelSuite.RsaOaepAes128Ccm or SecureTunnelSuite.P256RsaPssAes128Ccm;

    public static SecureTunnelKeyUsage KeyUsage(this SecureTunnelSuite suite) =>
        suite.IsEphemeral() ? SecureTunnelKeyUsage.Signing : SecureTunnelKeyUsage.Encryption;
}

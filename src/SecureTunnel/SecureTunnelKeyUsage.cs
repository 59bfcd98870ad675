namespace Flint.SecureTunnel;

/// <summary>What an RSA key of the server is for. A key serves one usage for its whole life (section 3, key separation).</summary>
public enum SecureTunnelKeyUsage
{
    /// <summary>The key opens the seed of suites S1.</summary>
    Encryption,

    /// <summary>The key signs the transcript in suites S2.</summary>
    Signing,
}

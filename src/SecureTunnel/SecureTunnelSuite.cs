namespace Flint.SecureTunnel;

/// <summary>
/// The cipher suite of a tunnel, fixed by configuration and never negotiated (section 3).
/// S1 transports the key under a pinned RSA encryption key; S2 agrees on it over P-256 and signs with a pinned RSA key.
/// </summary>
public enum SecureTunnelSuite : byte
{
    /// <summary>No suite; not a value of the protocol.</summary>
    None = 0,

    /// <summary>S1 with AES-128-CCM records: <c>ST1_RSAOAEP_AES128CCM_SHA256</c>.</summary>
    RsaOaepAes128Ccm = 0x01,

    /// <summary>S1 with AES-128-GCM records: <c>ST1_RSAOAEP_AES128GCM_SHA256</c>.</summary>
    RsaOaepAes128Gcm = 0x02,

    /// <summary>S2 with AES-128-CCM records: <c>ST1_P256_RSAPSS_AES128CCM_SHA256</c>.</summary>
    P256RsaPssAes128Ccm = 0x03,

    /// <summary>S2 with AES-128-GCM records: <c>ST1_P256_RSAPSS_AES128GCM_SHA256</c>.</summary>
    P256RsaPssAes128Gcm = 0x04,
}

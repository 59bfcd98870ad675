namespace Flint.SecureTunnel;

/// <summary>How a session comes by its keys (section 6.1).</summary>
internal enum HandshakeMode : byte
{
    /// <summary>With the server's RSA key.</summary>
    Full = 0,

    /// <summary>From a ticket alone.</summary>
    Resume = 1,

    /// <summary>From a ticket and a fresh P-256 exchange: forward secret.</summary>
    ResumeEphemeral = 2,
}

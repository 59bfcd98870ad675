namespace Flint.SecureTunnel;

/// <summary>The random values of the protocol.</summary>
internal enum EntropyUse
{
    /// <summary>client_random (section 6.1).</summary>
    ClientRandom,

    /// <summary>The seed that OAEP transports (section 6.1).</summary>
    Seed,

    /// <summary>The seed's replacement for a ciphertext that does not open (section 10).</summary>
    FallbackSeed,

    /// <summary>server_random (section 6.2).</summary>
    ServerRandom,

    /// <summary>The replacement for the PSK of an unknown device (section 6.6).</summary>
    DummyPsk,

    /// <summary>ticket_nonce (section 6.7).</summary>
    TicketNonce,

    /// <summary>The salt of a ticket's key (section 12).</summary>
    TicketSalt,
}

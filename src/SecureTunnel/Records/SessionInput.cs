namespace Flint.SecureTunnel;

/// <summary>What moves an established tunnel (section 16.3).</summary>
internal enum SessionInput
{
    /// <summary>A Data record from the peer.</summary>
    Data,

    /// <summary>A KeyUpdate record from the peer.</summary>
    KeyUpdate,

    /// <summary>A Close record from the peer.</summary>
    PeerClose,

    /// <summary>This side seals Data or a KeyUpdate.</summary>
    Send,

    /// <summary>This side seals its Close.</summary>
    LocalClose,

    /// <summary>An Alert of either side, or anything that this state does not allow.</summary>
    Failure,
}

namespace Flint.SecureTunnel;

/// <summary>What moves a device's handshake (section 16.2).</summary>
internal enum ClientInput
{
    /// <summary>This side sends a ClientHello of mode 0.</summary>
    BeginFull,

    /// <summary>This side sends a ClientHello of mode 1 or 2.</summary>
    BeginResume,

    /// <summary>A well-formed Retry.</summary>
    Retry,

    /// <summary>A ServerHello that answers the ClientHello.</summary>
    ServerHello,

    /// <summary>A ServerAuth that opens and verifies; this side sends ClientAuth.</summary>
    ServerAuth,

    /// <summary>An Accept that opens.</summary>
    Accept,

    /// <summary>Anything else, an alert, or a deadline.</summary>
    Failure,
}

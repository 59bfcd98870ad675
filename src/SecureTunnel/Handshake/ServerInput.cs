namespace Flint.SecureTunnel;

/// <summary>What moves a server's handshake (section 16.1).</summary>
internal enum ServerInput
{
    /// <summary>A ClientHello of mode 0 for a key that is here.</summary>
    FullHello,

    /// <summary>A ClientHello of mode 1 or 2 with a ticket that opens and a binder that matches.</summary>
    ResumeHello,

    /// <summary>A ClientHello of mode 1 or 2 with a ticket that cannot be used.</summary>
    UnusableTicket,

    /// <summary>This side has sent ServerHello and ServerAuth.</summary>
    Answered,

    /// <summary>A ClientAuth that opens and is well formed.</summary>
    ClientAuth,

    /// <summary>The device is known, allowed and proven; this side has sent Accept.</summary>
    DeviceProven,

    /// <summary>Anything else, an alert, or a deadline.</summary>
    Failure,
}

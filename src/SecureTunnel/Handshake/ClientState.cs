namespace Flint.SecureTunnel;

/// <summary>The states of a device's handshake (section 16.2).</summary>
internal enum ClientState
{
    /// <summary>Has sent nothing.</summary>
    Start,

    /// <summary>Has sent a ClientHello of mode 0.</summary>
    WaitServerHello,

    /// <summary>Has sent a ClientHello of mode 1 or 2.</summary>
    WaitResumption,

    /// <summary>Has a ServerHello.</summary>
    WaitServerAuth,

    /// <summary>Has sent ClientAuth.</summary>
    WaitAccept,

    /// <summary>Has verified Accept.</summary>
    Connected,

    /// <summary>Failed; every key is erased.</summary>
    Dead,
}

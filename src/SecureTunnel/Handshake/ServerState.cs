namespace Flint.SecureTunnel;

/// <summary>The states of a server's handshake (section 16.1).</summary>
internal enum ServerState
{
    /// <summary>Waits for the first ClientHello.</summary>
    WaitClientHello,

    /// <summary>Has sent Retry, waits for a ClientHello of mode 0.</summary>
    WaitFullHello,

    /// <summary>Has a ClientHello, has not answered: the private-key operation or the key agreement is due.</summary>
    Answering,

    /// <summary>Has sent ServerHello and ServerAuth.</summary>
    WaitClientAuth,

    /// <summary>Has a ClientAuth, waits for the device store.</summary>
    CheckingDevice,

    /// <summary>Has sent Accept.</summary>
    Connected,

    /// <summary>Failed; every key is erased.</summary>
    Dead,
}

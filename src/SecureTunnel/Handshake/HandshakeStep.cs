namespace Flint.SecureTunnel;

/// <summary>What a handshake wants next from the edge.</summary>
internal enum HandshakeStep
{
    /// <summary>Send what was written, then give the next frame.</summary>
    ReadFrame,

    /// <summary>Pass the gate for private-key operations, then say so.</summary>
    UsePrivateKey,

    /// <summary>Look the device up in the store, then give the answer.</summary>
    FindDevice,

    /// <summary>Send what was written, then take the session.</summary>
    Connected,

    /// <summary>Send what was written, then end the stream.</summary>
    Failed,
}

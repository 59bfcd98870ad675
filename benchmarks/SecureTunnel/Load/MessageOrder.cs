namespace Flint.Benchmarks.SecureTunnel.Load;

/// <summary>What a client asks of a server of the kinds "duplex" and "tls-duplex": as the server sees it.</summary>
internal enum MessageOrder : byte
{
    Receives = 1,
    Sends,
    Echo,
}

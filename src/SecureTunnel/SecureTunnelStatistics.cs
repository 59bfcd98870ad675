using System;

namespace Flint.SecureTunnel;

/// <summary>What a tunnel has cost so far. Bytes are bytes on the wire: frame headers and tags included, the transport's own headers not.</summary>
/// <param name="HandshakeBytesReceived">Bytes received up to and including the last handshake message.</param>
/// <param name="HandshakeBytesSent">Bytes sent up to and including the last handshake message.</param>
/// <param name="HandshakeDuration">From the first byte read or written to the tunnel.</param>
/// <param name="BytesReceived">All bytes received, the handshake included.</param>
/// <param name="BytesSent">All bytes sent, the handshake included.</param>
/// <param name="RecordsReceived">Records opened after the handshake.</param>
/// <param name="RecordsSent">Records sealed after the handshake.</param>
public readonly record struct SecureTunnelStatistics(
    long HandshakeBytesReceived,
    long HandshakeBytesSent,
    TimeSpan HandshakeDuration,
    long BytesReceived,
    long BytesSent,
    long RecordsReceived,
    long RecordsSent);

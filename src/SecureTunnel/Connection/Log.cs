using System;
using Microsoft.Extensions.Logging;

namespace Flint.SecureTunnel;

/// <summary>What the server logs: identities, reasons and sizes, never key material; nothing in it tells how an OAEP ciphertext failed [ST-604].</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Tunnel with {DeviceId}: {Suite}, resumed {Resumed}, {Bytes} bytes and {Milliseconds} ms of handshake")]
    public static partial void Accepted(ILogger logger, SecureTunnelDeviceId deviceId, SecureTunnelSuite suite, bool resumed, long bytes, double milliseconds);

    [LoggerMessage(2, LogLevel.Warning, "Handshake refused: {Reason}, alert {Alert}, from the peer {IsFromPeer}")]
    public static partial void Refused(ILogger logger, SecureTunnelReason reason, SecureTunnelAlert alert, bool isFromPeer);

    [LoggerMessage(3, LogLevel.Error, "Handshake broken by a fault of this side")]
    public static partial void Broken(ILogger logger, Exception exception);
}

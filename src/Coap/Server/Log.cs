using System;
using System.Net;
using Microsoft.Extensions.Logging;

namespace Flint.Coap;

/// <summary>What the server logs: addresses, identities, paths, reasons; never a payload, and no text that a peer could choose freely.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Listening for CoAP: UDP {Udp}, TCP {Tcp}")]
    public static partial void Listening(ILogger logger, IPEndPoint? udp, IPEndPoint? tcp);

    [LoggerMessage(2, LogLevel.Information, "Stopping: {Connections} connections, handlers have {Seconds} s to finish")]
    public static partial void Stopping(ILogger logger, int connections, double seconds);

    [LoggerMessage(3, LogLevel.Information, "Stopped; handlers that were cut off: {CutOff}")]
    public static partial void Stopped(ILogger logger, int cutOff);

    [LoggerMessage(4, LogLevel.Information, "Connection of {Peer}")]
    public static partial void Connected(ILogger logger, string peer);

    [LoggerMessage(5, LogLevel.Information, "Connection of {Peer} has ended: {Reason}")]
    public static partial void Disconnected(ILogger logger, string peer, CoapError? reason);

    [LoggerMessage(6, LogLevel.Warning, "Connection from {Address} refused: {Count} are open, {CountOfAddress} of them from there")]
    public static partial void Refused(ILogger logger, IPAddress? address, int count, int countOfAddress);

    [LoggerMessage(7, LogLevel.Information, "Connection of {Peer} gives way to a newer one")]
    public static partial void Displaced(ILogger logger, string peer);

    [LoggerMessage(8, LogLevel.Error, "The handler of {Method} {Path} for {Peer} has failed; the answer is 5.00")]
    public static partial void HandlerFailed(ILogger logger, CoapCode method, string path, string peer, Exception exception);
}

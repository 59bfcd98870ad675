using System;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>The server cannot use the ticket: the device starts again with a full handshake on the same stream.</summary>
/// <remarks>Section 6.3: <code>0x03 ‖ version = 1 ‖ reason = 1</code></remarks>
internal static class Retry
{
    public const int EncodedLength = 3;

    public static WireStatus TryRead(ReadOnlySpan<byte> body)
    {
        return body.IsEmpty ? WireStatus.Truncated
            : body[0] != (byte)MessageType.Retry ? WireStatus.WrongType
            : body.Length < EncodedLength ? WireStatus.Truncated
            : body.Length > EncodedLength ? WireStatus.TrailingBytes
            : body[1] != ProtocolLimits.Version ? WireStatus.UnsupportedVersion // [ST-326]
            : body[2] != TicketNotUsable ? WireStatus.RetryReason // [ST-326]
            : WireStatus.Ok;
    }

    /// <summary>Writes the body.</summary>
    public static int Write(Span<byte> destination)
    {
        destination[0] = (byte)MessageType.Retry;
        destination[1] = ProtocolLimits.Version;
        destination[2] = TicketNotUsable;
        return EncodedLength;
    }

    /// <summary>
    /// What stands in the transcript for the first ClientHello and this Retry: a frame of type 0x04, which is never sent, with the hash
    /// of the first ClientHello's frame, and the frame of the Retry. Neither side has to keep the hello. [ST-401]
    /// </summary>
    public static byte[] Hash(ReadOnlySpan<byte> firstHelloFrame)
    {
        byte[] result = new byte[3 + ProtocolLimits.HashSize + ProtocolLimits.HeaderSize + EncodedLength];
        Frame.WriteHeader(result, 1 + ProtocolLimits.HashSize);
        result[2] = HelloHash;
        SHA256.HashData(firstHelloFrame, result.AsSpan(3));
        Span<byte> retry = result.AsSpan(3 + ProtocolLimits.HashSize);
        Frame.WriteHeader(retry, Write(retry[ProtocolLimits.HeaderSize..]));
        return result;
    }

    private const byte TicketNotUsable = 1;
    private const byte HelloHash = 0x04;
}

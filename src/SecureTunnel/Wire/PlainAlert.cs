using System;

namespace Flint.SecureTunnel;

/// <summary>An alert before keys exist: not authenticated, a hint only.</summary>
/// <remarks>Section 6.4: <code>0x0F ‖ code</code></remarks>
internal readonly record struct PlainAlert(SecureTunnelAlert Code)
{
    public const int EncodedLength = 2;

    public static WireStatus TryRead(ReadOnlySpan<byte> body, out PlainAlert message)
    {
        message = default;
        WireStatus status =
            body.IsEmpty ? WireStatus.Truncated
            : body[0] != (byte)MessageType.PlainAlert ? WireStatus.WrongType
            : body.Length < EncodedLength ? WireStatus.Truncated
            : body.Length > EncodedLength ? WireStatus.TrailingBytes
            : WireStatus.Ok;
        if (status == WireStatus.Ok)
        {
            message = new PlainAlert((SecureTunnelAlert)body[1]);
        }

        return status;
    }

    /// <summary>Writes the body.</summary>
    public int Write(Span<byte> destination)
    {
        destination[0] = (byte)MessageType.PlainAlert;
        destination[1] = (byte)Code;
        return EncodedLength;
    }
}

using System;
using System.Buffers.Binary;

namespace Flint.SecureTunnel;

/// <summary>The server's answer; after it every frame is a record.</summary>
/// <remarks>
/// Section 6.2:
/// <code>
/// off size field
/// 0   1    type = 0x02
/// 1   1    version = 1
/// 2   1    suite           the client's
/// 3   1    mode            the client's
/// 4   2    max_record
/// 6   32   server_random
/// 38  2    kem_len         0 or 65
/// 40  n    kem
/// </code>
/// </remarks>
internal readonly ref struct ServerHello
{
    public SecureTunnelSuite Suite { get; init; }

    public HandshakeMode Mode { get; init; }

    public int MaxRecord { get; init; }

    public ReadOnlySpan<byte> Random { get; init; }

    public ReadOnlySpan<byte> Kem { get; init; }

    public int EncodedLength => 40 + Kem.Length;

    /// <summary>Reads a frame's body. Where the status is not Ok, <paramref name="message"/> is <c>default</c>.</summary>
    public static WireStatus TryRead(ReadOnlySpan<byte> body, out ServerHello message)
    {
        message = default;
        if (body.IsEmpty || body[0] != (byte)MessageType.ServerHello)
        {
            return body.IsEmpty ? WireStatus.Truncated : WireStatus.WrongType;
        }

        if (body.Length < 40)
        {
            return WireStatus.Truncated;
        }

        int maxRecord = BinaryPrimitives.ReadUInt16BigEndian(body[4..]);
        int kemLength = BinaryPrimitives.ReadUInt16BigEndian(body[38..]);
        WireStatus status =
            body[1] != ProtocolLimits.Version ? WireStatus.UnsupportedVersion // [ST-326]
            : maxRecord is < ProtocolLimits.MinMaxRecord or > ProtocolLimits.MaxMaxRecord ? WireStatus.MaxRecord // [ST-303]
            : kemLength is not (0 or ProtocolLimits.PointSize) ? WireStatus.KemLength // [ST-308]
            : body.Length < 40 + kemLength ? WireStatus.Truncated
            : body.Length > 40 + kemLength ? WireStatus.TrailingBytes
            : WireStatus.Ok;
        if (status == WireStatus.Ok)
        {
            message = new ServerHello
            {
                Suite = (SecureTunnelSuite)body[2],
                Mode = (HandshakeMode)body[3],
                MaxRecord = maxRecord,
                Random = body.Slice(6, ProtocolLimits.RandomSize),
                Kem = body[40..],
            };
        }

        return status;
    }

    /// <summary>Writes the body.</summary>
    /// <returns>False where <paramref name="destination"/> is shorter than <see cref="EncodedLength"/>.</returns>
    public bool TryWrite(Span<byte> destination, out int written)
    {
        written = 0;
        if (destination.Length < EncodedLength)
        {
            return false;
        }

        destination[0] = (byte)MessageType.ServerHello;
        destination[1] = ProtocolLimits.Version;
        destination[2] = (byte)Suite;
        destination[3] = (byte)Mode;
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], (ushort)MaxRecord);
        Random.CopyTo(destination[6..]);
        BinaryPrimitives.WriteUInt16BigEndian(destination[38..], (ushort)Kem.Length);
        Kem.CopyTo(destination[40..]);
        written = EncodedLength;
        return true;
    }
}

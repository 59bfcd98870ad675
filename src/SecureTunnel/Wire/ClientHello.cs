using System;
using System.Buffers.Binary;

namespace Flint.SecureTunnel;

/// <summary>The first message of a device.</summary>
/// <remarks>
/// Section 6.1:
/// <code>
/// off size field
/// 0   1    type = 0x01
/// 1   2    magic = 0x53 0x54 ("ST")
/// 3   1    version = 0x01
/// 4   1    suite
/// 5   2    max_record
/// 7   32   client_random
/// 39  1    mode
/// 40  8    key_id          mode 0 only
/// ..  2    kem_len
/// ..  n    kem
/// ..  2    ticket_len      modes 1 and 2 only
/// ..  n    ticket
/// ..  32   binder
/// </code>
/// </remarks>
internal readonly ref struct ClientHello
{
    public SecureTunnelSuite Suite { get; init; }

    public int MaxRecord { get; init; }

    public ReadOnlySpan<byte> Random { get; init; }

    public HandshakeMode Mode { get; init; }

    /// <summary>8 bytes in mode 0, none otherwise.</summary>
    public ReadOnlySpan<byte> KeyId { get; init; }

    public ReadOnlySpan<byte> Kem { get; init; }

    /// <summary>1 to 256 bytes in modes 1 and 2, none otherwise.</summary>
    public ReadOnlySpan<byte> Ticket { get; init; }

    /// <summary>32 bytes in modes 1 and 2, none otherwise.</summary>
    public ReadOnlySpan<byte> Binder { get; init; }

    public int EncodedLength => 42 + KeyId.Length + Kem.Length + (Mode == HandshakeMode.Full ? 0 : 2 + Ticket.Length + Binder.Length);

    /// <summary>Reads a frame's body. Where the status is not Ok, <paramref name="message"/> is <c>default</c>.</summary>
    public static WireStatus TryRead(ReadOnlySpan<byte> body, out ClientHello message) // [ST-301]
    {
        message = default;
        if (body.IsEmpty || body[0] != (byte)MessageType.ClientHello)
        {
            return body.IsEmpty ? WireStatus.Truncated : WireStatus.WrongType;
        }

        // What follows has this shape in this version and these suites only: another one is not measured by it.
        WireStatus start = // [ST-325]: the order of the diagram
            body.Length < 4 ? WireStatus.Truncated
            : body[1] != Magic0 || body[2] != Magic1 ? WireStatus.WrongMagic // [ST-302]
            : body[3] != ProtocolLimits.Version ? WireStatus.UnsupportedVersion // [ST-302]
            : body.Length < 5 ? WireStatus.Truncated
            : !((SecureTunnelSuite)body[4]).IsImplemented() ? WireStatus.UnsupportedSuite // [ST-101]
            : body.Length < 40 ? WireStatus.Truncated
            : WireStatus.Ok;
        if (start != WireStatus.Ok)
        {
            return start;
        }

        var suite = (SecureTunnelSuite)body[4];
        int maxRecord = BinaryPrimitives.ReadUInt16BigEndian(body[5..]);
        var mode = (HandshakeMode)body[39];
        WireStatus head =
            maxRecord is < ProtocolLimits.MinMaxRecord or > ProtocolLimits.MaxMaxRecord ? WireStatus.MaxRecord // [ST-303]
            : mode > HandshakeMode.ResumeEphemeral ? WireStatus.UnsupportedMode // [ST-304]
            : WireStatus.Ok;
        return head != WireStatus.Ok ? head : TryReadTail(body, suite, maxRecord, mode, out message);
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

        destination[0] = (byte)MessageType.ClientHello;
        destination[1] = Magic0;
        destination[2] = Magic1;
        destination[3] = ProtocolLimits.Version;
        destination[4] = (byte)Suite;
        BinaryPrimitives.WriteUInt16BigEndian(destination[5..], (ushort)MaxRecord);
        Random.CopyTo(destination[7..]);
        destination[39] = (byte)Mode;
        KeyId.CopyTo(destination[40..]);
        int at = 40 + KeyId.Length;
        BinaryPrimitives.WriteUInt16BigEndian(destination[at..], (ushort)Kem.Length);
        Kem.CopyTo(destination[(at + 2)..]);
        at += 2 + Kem.Length;
        if (Mode != HandshakeMode.Full)
        {
            BinaryPrimitives.WriteUInt16BigEndian(destination[at..], (ushort)Ticket.Length);
            Ticket.CopyTo(destination[(at + 2)..]);
            Binder.CopyTo(destination[(at + 2 + Ticket.Length)..]);
        }

        written = EncodedLength;
        return true;
    }

    private static WireStatus TryReadTail(ReadOnlySpan<byte> body, SecureTunnelSuite suite, int maxRecord, HandshakeMode mode, out ClientHello message)
    {
        message = default;
        var reader = new WireReader(body[40..]);
        ReadOnlySpan<byte> keyId = default;
        if (mode == HandshakeMode.Full && !reader.TryTake(ProtocolLimits.KeyIdSize, out keyId))
        {
            return WireStatus.Truncated;
        }

        if (!reader.TryTakeVector(out ReadOnlySpan<byte> kem))
        {
            return WireStatus.Truncated;
        }

        if (!IsKemLength(suite, mode, kem.Length)) // [ST-305]
        {
            return WireStatus.KemLength;
        }

        ReadOnlySpan<byte> ticket = default;
        ReadOnlySpan<byte> binder = default;
        if (mode != HandshakeMode.Full)
        {
            if (!reader.TryTakeVector(out ticket) || !reader.TryTake(ProtocolLimits.HashSize, out binder))
            {
                return WireStatus.Truncated;
            }

            if (ticket.Length is < 1 or > ProtocolLimits.MaxTicket) // [ST-306]
            {
                return WireStatus.TicketLength;
            }
        }

        if (!reader.IsEmpty)
        {
            return WireStatus.TrailingBytes;
        }

        message = new ClientHello
        {
            Suite = suite,
            MaxRecord = maxRecord,
            Random = body.Slice(7, ProtocolLimits.RandomSize),
            Mode = mode,
            KeyId = keyId,
            Kem = kem,
            Ticket = ticket,
            Binder = binder,
        };
        return WireStatus.Ok;
    }

    private static bool IsKemLength(SecureTunnelSuite suite, HandshakeMode mode, int length) => mode switch
    {
        HandshakeMode.Full when !suite.IsEphemeral() => length is >= MinModulus and <= MaxModulus,
        HandshakeMode.Resume => length == 0,
        _ => length == ProtocolLimits.PointSize,
    };

    // Specification
    private const byte Magic0 = 0x53;
    private const byte Magic1 = 0x54;
    private const int MinModulus = 256;
    private const int MaxModulus = 512;
}

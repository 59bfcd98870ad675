using System;
using System.Buffers.Binary;

namespace Flint.SecureTunnel;

/// <summary>The server's word that the device is in, with a ticket for the next time where it gives tickets.</summary>
/// <remarks>
/// Section 6.7:
/// <code>
/// off size field
/// 0   1    type = 0x13
/// 1   4    ticket_lifetime seconds, 0 = no ticket
/// 5   1    nonce_len = 8
/// 6   8    ticket_nonce
/// 14  2    ticket_len
/// 16  n    ticket
/// </code>
/// </remarks>
internal readonly ref struct Accept
{
    public uint TicketLifetime { get; init; }

    public ReadOnlySpan<byte> TicketNonce { get; init; }

    public ReadOnlySpan<byte> Ticket { get; init; }

    public int EncodedLength => 16 + Ticket.Length;

    /// <summary>Reads a record's inner plaintext. Where the status is not Ok, <paramref name="message"/> is <c>default</c>.</summary>
    public static WireStatus TryRead(ReadOnlySpan<byte> inner, out Accept message) // [ST-316]
    {
        message = default;
        if (inner.IsEmpty || inner[0] != (byte)MessageType.Accept)
        {
            return inner.IsEmpty ? WireStatus.Truncated : WireStatus.WrongType;
        }

        if (inner.Length < 16)
        {
            return WireStatus.Truncated;
        }

        uint lifetime = BinaryPrimitives.ReadUInt32BigEndian(inner[1..]);
        int ticketLength = BinaryPrimitives.ReadUInt16BigEndian(inner[14..]);
        WireStatus status =
            inner[5] != ProtocolLimits.TicketNonceSize ? WireStatus.NonceLength
            : ticketLength > ProtocolLimits.MaxTicket || (ticketLength == 0) != (lifetime == 0) ? WireStatus.TicketLength
            : inner.Length < 16 + ticketLength ? WireStatus.Truncated
            : inner.Length > 16 + ticketLength ? WireStatus.TrailingBytes
            : WireStatus.Ok;
        if (status == WireStatus.Ok)
        {
            message = new Accept { TicketLifetime = lifetime, TicketNonce = inner.Slice(6, ProtocolLimits.TicketNonceSize), Ticket = inner[16..] };
        }

        return status;
    }

    /// <summary>Writes the inner plaintext.</summary>
    /// <returns>False where <paramref name="destination"/> is shorter than <see cref="EncodedLength"/>.</returns>
    public bool TryWrite(Span<byte> destination, out int written)
    {
        written = 0;
        if (destination.Length < EncodedLength)
        {
            return false;
        }

        destination[0] = (byte)MessageType.Accept;
        BinaryPrimitives.WriteUInt32BigEndian(destination[1..], TicketLifetime);
        destination[5] = ProtocolLimits.TicketNonceSize;
        TicketNonce.CopyTo(destination[6..]);
        BinaryPrimitives.WriteUInt16BigEndian(destination[14..], (ushort)Ticket.Length);
        Ticket.CopyTo(destination[16..]);
        written = EncodedLength;
        return true;
    }
}

using System;
using System.Buffers.Binary;
using System.Threading;

namespace Flint.SecureTunnel;

/// <summary>
/// Where a device keeps its ticket between connections: each connection takes it out and, once accepted, puts the new one in (section 12). Keep one instance
/// over reconnects; export it to survive a restart. Safe for concurrent use.
/// </summary>
public sealed class SecureTunnelTicketSlot : IDisposable
{
    private DeviceTicket? _ticket;

    /// <summary>True while a ticket is here.</summary>
    public bool HasTicket => Volatile.Read(ref _ticket) is not null;

    /// <summary>
    /// The ticket and its secret, to be stored as carefully as a PSK; empty where there is none. The slot keeps it.
    /// </summary>
    public byte[] Export()
    {
        DeviceTicket? ticket = Volatile.Read(ref _ticket);
        if (ticket is null)
        {
            return [];
        }

        byte[] result = new byte[HeadSize + ticket.Ticket.Length];
        result[0] = FormatVersion;
        result[1] = (byte)ticket.Suite;
        ticket.ServerKeyHash.CopyTo(result, 2);
        try
        {
            ticket.CopySecret(result.AsSpan(2 + ProtocolLimits.HashSize, ProtocolLimits.HashSize));
        }
        catch (ObjectDisposedException)
        {
            return []; // a connection has taken it meanwhile
        }

        BinaryPrimitives.WriteUInt16BigEndian(result.AsSpan(HeadSize - 2), (ushort)ticket.Ticket.Length);
        ticket.Ticket.CopyTo(result, HeadSize);
        return result;
    }

    /// <summary>Puts an exported ticket in. A ticket is used once: what was imported and used is not to be imported again [ST-806].</summary>
    /// <returns>False, and the slot is as before, where the bytes are no exported ticket.</returns>
    public bool TryImport(ReadOnlySpan<byte> exported)
    {
        if (exported.Length <= HeadSize || exported[0] != FormatVersion || !((SecureTunnelSuite)exported[1]).IsImplemented()
            || exported.Length - HeadSize is var length && (length > ProtocolLimits.MaxTicket || BinaryPrimitives.ReadUInt16BigEndian(exported[(HeadSize - 2)..]) != length))
        {
            return false;
        }

        Put(new DeviceTicket(
            (SecureTunnelSuite)exported[1],
            exported[HeadSize..].ToArray(),
            exported.Slice(2 + ProtocolLimits.HashSize, ProtocolLimits.HashSize),
            exported.Slice(2, ProtocolLimits.HashSize).ToArray()));
        return true;
    }

    /// <summary>Erases the ticket.</summary>
    public void Dispose() => Interlocked.Exchange(ref _ticket, null)?.Dispose();

    /// <summary>Takes the ticket out: it is used once [ST-806].</summary>
    internal DeviceTicket? Take() => Interlocked.Exchange(ref _ticket, null);

    /// <summary>Puts the newest ticket in, and erases the one that was here.</summary>
    internal void Put(DeviceTicket ticket) => Interlocked.Exchange(ref _ticket, ticket)?.Dispose();

    private const byte FormatVersion = 1;
    private const int HeadSize = 2 + (2 * ProtocolLimits.HashSize) + 2;
}

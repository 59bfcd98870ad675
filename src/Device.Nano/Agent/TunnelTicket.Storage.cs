using System;

namespace Flint.Device.Nano;

// The ticket in the platform's storage, so that a restart resumes as well. It is taken out before it is used: a ticket is used once [ST-806].
public sealed partial class TunnelTicket
{
    /// <summary>Takes the ticket out of storage.</summary>
    internal static TunnelTicket? Take(IDevicePlatform platform)
    {
        byte[]? stored = platform.Load(Name);
        if (stored == null || stored.Length <= HeaderLength || stored[0] != Version || !platform.Save(Name, new byte[0]))
        {
            return null;
        }

        byte[] key = new byte[Sha256.DigestLength];
        byte[] ticket = new byte[stored.Length - HeaderLength];
        Array.Copy(stored, 6, key, 0, key.Length);
        Array.Copy(stored, HeaderLength, ticket, 0, ticket.Length);
        uint lifetime = BigEndian.ReadUInt32(stored, 2);
        var taken = new TunnelTicket(stored[1], ticket, key, lifetime);
        ByteRange.Clear(stored);
        return ticket.Length <= MaxTicket ? taken : null;
    }

    /// <summary>Stores the ticket: version, suite, lifetime, key, ticket.</summary>
    internal void Save(IDevicePlatform platform)
    {
        byte[] stored = new byte[HeaderLength + Ticket.Length];
        stored[0] = Version;
        stored[1] = Suite;
        BigEndian.WriteUInt32(stored, 2, LifetimeSeconds);
        Array.Copy(ResumptionKey, 0, stored, 6, Sha256.DigestLength);
        Array.Copy(Ticket, 0, stored, HeaderLength, Ticket.Length);
        platform.Save(Name, stored);
    }

    private const string Name = "ticket";
    private const byte Version = 1;
    private const int HeaderLength = 38;
    private const int MaxTicket = 256;
}

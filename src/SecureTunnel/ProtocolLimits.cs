namespace Flint.SecureTunnel;

/// <summary>The numbers of the specification: "Limits" in docs/spec/secure-tunnel.md lists the same.</summary>
internal static class ProtocolLimits
{
    // Specification
    public const int HeaderSize = 2;
    public const int TagSize = 16;
    public const int HashSize = 32;
    public const int RandomSize = 32;
    public const int KeyIdSize = 8;
    public const int PointSize = 65;
    public const int TicketNonceSize = 8;
    public const int MaxTicket = 256;
    public const int MinMaxRecord = 256;
    public const int MaxMaxRecord = 16385;
    public const int MaxBody = MaxMaxRecord + TagSize;
    public const int MaxClientHello = 1024;
    public const int MaxServerHello = 128;
    public const int MaxAuth = 1024;
    public const int ProtectedAlertBody = 2 + TagSize;
    public const ulong SenderRecordLimit = 1UL << 20;
    public const ulong ReceiverRecordLimit = 1UL << 21;
    public const int MaxKeyUpdates = 8;
    public const long KeyUpdateWindowMilliseconds = 60_000;
    public const int MaxEmptyRecords = 32;
    public const long KeyLifetimeMilliseconds = 3_600_000;
    public const byte Version = 1;
}

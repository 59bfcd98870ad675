namespace Flint.SecureTunnel;

/// <summary>The first byte of a frame's body before keys exist, and of a record's inner plaintext afterwards (section 5).</summary>
internal enum MessageType : byte
{
    ClientHello = 0x01,
    ServerHello = 0x02,
    Retry = 0x03,
    PlainAlert = 0x0F,

    ServerAuth = 0x11,
    ClientAuth = 0x12,
    Accept = 0x13,
    KeyUpdate = 0x14,
    Close = 0x15,
    Alert = 0x16,
    Data = 0x17,
}

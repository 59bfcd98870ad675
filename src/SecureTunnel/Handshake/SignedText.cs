using System;

namespace Flint.SecureTunnel;

/// <summary>What the two RSA signatures of the protocol are over: a text, a zero byte, a hash (sections 6.5 and 6.6).</summary>
internal static class SignedText
{
    public const int ServerLength = 28 + ProtocolLimits.HashSize;
    public const int DeviceLength = 28 + ProtocolLimits.HashSize;

    public static void WriteServer(Span<byte> destination, ReadOnlySpan<byte> th1)
    {
        "SecureTunnel v1 server auth\0"u8.CopyTo(destination);
        th1.CopyTo(destination[28..]);
    }

    public static void WriteDevice(Span<byte> destination, ReadOnlySpan<byte> hash)
    {
        "SecureTunnel v1 device auth\0"u8.CopyTo(destination);
        hash.CopyTo(destination[28..]);
    }
}

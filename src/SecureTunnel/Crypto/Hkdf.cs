using System;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>The key derivation of section 2: HKDF-SHA-256 (RFC 5869) with RFC 8446's label structure and the prefix "st1 ".</summary>
internal static class Hkdf
{
    /// <summary>Extract(salt, ikm) = HMAC(salt, ikm).</summary>
    public static void Extract(CryptoProvider crypto, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> ikm, Span<byte> destination) =>
        crypto.Hmac(salt, ikm, destination);

    /// <summary>
    /// HKDF-Expand(secret, u16(L) ‖ u8(4+len(label)) ‖ "st1 " ‖ label ‖ u8(len(context)) ‖ context, L), L being the length of
    /// <paramref name="destination"/>: at most 255 · 32 bytes.
    /// </summary>
    public static void Label(CryptoProvider crypto, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> label, ReadOnlySpan<byte> context, Span<byte> destination)
    {
        Span<byte> info = stackalloc byte[MaxInfo];
        Expand(crypto, secret, info[..WriteInfo(label, context, destination.Length, info)], destination);
    }

    /// <summary>HKDF-Expand of RFC 5869: at most 255 · 32 bytes.</summary>
    public static void Expand(CryptoProvider crypto, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> info, Span<byte> destination)
    {
        Span<byte> block = stackalloc byte[ProtocolLimits.HashSize];
        Span<byte> input = stackalloc byte[ProtocolLimits.HashSize + info.Length + 1]; // T(i-1) ‖ info ‖ i
        info.CopyTo(input[ProtocolLimits.HashSize..]);
        int start = ProtocolLimits.HashSize; // T(0) is empty
        for (int i = 1; !destination.IsEmpty; i++)
        {
            input[^1] = (byte)i;
            crypto.Hmac(secret, input[start..], block);
            int take = Math.Min(block.Length, destination.Length);
            block[..take].CopyTo(destination);
            destination = destination[take..];
            block.CopyTo(input);
            start = 0;
        }

        CryptographicOperations.ZeroMemory(block);
        CryptographicOperations.ZeroMemory(input[..ProtocolLimits.HashSize]);
    }

    private static int WriteInfo(ReadOnlySpan<byte> label, ReadOnlySpan<byte> context, int length, Span<byte> info)
    {
        BinaryPrimitives.WriteUInt16BigEndian(info, (ushort)length);
        info[2] = (byte)(Prefix.Length + label.Length);
        Prefix.CopyTo(info[3..]);
        label.CopyTo(info[(3 + Prefix.Length)..]);
        Span<byte> rest = info[(3 + Prefix.Length + label.Length)..];
        rest[0] = (byte)context.Length;
        context.CopyTo(rest[1..]);
        return 4 + Prefix.Length + label.Length + context.Length;
    }

    private const int MaxInfo = 4 + 4 + MaxLabel + ProtocolLimits.HashSize;

    /// <summary>The longest label, in bytes: an exporter's.</summary>
    internal const int MaxLabel = 64;

    private static ReadOnlySpan<byte> Prefix => "st1 "u8;
}

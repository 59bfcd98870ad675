using System;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>Section 4: dk = Extract("SecureTunnel v1 device psk", psk); psk_mix = Label(dk, "mix", "", 32).</summary>
internal static class PreSharedKey
{
    public const int Size = 32;

    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public static Secret Mix(ReadOnlySpan<byte> psk)
    {
        if (psk.Length != Size) // [ST-105]
        {
            throw new ArgumentException("A pre-shared key has exactly 32 random bytes.", nameof(psk));
        }

        using var dk = new Secret(ProtocolLimits.HashSize);
        SystemCrypto.Instance.Hmac("SecureTunnel v1 device psk"u8, psk, dk.Span);
        var mix = new Secret(ProtocolLimits.HashSize);
        Hkdf.Label(SystemCrypto.Instance, dk.Span, "mix"u8, default, mix.Span);
        return mix;
    }
}

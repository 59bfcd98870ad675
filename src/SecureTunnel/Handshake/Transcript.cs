using System;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>
/// The running hash of section 8.1: T = prologue ‖ [CH1 ‖ Retry] ‖ CH ‖ SH ‖ ServerAuth ‖ ClientAuth, where the hellos and Retry enter
/// as whole frames and the two proofs as their inner plaintext [ST-401].
/// </summary>
internal sealed class Transcript : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>prologue = "SecureTunnel v1" ‖ 0x00 ‖ u8(len(ctx)) ‖ ctx ‖ key_hash.</summary>
    public void Start(ReadOnlySpan<byte> applicationContext, ReadOnlySpan<byte> keyHash)
    {
        Span<byte> prologue = stackalloc byte[16 + 1 + 32 + ProtocolLimits.HashSize];
        "SecureTunnel v1\0"u8.CopyTo(prologue);
        prologue[16] = (byte)applicationContext.Length;
        applicationContext.CopyTo(prologue[17..]);
        keyHash.CopyTo(prologue[(17 + applicationContext.Length)..]);
        Append(prologue[..(17 + applicationContext.Length + keyHash.Length)]);
    }

    public void Append(ReadOnlySpan<byte> bytes) => _hash.AppendData(bytes);

    /// <summary>The hash of everything so far.</summary>
    public void Current(Span<byte> destination) => _hash.GetCurrentHash(destination);

    /// <summary>Forgets everything.</summary>
    public void Reset()
    {
        Span<byte> discarded = stackalloc byte[ProtocolLimits.HashSize];
        _hash.GetHashAndReset(discarded);
    }

    public void Dispose() => _hash.Dispose();
}

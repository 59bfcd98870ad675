using System;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>AES-128-GCM of the platform.</summary>
internal sealed class GcmAead(ReadOnlySpan<byte> key) : Aead
{
    private readonly AesGcm _gcm = new(key, ProtocolLimits.TagSize);

    /// <inheritdoc/>
    public override void Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> tag) =>
        _gcm.Encrypt(nonce, plaintext, ciphertext, tag, aad);

    /// <inheritdoc/>
    public override bool TryOpen(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> tag, Span<byte> plaintext)
    {
        try
        {
            _gcm.Decrypt(nonce, ciphertext, tag, plaintext, aad);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false; // the platform has cleared the plaintext
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _gcm.Dispose();
}

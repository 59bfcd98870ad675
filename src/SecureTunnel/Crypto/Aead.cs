using System;

namespace Flint.SecureTunnel;

/// <summary>One AEAD under one key. Input and output may be the same memory.</summary>
internal abstract class Aead : IDisposable
{
    /// <summary>Encrypts; nonce 12 bytes, tag 16 bytes, <paramref name="ciphertext"/> as long as <paramref name="plaintext"/>.</summary>
    public abstract void Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> tag);

    /// <returns>False where the tag does not match; <paramref name="plaintext"/> then holds nothing of the message.</returns>
    public abstract bool TryOpen(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> tag, Span<byte> plaintext);

    /// <inheritdoc/>
    public abstract void Dispose();
}

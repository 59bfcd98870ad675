using System;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>AES-128-CCM of the platform, with a nonce of 12 and a tag of 16 bytes.</summary>
internal sealed class CcmAead(ReadOnlySpan<byte> key) : Aead
{
    private readonly AesCcm _ccm = new(key);

    /// <inheritdoc/>
    public override void Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> tag) =>
        _ccm.Encrypt(nonce, plaintext, ciphertext, tag, aad);

    /// <inheritdoc/>
    public override bool TryOpen(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> tag, Span<byte> plaintext)
    {
        try
        {
            _ccm.Decrypt(nonce, ciphertext, tag, plaintext, aad);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false; // the platform has cleared the plaintext
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _ccm.Dispose();
}

using System;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>One direction's traffic secret, its AEAD key and iv, and the sequence number under that key (sections 8.2 and 9).</summary>
internal sealed class TrafficKey : IDisposable
{
    private readonly CryptoProvider _crypto;
    private readonly SecureTunnelSuite _suite;
    private readonly Secret _secret = new(ProtocolLimits.HashSize + KeySize + NonceSize); // X ‖ key ‖ iv
    private Aead? _aead;

    public TrafficKey(CryptoProvider crypto, SecureTunnelSuite suite, ReadOnlySpan<byte> secret)
    {
        _crypto = crypto;
        _suite = suite;
        secret.CopyTo(_secret.Span);
        try
        {
            Expand();
        }
        catch
        {
            _secret.Dispose(); // nobody else will
            throw;
        }
    }

    /// <summary>The number of records under this key so far: the next record's sequence number.</summary>
    public ulong Sequence { get; internal set; }

    /// <summary>Moves to the next key: X' = Label(X, "upd", "", 32); the sequence restarts at 0 and X is erased.</summary>
    public void Update() // [ST-319] [ST-403]
    {
        Span<byte> next = stackalloc byte[ProtocolLimits.HashSize];
        Hkdf.Label(_crypto, _secret.Span[..ProtocolLimits.HashSize], "upd"u8, default, next);
        next.CopyTo(_secret.Span);
        CryptographicOperations.ZeroMemory(next);
        Expand();
        Sequence = 0;
    }

    /// <summary>Gives the cipher's native memory back until the next record; the key stays. For a connection that waits.</summary>
    public void Rest()
    {
        _aead?.Dispose();
        _aead = null;
    }

    public void Seal(ReadOnlySpan<byte> aad, Span<byte> inner, Span<byte> tag)
    {
        Span<byte> nonce = stackalloc byte[NonceSize];
        TakeNonce(nonce);
        Cipher().Seal(nonce, aad, inner, inner, tag);
    }

    public bool TryOpen(ReadOnlySpan<byte> aad, Span<byte> inner, ReadOnlySpan<byte> tag)
    {
        Span<byte> nonce = stackalloc byte[NonceSize];
        TakeNonce(nonce);
        return Cipher().TryOpen(nonce, aad, inner, tag, inner);
    }

    public void Dispose()
    {
        Rest();
        _secret.Dispose();
    }

    /// <summary>nonce = iv XOR (0⁴ ‖ u64 sequence); no nonce is ever given twice [ST-501].</summary>
    private void TakeNonce(Span<byte> nonce)
    {
        Span<byte> iv = _secret.Span[(ProtocolLimits.HashSize + KeySize)..];
        iv.CopyTo(nonce);
        ulong low = BinaryPrimitives.ReadUInt64BigEndian(iv[4..]);
        BinaryPrimitives.WriteUInt64BigEndian(nonce[4..], low ^ Sequence);
        Sequence++;
    }

    /// <exception cref="ObjectDisposedException">The key is erased: no cipher is made of the zeros that are left of it [ST-403].</exception>
    private Aead Cipher()
    {
        if (_aead is null)
        {
            Span<byte> whole = stackalloc byte[ProtocolLimits.HashSize + KeySize + NonceSize];
            _secret.CopyTo(whole);
            _aead = _crypto.CreateAead(_suite, whole.Slice(ProtocolLimits.HashSize, KeySize));
            CryptographicOperations.ZeroMemory(whole);
        }

        return _aead;
    }

    /// <summary>kb = Label(X, "key", "", 28); key = kb[0..16), iv = kb[16..28).</summary>
    private void Expand()
    {
        Rest();
        Hkdf.Label(_crypto, _secret.Span[..ProtocolLimits.HashSize], "key"u8, default, _secret.Span[ProtocolLimits.HashSize..]);
    }

    private const int KeySize = 16;
    private const int NonceSize = 12;
}

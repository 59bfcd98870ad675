using System;

namespace Flint.Device.Nano;

/// <summary>One direction's traffic key and its sequence number (docs/spec/secure-tunnel.md sections 8.2 and 9).</summary>
internal sealed class TunnelKey
{
    private readonly TunnelSchedule _schedule;
    private readonly TunnelSettings _settings;
    private readonly byte[] _secret = new byte[Sha256.DigestLength];
    private readonly byte[] _block = new byte[KeyLength + Aes128Ccm.NonceLength];
    private readonly byte[] _nonce = new byte[Aes128Ccm.NonceLength];
    private Aes128Ccm? _cipher;

    public TunnelKey(TunnelSchedule schedule, TunnelSettings settings)
    {
        _schedule = schedule;
        _settings = settings;
    }

    /// <summary>The number of the next record under this key; its limits keep it far below 2^31.</summary>
    public int Sequence;

    public void Set(byte[] secret)
    {
        Array.Copy(secret, 0, _secret, 0, _secret.Length);
        Expand();
    }

    /// <summary>KeyUpdate: X' = Label(X, "upd"), from sequence 0; X is gone [ST-319] [ST-403].</summary>
    public void Update()
    {
        _schedule.Label(_secret, "upd", TunnelSchedule.Zero, 0, _secret);
        Expand();
    }

    /// <summary>Makes a frame of the inner plaintext that stands 2 bytes behind <paramref name="frame"/> [ST-206].</summary>
    /// <returns>The frame's length with its length bytes and tag.</returns>
    public int Seal(byte[] buffer, int frame, int innerCount)
    {
        BigEndian.WriteUInt16(buffer, frame, innerCount + Aes128Ccm.TagLength);
        TakeNonce();
        _cipher!.Seal(_nonce, buffer, frame + 2, innerCount, 2);
        return 2 + innerCount + Aes128Ccm.TagLength;
    }

    /// <summary>Opens the frame in place: the inner plaintext is 16 bytes shorter than the body.</summary>
    public bool Open(byte[] buffer, int frame, int bodyCount)
    {
        // [ST-209]: a type and a tag at least.
        if (bodyCount <= Aes128Ccm.TagLength || _cipher == null)
        {
            return false;
        }

        TakeNonce();
        return _cipher.Open(_nonce, buffer, frame + 2, bodyCount, 2);
    }

    public void Clear()
    {
        _cipher?.Clear();
        _cipher = null;
        ByteRange.Clear(_secret);
        ByteRange.Clear(_block);
        ByteRange.Clear(_nonce);
    }

    /// <summary>Of key ‖ iv the iv stays; the cipher has the key.</summary>
    private void Expand()
    {
        _cipher?.Clear();
        _cipher = null; // what follows may throw, and a cleared key seals nothing [ST-403]
        _schedule.Label(_secret, "key", TunnelSchedule.Zero, 0, _block);
        _cipher = _settings.CreateCipher(_schedule.Crypto, _block);
        Array.Clear(_block, 0, KeyLength);
        Sequence = 0;
    }

    /// <summary>nonce = iv XOR (0⁴ ‖ u64 sequence), of which 32 bits are ever in use [ST-501].</summary>
    private void TakeNonce()
    {
        Array.Copy(_block, KeyLength, _nonce, 0, _nonce.Length);
        int last = _nonce.Length - 4;
        BigEndian.WriteUInt32(_nonce, last, BigEndian.ReadUInt32(_nonce, last) ^ (uint)Sequence++);
    }

    // Specification
    private const int KeyLength = 16;
}

using System;
using System.Security.Cryptography;

namespace Flint.SecureTunnel;

/// <summary>
/// The key schedule of section 8.2, one method a row, in the order of the figure. Both sides share it. Each secret lives in pinned memory
/// and is erased by the step that last needs it [ST-402] [ST-403].
/// </summary>
internal sealed class KeySchedule(CryptoProvider crypto) : IDisposable
{
    // Of a full handshake, where rpsk is Z: the same for everybody, and no secret.
    private static readonly byte[] FullEarly = MakeFullEarly();
    private static readonly byte[] FullSalt = MakeFullSalt();

    private readonly Secret _secrets = new(9 * ProtocolLimits.HashSize);
    private bool _isFull;

    public ReadOnlySpan<byte> EarlySecret => Slot(0);

    public ReadOnlySpan<byte> HandshakeSecret => Slot(1);

    public ReadOnlySpan<byte> ClientHandshake => Slot(2);

    public ReadOnlySpan<byte> ServerHandshake => Slot(3);

    public ReadOnlySpan<byte> Master => Slot(4);

    public ReadOnlySpan<byte> ClientApplication => Slot(5);

    public ReadOnlySpan<byte> ServerApplication => Slot(6);

    public ReadOnlySpan<byte> Exporter => Slot(7);

    public ReadOnlySpan<byte> Resumption => Slot(8);

    /// <summary>early = Extract(Z, rpsk) of a resumption.</summary>
    public void SetEarly(ReadOnlySpan<byte> rpsk)
    {
        _isFull = false;
        Hkdf.Extract(crypto, Zero, rpsk, Slot(0));
    }

    /// <summary>early = Extract(Z, Z) of a full handshake.</summary>
    public void SetEarly()
    {
        _isFull = true;
        FullEarly.CopyTo(Slot(0));
    }

    /// <summary>binder = HMAC(Label(early, "binder", "", 32), hash).</summary>
    public void Binder(ReadOnlySpan<byte> hash, Span<byte> destination) => Mac(EarlySecret, "binder"u8, hash, destination);

    /// <summary>hs, c_hs and s_hs from the shared secret and th1; erases early.</summary>
    public void SetHandshake(ReadOnlySpan<byte> kemSecret, ReadOnlySpan<byte> th1)
    {
        if (_isFull)
        {
            Hkdf.Extract(crypto, FullSalt, kemSecret, Slot(1));
        }
        else
        {
            Derive(EarlySecret, kemSecret, Slot(1));
        }

        Erase(0);
        Hkdf.Label(crypto, HandshakeSecret, "c hs"u8, th1, Slot(2));
        Hkdf.Label(crypto, HandshakeSecret, "s hs"u8, th1, Slot(3));
    }

    /// <summary>server_finished = HMAC(Label(s_hs, "finished", "", 32), th2).</summary>
    public void ServerFinished(ReadOnlySpan<byte> th2, Span<byte> destination) => Mac(ServerHandshake, "finished"u8, th2, destination);

    /// <summary>master from psk_mix, which is Z where the device proves itself otherwise; erases hs, c_hs and s_hs.</summary>
    public void SetMaster(ReadOnlySpan<byte> pskMix)
    {
        Derive(HandshakeSecret, pskMix, Slot(4));
        Erase(1);
        Erase(2);
        Erase(3);
    }

    /// <summary>client_finished = HMAC(Label(master, "c finished", "", 32), tha).</summary>
    public void ClientFinished(ReadOnlySpan<byte> tha, Span<byte> destination) => Mac(Master, "c finished"u8, tha, destination);

    /// <summary>c_ap, s_ap, the exporter and res from th3; erases master.</summary>
    public void SetApplication(ReadOnlySpan<byte> th3)
    {
        Hkdf.Label(crypto, Master, "c ap"u8, th3, Slot(5));
        Hkdf.Label(crypto, Master, "s ap"u8, th3, Slot(6));
        Hkdf.Label(crypto, Master, "exp"u8, th3, Slot(7));
        Hkdf.Label(crypto, Master, "res"u8, th3, Slot(8));
        Erase(4);
    }

    /// <summary>rpsk = Label(res, "ticket", ticket_nonce, 32): the next session's secret.</summary>
    public void TicketSecret(ReadOnlySpan<byte> ticketNonce, Span<byte> destination) =>
        Hkdf.Label(crypto, Resumption, "ticket"u8, ticketNonce, destination);

    public void Dispose() => _secrets.Dispose();

    /// <summary>32 zero bytes, the specification's Z.</summary>
    public static ReadOnlySpan<byte> Zero => new byte[ProtocolLimits.HashSize];

    private void Derive(ReadOnlySpan<byte> above, ReadOnlySpan<byte> ikm, Span<byte> destination)
    {
        Span<byte> salt = stackalloc byte[ProtocolLimits.HashSize];
        Hkdf.Label(crypto, above, "derived"u8, default, salt);
        Hkdf.Extract(crypto, salt, ikm, destination);
        CryptographicOperations.ZeroMemory(salt);
    }

    private static byte[] MakeFullEarly()
    {
        byte[] early = new byte[ProtocolLimits.HashSize];
        Hkdf.Extract(SystemCrypto.Instance, Zero, Zero, early);
        return early;
    }

    private static byte[] MakeFullSalt()
    {
        byte[] salt = new byte[ProtocolLimits.HashSize];
        Hkdf.Label(SystemCrypto.Instance, FullEarly, "derived"u8, default, salt);
        return salt;
    }

    private void Mac(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> label, ReadOnlySpan<byte> hash, Span<byte> destination)
    {
        Span<byte> key = stackalloc byte[ProtocolLimits.HashSize];
        Hkdf.Label(crypto, secret, label, default, key);
        crypto.Hmac(key, hash, destination);
        CryptographicOperations.ZeroMemory(key);
    }

    private void Erase(int slot) => CryptographicOperations.ZeroMemory(Slot(slot));

    private Span<byte> Slot(int slot) => _secrets.Span.Slice(slot * ProtocolLimits.HashSize, ProtocolLimits.HashSize);
}

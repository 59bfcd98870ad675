using System;

namespace Flint.Device.Nano;

/// <summary>The key schedule (docs/spec/secure-tunnel.md section 8.2) [ST-402]: a native HMAC call an arrow. Secrets are erased as soon as the next stands.</summary>
internal sealed class TunnelSchedule
{
    private readonly IDeviceCrypto _crypto;
    private readonly byte[] _info = new byte[2 + 1 + 4 + MaxLabel + 1 + Size + 1];
    private readonly byte[] _block = new byte[Size];
    private readonly byte[] _derived = new byte[Size];

    public TunnelSchedule(IDeviceCrypto crypto)
    {
        _crypto = crypto;
    }

    public readonly byte[] Early = new byte[Size];

    public readonly byte[] Handshake = new byte[Size];

    public readonly byte[] ClientHandshake = new byte[Size];

    public readonly byte[] ServerHandshake = new byte[Size];

    public readonly byte[] Master = new byte[Size];

    public readonly byte[] ClientApplication = new byte[Size];

    public readonly byte[] ServerApplication = new byte[Size];

    public readonly byte[] Resumption = new byte[Size];

    /// <summary>early = Extract(Z, rpsk), rpsk being Z in a full handshake.</summary>
    public void SetEarly(byte[] resumptionKey) => _crypto.HmacSha256(Zero, resumptionKey, 0, Size, Early, 0);

    /// <summary>hs, and from it c_hs and s_hs.</summary>
    public void SetHandshake(byte[] kemSecret, byte[] th1)
    {
        Derive(Early, kemSecret, Handshake);
        Label(Handshake, "c hs", th1, Size, ClientHandshake, Size);
        Label(Handshake, "s hs", th1, Size, ServerHandshake, Size);
    }

    /// <summary>master; hs, c_hs and s_hs are erased [ST-403].</summary>
    public void SetMaster(byte[] pskMix)
    {
        Derive(Handshake, pskMix, Master);
        ByteRange.Clear(ClientHandshake);
        ByteRange.Clear(ServerHandshake);
    }

    /// <summary>c_ap, s_ap and res; master is erased [ST-403].</summary>
    public void SetApplication(byte[] th3)
    {
        Label(Master, "c ap", th3, Size, ClientApplication, Size);
        Label(Master, "s ap", th3, Size, ServerApplication, Size);
        Label(Master, "res", th3, Size, Resumption, Size);
        ByteRange.Clear(Master);
    }

    /// <summary>Label(secret, label, context, L) of section 2, L up to 32, into the start of the output.</summary>
    public void Label(byte[] secret, string label, byte[] context, int contextLength, byte[] output, int length)
    {
        byte[] info = _info;
        BigEndian.WriteUInt16(info, 0, length);
        info[2] = (byte)(Prefix.Length + label.Length);
        int at = 3;
        at += Utf8Text.Write(Prefix, info, at);
        at += Utf8Text.Write(label, info, at);
        info[at++] = (byte)contextLength;
        Array.Copy(context, 0, info, at, contextLength);
        at += contextLength;
        info[at++] = 1;
        _crypto.HmacSha256(secret, info, 0, at, _block, 0);
        Array.Copy(_block, 0, output, 0, length);
        ByteRange.Clear(_block);
    }

    /// <summary>HMAC(Label(secret, label), hash): both Finished of sections 6.5 and 6.6, and the binder of section 8.3.</summary>
    public void Mac(byte[] secret, string label, byte[] hash, byte[] output, int offset)
    {
        Label(secret, label, Zero, 0, _derived, Size);
        _crypto.HmacSha256(_derived, hash, 0, Size, output, offset);
        ByteRange.Clear(_derived);
    }

    /// <summary>Erases every secret.</summary>
    public void Clear()
    {
        ByteRange.Clear(Early);
        ByteRange.Clear(Handshake);
        ByteRange.Clear(ClientHandshake);
        ByteRange.Clear(ServerHandshake);
        ByteRange.Clear(Master);
        ByteRange.Clear(ClientApplication);
        ByteRange.Clear(ServerApplication);
        ByteRange.Clear(Resumption);
    }

    private void Derive(byte[] above, byte[] keyMaterial, byte[] output)
    {
        Label(above, "derived", Zero, 0, _derived, Size);
        _crypto.HmacSha256(_derived, keyMaterial, 0, Size, output, 0);
        ByteRange.Clear(_derived);
        ByteRange.Clear(above);
    }

    /// <summary>Z: 32 zero bytes.</summary>
    public static readonly byte[] Zero = new byte[Size];

    private const string Prefix = "st1 ";
    private const int Size = Sha256.DigestLength;
    private const int MaxLabel = 10;
}

using System;

namespace Flint.Device.Nano;

/// <summary>The key schedule (docs/spec/secure-tunnel.md section 8.2) [ST-402]: a native HMAC call an arrow. What stands is what is needed next; it takes the place of the secret it came from.</summary>
internal sealed class TunnelSchedule
{
    public readonly IDeviceCrypto Crypto;
    private readonly byte[] _info = new byte[2 + 1 + 4 + MaxLabel + 1 + Size + 1];
    private readonly byte[] _block = new byte[Size];
    private readonly byte[] _derived = new byte[Size];

    public TunnelSchedule(IDeviceCrypto crypto)
    {
        Crypto = crypto;
    }

    /// <summary>early, then hs, then master.</summary>
    public readonly byte[] Secret = new byte[Size];

    /// <summary>c_hs, then c_ap.</summary>
    public readonly byte[] Client = new byte[Size];

    /// <summary>s_hs, then s_ap.</summary>
    public readonly byte[] Server = new byte[Size];

    /// <summary>res.</summary>
    public readonly byte[] Resumption = new byte[Size];

    /// <summary>early = Extract(Z, rpsk), rpsk being Z in a full handshake.</summary>
    public void SetEarly(byte[] resumptionKey) => Crypto.HmacSha256(Zero, resumptionKey, 0, Size, Secret, 0);

    /// <summary>hs, and from it c_hs and s_hs; early is gone [ST-403].</summary>
    public void SetHandshake(byte[] kemSecret, byte[] th1)
    {
        Mac(Secret, "derived", kemSecret, Secret, 0);
        Label(Secret, "c hs", th1, Size, Client);
        Label(Secret, "s hs", th1, Size, Server);
    }

    /// <summary>master; hs, c_hs and s_hs are gone [ST-403].</summary>
    public void SetMaster(byte[] pskMix)
    {
        Mac(Secret, "derived", pskMix, Secret, 0);
        ByteRange.Clear(Client);
        ByteRange.Clear(Server);
    }

    /// <summary>c_ap, s_ap and res; master is erased [ST-403].</summary>
    public void SetApplication(byte[] th3)
    {
        Label(Secret, "c ap", th3, Size, Client);
        Label(Secret, "s ap", th3, Size, Server);
        Label(Secret, "res", th3, Size, Resumption);
        ByteRange.Clear(Secret);
    }

    /// <summary>Label(secret, label, context, L) of section 2, L being the output's length, up to 32; the output may be the secret.</summary>
    public void Label(byte[] secret, string label, byte[] context, int contextLength, byte[] output)
    {
        byte[] info = _info;
        BigEndian.WriteUInt16(info, 0, output.Length);
        info[2] = (byte)(Prefix.Length + label.Length);
        int at = 3;
        at += Utf8Text.Write(Prefix, info, at);
        at += Utf8Text.Write(label, info, at);
        info[at++] = (byte)contextLength;
        Array.Copy(context, 0, info, at, contextLength);
        at += contextLength;
        info[at++] = 1;
        Crypto.HmacSha256(secret, info, 0, at, _block, 0);
        Array.Copy(_block, 0, output, 0, output.Length);
        ByteRange.Clear(_block);
    }

    /// <summary>
    /// HMAC(Label(secret, label), data), data having 32 bytes: both Finished of sections 6.5 and 6.6, the binder of section 8.3, and the secret that
    /// comes next, in place of the one before.
    /// </summary>
    public void Mac(byte[] secret, string label, byte[] data, byte[] output, int offset)
    {
        Label(secret, label, Zero, 0, _derived);
        Crypto.HmacSha256(_derived, data, 0, Size, output, offset);
        ByteRange.Clear(_derived);
    }

    /// <summary>Erases every secret.</summary>
    public void Clear()
    {
        ByteRange.Clear(Secret);
        ByteRange.Clear(Client);
        ByteRange.Clear(Server);
        ByteRange.Clear(Resumption);
    }

    /// <summary>Z: 32 zero bytes.</summary>
    public static readonly byte[] Zero = new byte[Size];

    private const string Prefix = "st1 ";
    private const int Size = Sha256.DigestLength;
    private const int MaxLabel = 10;
}

using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Flint.Device.Nano.Tests.Support;

/// <summary>
/// A server's end of the tunnel for one device, written from the specification with the platform's cryptography: every suite and mode, and every
/// way to misbehave that a test asks for.
/// </summary>
internal sealed class OracleServer(byte suite, RSA key, byte[] pskMix, byte[] context)
{
    private readonly List<byte> _transcript = [];
    private byte[] _clientSecret = [];
    private byte[] _serverSecret = [];
    private byte[] _handshakeSecret = [];
    private byte[] _resumption = [];
    private byte[] _masterSalt = [];
    private long _clientSequence;
    private long _serverSequence;
    private byte _mode;

    /// <summary>What ServerAuth is signed with in S2.</summary>
    public RSA? SigningKey { get; init; }

    /// <summary>What becomes of its share in S2.</summary>
    public Func<byte[], byte[]> SpoilShare { get; init; } = share => share;

    /// <summary>How the text of ServerAuth is signed in S2.</summary>
    public Func<byte[], byte[]>? Sign { get; init; }

    /// <summary>rpsk and the bytes of the ticket that Accept gives; empty: none.</summary>
    public byte[] Ticket { get; set; } = [];

    public byte[] ResumptionKey { get; private set; } = [];

    /// <summary>Takes ClientHello; gives ServerHello and ServerAuth.</summary>
    public byte[] Answer(byte[] hello, byte[]? resumptionKey = null)
    {
        _mode = hello[41];
        byte[] kemSecret = new byte[32];
        byte[] share = [];
        int at = 42 + (_mode == 0 ? 8 : 0);
        byte[] kem = hello[(at + 2)..(at + 2 + BinaryPrimitives.ReadUInt16BigEndian(hello.AsSpan(at)))];
        if (TunnelSuite.IsEphemeral(suite) && kem.Length == 65)
        {
            (share, kemSecret) = Exchange(kem);
            share = SpoilShare(share);
        }
        else if (_mode == 0)
        {
            kemSecret = key.Decrypt(kem, RSAEncryptionPadding.OaepSHA256);
        }

        StartTranscript(_mode == 0 ? SHA256.HashData(key.ExportSubjectPublicKeyInfo()) : new byte[32]);
        byte[] early = HMACSHA256.HashData(new byte[32], resumptionKey ?? new byte[32]);
        if (_mode != 0)
        {
            byte[] binder = HMACSHA256.HashData(Label(early, "binder", [], 32), SHA256.HashData([.. _transcript, .. hello[..^32]]));
            Assert.Equal(binder, hello[^32..]);
        }

        _transcript.AddRange(hello);
        byte[] serverHello = Frame([2, 1, suite, _mode, 2, 0, .. RandomNumberGenerator.GetBytes(32), (byte)(share.Length >> 8), unchecked((byte)share.Length), .. share]);
        _transcript.AddRange(serverHello);
        byte[] th1 = SHA256.HashData([.. _transcript]);
        byte[] hs = HMACSHA256.HashData(Label(early, "derived", [], 32), kemSecret);
        _clientSecret = Label(hs, "c hs", th1, 32);
        _serverSecret = _handshakeSecret = Label(hs, "s hs", th1, 32);
        _masterSalt = Label(hs, "derived", [], 32);
        byte[] signature = TunnelSuite.IsEphemeral(suite) && _mode == 0
            ? (Sign ?? SignPss)([.. Encoding.ASCII.GetBytes("SecureTunnel v1 server auth\0"), .. th1])
            : [];
        byte[] auth = [0x11, 0, (byte)(signature.Length >> 8), unchecked((byte)signature.Length), .. signature];
        _transcript.AddRange(auth);
        byte[] finished = HMACSHA256.HashData(Label(_serverSecret, "finished", [], 32), SHA256.HashData([.. _transcript]));
        _transcript.AddRange(finished);
        return [.. serverHello, .. Seal([.. auth, .. finished])];
    }

    /// <summary>A Retry, behind which the first hello stands in the transcript as its hash.</summary>
    public byte[] Retry(byte[] hello)
    {
        byte[] retry = Frame([3, 1, 1]);
        _afterRetry = [0, 0x21, 4, .. SHA256.HashData(hello), .. retry];
        return retry;
    }

    /// <summary>Takes ClientAuth, checks it, gives Accept.</summary>
    public byte[] Accept(byte[] frame, byte[] deviceId)
    {
        byte[] inner = Open(frame);
        Assert.Equal((byte)0x12, inner[0]);
        Assert.Equal(_mode == 0 ? (byte)1 : (byte)3, inner[1]);
        Assert.Equal(_mode == 0 ? deviceId : [], inner[3..(3 + inner[2])]);
        _transcript.AddRange(inner[..^32]);
        byte[] master = HMACSHA256.HashData(_masterSalt, _mode == 0 ? pskMix : new byte[32]);
        Assert.Equal(HMACSHA256.HashData(Label(master, "c finished", [], 32), SHA256.HashData([.. _transcript])), inner[^32..]);
        _transcript.AddRange(inner[^32..]);
        byte[] th3 = SHA256.HashData([.. _transcript]);
        _clientSecret = Label(master, "c ap", th3, 32);
        _serverSecret = Label(master, "s ap", th3, 32);
        _resumption = Label(master, "res", th3, 32);
        _clientSequence = _serverSequence = 0;
        byte[] nonce = RandomNumberGenerator.GetBytes(8);
        ResumptionKey = Label(_resumption, "ticket", nonce, 32);
        return Seal([0x13, 0, 0, 0, Ticket.Length == 0 ? (byte)0 : (byte)60, 8, .. nonce, (byte)(Ticket.Length >> 8), unchecked((byte)Ticket.Length), .. Ticket]);
    }

    /// <summary>An alert of a server that does not accept: under s_hs, sequence 1.</summary>
    public byte[] Refuse(byte code)
    {
        _serverSecret = _handshakeSecret;
        _serverSequence = 1;
        return Seal([0x16, code]);
    }

    public byte[] Seal(byte[] inner) => Seal(inner, suite, _serverSecret, _serverSequence++);

    /// <summary>The plaintext under the key of what the device says.</summary>
    public byte[] SealAsTheDevice(byte[] inner) => Seal(inner, suite, _clientSecret, 0);

    /// <summary>The plaintext under the keys that another suite would make of the secret.</summary>
    public byte[] SealInSuite(byte otherSuite, byte[] inner) => Seal(inner, otherSuite, _serverSecret, 0);

    private static byte[] Seal(byte[] inner, byte inSuite, byte[] secret, long sequence)
    {
        byte[] frame = Frame([.. inner, .. new byte[16]]);
        (byte[] aesKey, byte[] nonce) = Keys(secret, sequence);
        byte[] text = new byte[inner.Length];
        byte[] tag = new byte[16];
        if (GcmTunnelSettings.IsCcm(inSuite))
        {
            using var ccm = new AesCcm(aesKey);
            ccm.Encrypt(nonce, inner, text, tag, frame.AsSpan(0, 2));
        }
        else
        {
            using var gcm = new AesGcm(aesKey, 16);
            gcm.Encrypt(nonce, inner, text, tag, frame.AsSpan(0, 2));
        }

        return [.. frame[..2], .. text, .. tag];
    }

    public byte[] Open(byte[] frame)
    {
        (byte[] aesKey, byte[] nonce) = Keys(_clientSecret, _clientSequence++);
        byte[] inner = new byte[frame.Length - 18];
        if (GcmTunnelSettings.IsCcm(suite))
        {
            using var ccm = new AesCcm(aesKey);
            ccm.Decrypt(nonce, frame.AsSpan(2, inner.Length), frame.AsSpan(2 + inner.Length), inner, frame.AsSpan(0, 2));
        }
        else
        {
            using var gcm = new AesGcm(aesKey, 16);
            gcm.Decrypt(nonce, frame.AsSpan(2, inner.Length), frame.AsSpan(2 + inner.Length), inner, frame.AsSpan(0, 2));
        }

        return inner;
    }

    public void UpdateServerKey() => (_serverSecret, _serverSequence) = (Label(_serverSecret, "upd", [], 32), 0);

    public void UpdateClientKey() => (_clientSecret, _clientSequence) = (Label(_clientSecret, "upd", [], 32), 0);

    public void SetServerSequence(long sequence) => _serverSequence = sequence;

    public static byte[] Frame(byte[] body) => [(byte)(body.Length >> 8), unchecked((byte)body.Length), .. body];

    private byte[] _afterRetry = [];

    private void StartTranscript(byte[] keyHash)
    {
        _transcript.Clear();
        _transcript.AddRange([.. Encoding.ASCII.GetBytes("SecureTunnel v1\0"), (byte)context.Length, .. context, .. keyHash, .. _afterRetry]);
        _clientSequence = _serverSequence = 0;
    }

    private byte[] SignPss(byte[] text) => (SigningKey ?? key).SignData(text, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);

    private static (byte[] Share, byte[] Secret) Exchange(byte[] peer)
    {
        using var own = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        using var theirs = ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = peer[1..33], Y = peer[33..] } });
        ECParameters q = own.ExportParameters(false);
        return ([4, .. q.Q.X!, .. q.Q.Y!], own.DeriveRawSecretAgreement(theirs.PublicKey));
    }

    private static (byte[] Key, byte[] Nonce) Keys(byte[] secret, long sequence)
    {
        byte[] block = Label(secret, "key", [], 28);
        byte[] nonce = block[16..];
        for (int i = 0; i < 8; i++)
        {
            nonce[11 - i] ^= (byte)((sequence >> (8 * i)) & 0xFF);
        }

        return (block[..16], nonce);
    }

    private static byte[] Label(byte[] secret, string label, byte[] labelContext, int length) => HKDF.Expand(
        HashAlgorithmName.SHA256, secret, length,
        [0, (byte)length, (byte)(4 + label.Length), .. Encoding.ASCII.GetBytes("st1 " + label), (byte)labelContext.Length, .. labelContext]);
}

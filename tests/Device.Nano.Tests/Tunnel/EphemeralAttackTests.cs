using System.Security.Cryptography;
using Flint.Device.Nano.Tests.Support;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;

namespace Flint.Device.Nano.Tests.Tunnel;

/// <summary>
/// What a server, or somebody between, can try against a device in S2 beyond hostile.json: shares that are no points, signatures that are not the pin's
/// over this handshake, tags, and frames that are replayed or out of their order in each state.
/// </summary>
public sealed class EphemeralAttackTests
{
    private const string Prime = "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF";
    private static readonly RSA Key = TunnelFixture.Key("signing");

    /// <summary>Shares of a server that does everything else right.</summary>
    private static readonly Dictionary<string, Func<byte[], byte[]>> Shares = new()
    {
        ["off the curve"] = share => [.. share[..64], (byte)(share[64] ^ 1)],
        ["of order two on another curve"] = share => [.. share[..33], .. new byte[32]],
        ["at infinity, as zeros"] = _ => [4, .. new byte[64]],
        ["at infinity, as all zeros"] = _ => new byte[65],
        ["x not below the prime"] = share => [4, .. Convert.FromHexString(Prime), .. share[33..]],
        ["y not below the prime"] = share => [.. share[..33], .. Convert.FromHexString(Prime)],
        ["all ones"] = _ => [4, .. Enumerable.Repeat((byte)0xFF, 64)],
        ["compressed, y even"] = share => [2, .. share[1..]],
        ["compressed, y odd"] = share => [3, .. share[1..]],
        ["hybrid, y even"] = share => [6, .. share[1..]],
        ["hybrid, y odd"] = share => [7, .. share[1..]],
        ["none"] = _ => [],
        ["at infinity, as one byte"] = _ => [0],
        ["compressed, 33 bytes"] = share => [(byte)(2 + (share[64] & 1)), .. share[1..33]],
        ["64 bytes"] = share => share[..64],
        ["66 bytes"] = share => [.. share, 0],
    };

    /// <summary>Signatures of a server whose finished value is over what it sends.</summary>
    private static readonly Dictionary<string, Func<byte[], byte[]>> Signatures = new()
    {
        ["a bit changed"] = text => Pss(text) is [.. var start, var last] ? [.. start, (byte)(last ^ 1)] : [],
        ["of another handshake"] = _ => Pss([.. "SecureTunnel v1 server auth\0"u8, .. new byte[32]]),
        ["of the text of a device"] = text => Pss([.. "SecureTunnel v1 device auth\0"u8, .. text[^32..]]),
        ["without the zero byte"] = text => Pss([.. text[..^33], .. text[^32..]]),
        ["of the hash of the text"] = text => Pss(SHA256.HashData(text)),
        ["salt of 20 bytes"] = text => Pss(text, 20),
        ["salt of 31 bytes"] = text => Pss(text, 31),
        ["salt of 33 bytes"] = text => Pss(text, 33),
        ["no salt"] = text => Pss(text, 0),
        ["PKCS #1 v1.5"] = text => Key.SignData(text, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
        ["SHA-384"] = text => Key.SignData(text, HashAlgorithmName.SHA384, RSASignaturePadding.Pss),
        ["zero"] = _ => new byte[Key.KeySize / 8],
        ["one"] = _ => [.. new byte[(Key.KeySize / 8) - 1], 1],
        ["the modulus"] = _ => Key.ExportParameters(false).Modulus!,
    };

    public static MatrixTheoryData<string, byte, bool> SharesOfModes() => new(Shares.Keys, [TunnelSuite.P256RsaPssCcm, TunnelSuite.P256RsaPssGcm], [false, true]);

    public static MatrixTheoryData<string, byte> SignaturesOfSuites() => new(Signatures.Keys, [TunnelSuite.P256RsaPssCcm, TunnelSuite.P256RsaPssGcm]);

    public static MatrixTheoryData<string, string, byte> FramesOfStates() => new(
        ["WaitServerHello", "WaitServerAuth", "WaitAccept", "Open"],
        ["ClientHello", "ServerHello", "ServerAuth", "ClientAuth", "Accept", "a record", "the record behind", "own record"],
        [TunnelSuite.P256RsaPssCcm, TunnelSuite.P256RsaPssGcm]);

    [Theory]
    [MemberData(nameof(SharesOfModes))]
    public void Share_ThatIsNoPoint_EndsBeforeAKeyIsMade(string share, byte suite, bool resumes)
    {
        TunnelSettings settings = TunnelFixture.Settings(suite);
        settings.ResumeWithExchange = resumes;
        var tunnel = new DeviceTunnel(settings, TunnelFixture.Crypto, new SeededEntropy());
        byte[] resumptionKey = new byte[32];
        tunnel.Begin(resumes ? new TunnelTicket(suite, [7, 7, 7], resumptionKey, 60) : null);
        OracleServer Server(Func<byte[], byte[]> spoil) => new(suite, Key, settings.PskMix, settings.Context) { SpoilShare = spoil };
        byte[] hello = tunnel.TakeOutput();

        Assert.Equal(TunnelEvent.Failed, tunnel.Give(Server(Shares[share]).Answer(hello, resumptionKey)));

        bool isLength = Shares[share](new byte[65]).Length != 65;
        Assert.Equal(
            isLength ? (TunnelFailure.MalformedMessage, TunnelAlert.Malformed) : (TunnelFailure.ServerNotAuthenticated, TunnelAlert.HandshakeFailed),
            (tunnel.Failure, tunnel.Alert));
        Assert.Equal([0, 2, 0x0F, (byte)tunnel.Alert], tunnel.TakeOutput());
        AssertDead(tunnel);
    }

    [Theory]
    [MemberData(nameof(SignaturesOfSuites))]
    public void Signature_ThatIsNotThePinsOverThisHandshake_IsNotAuthenticated(string signature, byte suite)
    {
        DeviceTunnel tunnel = Begin(suite, out TunnelSettings settings);
        var server = new OracleServer(suite, Key, settings.PskMix, settings.Context) { Sign = Signatures[signature] };

        Assert.Equal(TunnelEvent.Failed, tunnel.Give(server.Answer(tunnel.TakeOutput())));
        Assert.Equal((TunnelFailure.ServerNotAuthenticated, TunnelAlert.HandshakeFailed), (tunnel.Failure, tunnel.Alert));
        tunnel.OnSent();
        AssertDead(tunnel);
    }

    /// <summary>What the attacks above stand on: with its own share and signature, that of the same signer with a salt of 32 bytes, the server is the pin's.</summary>
    [Theory]
    [InlineData(TunnelSuite.P256RsaPssCcm)]
    [InlineData(TunnelSuite.P256RsaPssGcm)]
    public void Handshake_OfTheSameServerUnspoilt_Connects(byte suite)
    {
        DeviceTunnel tunnel = Begin(suite, out TunnelSettings settings);
        var server = new OracleServer(suite, Key, settings.PskMix, settings.Context) { Sign = text => Pss(text) };

        Assert.Equal(TunnelEvent.None, tunnel.Give(server.Answer(tunnel.TakeOutput())));
        Assert.Equal(TunnelEvent.Connected, tunnel.Give(server.Accept(tunnel.TakeOutput(), settings.DeviceId)));
    }

    [Theory]
    [InlineData(TunnelSuite.P256RsaPssCcm)]
    [InlineData(TunnelSuite.P256RsaPssGcm)]
    public void Tag_AnyByteChanged_EndsTheTunnelInEachState(byte suite)
    {
        foreach (string state in new[] { "WaitServerAuth", "WaitAccept", "Open" })
        {
            for (int at = 1; at <= 16; at++)
            {
                Session session = Reach(state, suite);
                byte[] frame = [.. session.Frames[session.Next]];
                frame[^at] ^= (byte)(1 << (at % 8));

                AssertEnds(session, frame, state);
            }
        }
    }

    [Theory]
    [MemberData(nameof(FramesOfStates))]
    public void Frame_ReplayedOrOutOfItsOrder_EndsTheTunnelInEachState(string state, string frame, byte suite)
    {
        Session session = Reach(state, suite);
        if (frame == session.Next)
        {
            // The frame of this state: it is taken, and a second time it is not.
            Assert.NotEqual(TunnelEvent.Failed, session.Tunnel.Give(session.Frames[frame]));
            session.Tunnel.OnSent();
            state = Follows(state);
        }

        AssertEnds(session, session.Frames[frame], state);
    }

    private static void AssertEnds(Session session, byte[] frame, string state)
    {
        Assert.Equal(TunnelEvent.Failed, session.Tunnel.Give(frame));
        TunnelFailure failure = session.Tunnel.Failure;
        if (state == "WaitServerHello")
        {
            // A protected frame starts with any byte there.
            Assert.Contains(failure, new[] { TunnelFailure.UnexpectedMessage, TunnelFailure.MalformedMessage, TunnelFailure.Framing });
        }
        else
        {
            Assert.Equal(state == "WaitServerAuth" ? TunnelFailure.ServerNotAuthenticated : TunnelFailure.RecordNotOpened, failure);
        }

        session.Tunnel.OnSent();
        AssertDead(session.Tunnel);
    }

    private static void AssertDead(DeviceTunnel tunnel) => Assert.Equal((0, 0, false), (tunnel.InputWanted, tunnel.OutputCount, tunnel.IsConnected));

    private static string Follows(string state) => state switch { "WaitServerHello" => "WaitServerAuth", "WaitServerAuth" => "WaitAccept", _ => "Open" };

    private static DeviceTunnel Begin(byte suite, out TunnelSettings settings)
    {
        settings = TunnelFixture.Settings(suite);
        var tunnel = new DeviceTunnel(settings, TunnelFixture.Crypto, new SeededEntropy());
        tunnel.Begin(null);
        return tunnel;
    }

    /// <summary>A device in a state, and each frame of its handshake: those that it has not reached yet are of a session of another device.</summary>
    private static Session Reach(string state, byte suite)
    {
        Session other = Play("Open", suite, []);
        return Play(state, suite, other.Frames);
    }

    private static Session Play(string state, byte suite, Dictionary<string, byte[]> others)
    {
        var frames = new Dictionary<string, byte[]>(others);
        DeviceTunnel tunnel = Begin(suite, out TunnelSettings settings);
        var server = new OracleServer(suite, Key, settings.PskMix, settings.Context);
        byte[] flight = server.Answer(frames["ClientHello"] = tunnel.TakeOutput());
        int length = 2 + flight[1];
        frames["ServerHello"] = flight[..length];
        frames["ServerAuth"] = flight[length..];
        if (state == "WaitServerHello")
        {
            return new Session(tunnel, frames, "ServerHello");
        }

        Assert.Equal(TunnelEvent.None, tunnel.Give(frames["ServerHello"]));
        if (state == "WaitServerAuth")
        {
            return new Session(tunnel, frames, "ServerAuth");
        }

        Assert.Equal(TunnelEvent.None, tunnel.Give(frames["ServerAuth"]));
        frames["Accept"] = server.Accept(frames["ClientAuth"] = tunnel.TakeOutput(), settings.DeviceId);
        frames["a record"] = server.Seal([0x17, 1, 2, 3]);
        frames["the record behind"] = server.Seal([0x17, 4, 5, 6]);
        if (state == "WaitAccept")
        {
            return new Session(tunnel, frames, "Accept");
        }

        Assert.Equal(TunnelEvent.Connected, tunnel.Give(frames["Accept"]));
        frames["own record"] = tunnel.Seal([7, 8, 9]);
        return new Session(tunnel, frames, "a record");
    }

    private static byte[] Pss(byte[] text, int saltLength = 32)
    {
        var signer = new PssSigner(new RsaBlindedEngine(), new Sha256Digest(), saltLength);
        signer.Init(true, DotNetUtilities.GetRsaKeyPair(Key).Private);
        signer.BlockUpdate(text, 0, text.Length);
        return signer.GenerateSignature();
    }

    private sealed record Session(DeviceTunnel Tunnel, Dictionary<string, byte[]> Frames, string Next);
}

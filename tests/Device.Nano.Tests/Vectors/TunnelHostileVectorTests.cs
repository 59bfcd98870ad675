using System.Text.Json;
using Flint.Device.Nano.Tests.Support;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Vectors;

/// <summary>docs/spec/vectors/tunnel/hostile.json, the side of the device: in each state each frame that a server must not send, in all four suites.</summary>
public sealed class TunnelHostileVectorTests
{
    private static readonly byte[] Inner = [0x12, 1, 1, 0x41, 0, 0, .. new byte[32]];

    public static TheoryData<string, byte> Attacks()
    {
        var data = new TheoryData<string, byte>();
        foreach (JsonElement vector in Read())
        {
            data.Add(vector.GetProperty("id").GetString()!, TunnelSuite.RsaOaepCcm);
            data.Add(vector.GetProperty("id").GetString()!, TunnelSuite.RsaOaepGcm);

            // The vectors are of S1: a ServerHello of S2 is longer by its share, so that its length and its last byte mean something else.
            if (vector.GetProperty("id").GetString() is not ("device-WaitServerHello-length-byte-changed" or "device-WaitServerHello-last-byte-changed"))
            {
                data.Add(vector.GetProperty("id").GetString()!, TunnelSuite.P256RsaPssCcm);
                data.Add(vector.GetProperty("id").GetString()!, TunnelSuite.P256RsaPssGcm);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void Attack_InItsState_EndsAsTheVectorSays(string id, byte suite)
    {
        JsonElement vector = Read().Single(v => v.GetProperty("id").GetString() == id);
        string state = vector.GetProperty("input").GetProperty("state").GetString()!;
        string attack = vector.GetProperty("input").GetProperty("attack").GetString()!;
        JsonElement result = vector.GetProperty("result");
        Session session = Reach(state, suite);
        TunnelEvent happened = session.Tunnel.Give(Spoil(attack, state, suite, session));
        if (attack == "length byte changed" && happened == TunnelEvent.None)
        {
            // The device does its own framing: it waits for the byte that never was. A plain frame's vector ends here.
            Assert.Equal(TunnelFailure.None, session.Tunnel.Failure);
            if (state is "WaitServerHello" or "WaitResumption")
            {
                return;
            }

            happened = session.Tunnel.Give([0]);
        }

        bool dies = result.GetProperty("state").GetString() == "Dead";
        Assert.Equal(dies ? TunnelEvent.Failed : TunnelEvent.None, happened);
        Assert.Equal(result.GetProperty("reason").GetString(), session.Tunnel.Failure.ToString());
        if (session.Tunnel.Failure == TunnelFailure.AlertFromPeer || !dies)
        {
            Assert.Equal(0, session.Tunnel.OutputCount);
        }
        else
        {
            Assert.Equal(result.GetProperty("alert").GetString(), session.Tunnel.Alert.ToString());
            Assert.InRange(session.Tunnel.OutputCount, 4, 20);
            session.Tunnel.OnSent();
        }

        if (dies)
        {
            Assert.Equal((0, false), (session.Tunnel.InputWanted, session.Tunnel.IsConnected));
        }
    }

    private static Session Reach(string state, byte suite)
    {
        TunnelSettings settings = TunnelFixture.Settings(suite);
        var tunnel = new DeviceTunnel(settings, TunnelFixture.Crypto, new SeededEntropy());
        var server = new OracleServer(suite, TunnelFixture.Key(TunnelSuite.IsEphemeral(suite) ? "signing" : "encryption"), settings.PskMix, settings.Context);
        if (state == "WaitResumption")
        {
            tunnel.Begin(new TunnelTicket(suite, [7, 7, 7], new byte[32], 60));
            return new Session(tunnel, server, [0, 40, 2, 1, suite, 1, 0x10, 0, .. new byte[34]], tunnel.TakeOutput());
        }

        tunnel.Begin(null);
        byte[] hello = tunnel.TakeOutput();
        byte[] flight = server.Answer(hello);
        int helloLength = 2 + flight[1];
        if (state == "WaitServerHello")
        {
            return new Session(tunnel, server, flight[..helloLength], hello);
        }

        Assert.Equal(TunnelEvent.None, tunnel.Give(flight[..helloLength]));
        if (state == "WaitServerAuth")
        {
            server.SetServerSequence(0);
            return new Session(tunnel, server, flight[helloLength..], flight[..helloLength]);
        }

        Assert.Equal(TunnelEvent.None, tunnel.Give(flight[helloLength..]));
        byte[] accept = server.Accept(tunnel.TakeOutput(), settings.DeviceId);
        server.SetServerSequence(0);
        return new Session(tunnel, server, accept, flight[helloLength..]);
    }

    private static byte[] Spoil(string attack, string state, byte suite, Session session)
    {
        byte[] bad = [.. session.Good];
        switch (attack)
        {
            case "cut by a byte":
                return OracleServer.Frame(bad[2..^1]);
            case "one byte longer":
                return OracleServer.Frame([.. bad[2..], 0]);
            case "length byte changed":
                bad[1] ^= 1;
                return bad;
            case "first byte changed":
                bad[2] ^= 0x40;
                return bad;
            case "last byte changed":
                bad[^1] ^= 1;
                return bad;
            case "all zero":
                bad.AsSpan(2).Clear();
                return bad;
            case "from another session":
                return Reach(state, suite).Good;
            case "replay of the last frame":
                return session.Last;
            case "a plain alert":
                return [0, 2, 0x0F, 9];
            case "under the other direction's key":
                return session.Server.SealAsTheDevice(Inner);
            case "from another suite":
                return session.Server.SealInSuite(GcmTunnelSettings.IsCcm(suite) ? TunnelSuite.RsaOaepGcm : TunnelSuite.RsaOaepCcm, Inner);
            case "at sequence 1":
                session.Server.SetServerSequence(1);
                return session.Server.Seal(Inner);
            case "an alert":
                return state == "WaitAccept" ? session.Server.Refuse(6) : session.Server.Seal([0x16, 11]);
            case "another suite":
                bad[4] = suite == TunnelSuite.P256RsaPssGcm ? TunnelSuite.P256RsaPssCcm : TunnelSuite.P256RsaPssGcm;
                return bad;
            case "another mode":
                bad[5] ^= 3;
                return bad;
            case "max_record 255":
                (bad[6], bad[7]) = (0, 255);
                return bad;
            default: // a record, under keys that nobody has
                return OracleServer.Frame([.. Enumerable.Range(200, 20).Select(b => (byte)b)]);
        }
    }

    private static List<JsonElement> Read()
    {
        using JsonDocument document = VectorFile.Open("tunnel/hostile.json");
        return [.. document.RootElement.GetProperty("vectors").EnumerateArray()
            .Where(vector => vector.GetProperty("input").GetProperty("side").GetString() == "device").Select(vector => vector.Clone())];
    }

    private sealed record Session(DeviceTunnel Tunnel, OracleServer Server, byte[] Good, byte[] Last);
}

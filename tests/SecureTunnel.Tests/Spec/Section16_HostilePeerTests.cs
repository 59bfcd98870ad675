using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>
/// Section 16: in every state of both sides, every message type and every way to spoil a good frame. What follows is the specified alert, the end, and nothing else; the
/// outcomes are in hostile.json.
/// </summary>
public sealed class Section16_HostilePeerTests
{
    [Fact]
    public void EveryState_GivenEveryAttack_EndsAsTheVectorsSay() // [ST-205] [ST-307] [ST-314] [ST-322] [ST-901] [ST-902]
    {
        var actual = new JsonArray();
        foreach (string side in new[] { "server", "device" })
        {
            foreach (string state in side == "server" ? ["WaitClientHello", "WaitFullHello", "WaitClientAuth"] : new[] { "WaitServerHello", "WaitResumption", "WaitServerAuth", "WaitAccept" })
            {
                foreach (string attack in Attacks(state))
                {
                    actual.Add(Run(side, state, attack));
                }
            }
        }

        string path = VectorFile.PathOf("tunnel/hostile.json");
        var document = new JsonObject { ["comment"] = "Frames that a peer must not send. README.md describes the fields.", ["vectors"] = actual };
        string text = document.ToJsonString(new JsonSerializerOptions { WriteIndented = true, IndentSize = 1 }) + "\n";
        if (Environment.GetEnvironmentVariable("FLINT_ACCEPT_VECTORS") == "1")
        {
            File.WriteAllText(path, text);
        }

        Assert.Equal(File.ReadAllText(path), text);
    }

    /// <summary>What a forger meets in S2 and in a resumption is what he meets in S1, in the words of the vectors.</summary>
    [Theory]
    [InlineData("WaitServerAuth")]
    [InlineData("WaitClientAuth")]
    [InlineData("WaitAccept")]
    public void ProtectedState_OfS2AndOfAResumption_EndsEveryAttackLikeThatOfS1(string state) // [ST-205] [ST-322] [ST-901] [ST-902]
    {
        string side = state == "WaitClientAuth" ? "server" : "device";
        foreach (string attack in Attacks(state))
        {
            string expected = Run(side, state, attack)["result"]!.ToJsonString();
            Assert.Equal((attack, expected), (attack, Run(side, state, attack, () => new KnownKeys(SecureTunnelSuite.P256RsaPssAes128Gcm))["result"]!.ToJsonString()));
            Assert.Equal((attack, expected), (attack, Run(side, state, attack, KnownKeys.OfAResumption)["result"]!.ToJsonString()));
        }
    }

    [Theory]
    [InlineData(SecureTunnelSuite.RsaOaepAes128Gcm, false)]
    [InlineData(SecureTunnelSuite.P256RsaPssAes128Gcm, false)]
    [InlineData(SecureTunnelSuite.RsaOaepAes128Gcm, true)]
    public void Session_RecordedAndReplayed_GetsNeitherSideToItsEnd(SecureTunnelSuite suite, bool resumes) // [ST-402] [ST-502]
    {
        using var tickets = new SecureTunnelTicketSlot();
        using var ring = new SecureTunnelTicketRing(new byte[32]);
        SecureTunnelClientOptions client = TestKeys.ClientOptions(suite: suite, tickets: resumes ? tickets : null, ephemeral: false);
        SecureTunnelServerOptions server = TestKeys.ServerOptions(tickets: ring);
        byte[][] recorded = [];
        for (int session = 0; session < (resumes ? 2 : 1); session++)
        {
            using var machines = new Machines(client, server);
            recorded = machines.Run();
            Assert.Equal(session == 1, machines.Client.Resumed);
        }

        using var later = new Machines(client, server);
        later.Begin();
        Assert.Empty(later.ToClient(recorded[1]));
        Assert.Single(later.ToClient(recorded[2]));
        Assert.Equal((ClientState.Dead, SecureTunnelReason.ServerNotAuthenticated), (later.Client.State, later.Client.Failure.Reason));

        Assert.Equal(2, later.ToServer(recorded[0]).Length);
        Assert.Single(later.ToServer(recorded[3]));
        Assert.Equal((ServerState.Dead, SecureTunnelReason.ClientAuthNotOpened), (later.Server.State, later.Server.Failure.Reason));
    }

    [Fact]
    public void Server_GivenEveryPlainType_SaysUnexpectedOrMalformed() // [ST-205]
    {
        for (int type = 0; type < 256; type++)
        {
            using var machines = new Machines();
            byte[] answer = Assert.Single(machines.ToServer([0, 5, (byte)type, 1, 1, 1, 1]));
            Assert.Equal([0, 2, 0x0F, (byte)(type == 1 ? SecureTunnelAlert.Malformed : SecureTunnelAlert.UnexpectedMessage)], answer);
        }
    }

    [Fact]
    public void Device_GivenEveryPlainType_SaysUnexpectedOrMalformed() // [ST-205] [ST-310]
    {
        for (int type = 0; type < 256; type++)
        {
            using var machines = new Machines();
            machines.Begin();
            byte[] answer = Assert.Single(machines.ToClient([0, 5, (byte)type, 1, 1, 1, 1]));
            Assert.Equal([0, 2, 0x0F, (byte)(type is 2 or 0x0F ? SecureTunnelAlert.Malformed : SecureTunnelAlert.UnexpectedMessage)], answer);
        }
    }

    [Fact]
    public void Server_GivenEveryProtectedType_SaysUnexpectedOrMalformed() // [ST-205]
    {
        for (int type = 0; type < 256; type++)
        {
            var keys = new KnownKeys();
            byte[] hello = keys.Machines.Begin();
            byte[][] flight = keys.Machines.ToServer(hello);
            byte[] secret = keys.Handshake(hello, flight[0]).Client;
            Assert.Single(keys.Machines.ToServer(keys.Seal(secret, [(byte)type, 9, 0, 0])));
            Assert.Equal(type == 0x12 ? SecureTunnelAlert.Malformed : SecureTunnelAlert.UnexpectedMessage, keys.Machines.Server.Failure.Alert);
        }
    }

    [Fact]
    public void Device_GivenEveryProtectedTypeInPlaceOfServerAuth_SaysUnexpectedOrMalformed() // [ST-205]
    {
        for (int type = 0; type < 256; type++)
        {
            var keys = new KnownKeys();
            byte[] hello = keys.Machines.Begin();
            byte[][] flight = keys.Machines.ToServer(hello);
            keys.Machines.ToClient(flight[0]);
            byte[] secret = keys.Handshake(hello, flight[0]).Server;
            Assert.Single(keys.Machines.ToClient(keys.Seal(secret, [(byte)type, 9, 0, 0])));
            Assert.Equal(type == 0x11 ? SecureTunnelAlert.Malformed : SecureTunnelAlert.UnexpectedMessage, keys.Machines.Client.Failure.Alert);
        }
    }

    [Fact]
    public void Session_GivenEveryTypeInEveryState_EndsUnlessTheTableHasIt() // [ST-205] [ST-208] [ST-511] [ST-903]
    {
        foreach (SessionState state in new[] { SessionState.Open, SessionState.ReadClosed, SessionState.WriteClosed, SessionState.Closed })
        {
            for (int type = 0; type < 256; type++)
            {
                byte[] secret = new byte[32];
                using var sealer = new RecordSealer(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, secret);
                using var session = new TunnelSession(
                    new RecordSealer(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, secret),
                    new RecordOpener(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, secret, 1024), secret, SystemCrypto.Instance, 1024);
                byte[] frame = new byte[64];
                if (state is SessionState.ReadClosed or SessionState.Closed)
                {
                    session.OnFrame(frame.AsSpan(0, sealer.Seal(MessageType.Close, [0], frame)), 0, out _);
                }

                if (state is SessionState.WriteClosed or SessionState.Closed)
                {
                    session.SealClose(frame);
                }

                Assert.Equal(state, session.State);
                frame[2] = (byte)type;
                frame[3] = 0;
                SessionEvent what = session.OnFrame(frame.AsSpan(0, sealer.SealInPlace(frame, 2)), 0, out _);
                bool reads = state is SessionState.Open or SessionState.WriteClosed;
                bool legal = reads && type is 0x14 or 0x15 or 0x17 && reads;
                Assert.Equal(legal ? SessionState.Open : SessionState.Dead, session.State is SessionState.Dead ? SessionState.Dead : SessionState.Open);
                Assert.Equal(!legal, what == SessionEvent.Failed);
                SecureTunnelAlert expected = legal ? SecureTunnelAlert.None
                    : type == 0x16 ? SecureTunnelAlert.None
                    : type is >= 0x94 and <= 0x97 ? SecureTunnelAlert.Malformed
                    : SecureTunnelAlert.UnexpectedMessage;
                Assert.Equal(expected, session.Failure.FromPeer ? SecureTunnelAlert.None : session.Failure.Alert);
            }
        }
    }

    [Fact]
    public void Dead_GivenAnythingMore_SaysNothing() // [ST-901] [ST-902]
    {
        using var machines = new Machines();
        byte[] hello = machines.Begin();
        Assert.Single(machines.ToServer([0, 1, 0x17]));
        Assert.Empty(machines.ToServer(hello));
        Assert.Empty(machines.ToServer([0, 1, 0x17]));
        Assert.Equal(ServerState.Dead, machines.Server.State);
        Assert.Equal(SecureTunnelReason.UnexpectedMessage, machines.Server.Failure.Reason);

        Assert.Single(machines.ToClient([0, 1, 0x17]));
        Assert.Empty(machines.ToClient([0, 1, 0x17]));
        Assert.Equal(ClientState.Dead, machines.Client.State);
    }

    private static IEnumerable<string> Attacks(string state)
    {
        string[] common = ["cut by a byte", "one byte longer", "length byte changed", "first byte changed", "last byte changed", "all zero", "from another session"];
        string[] protectedOnes = ["replay of the last frame", "a plain alert", "under the other direction's key", "from another suite", "at sequence 1", "an alert"];
        string[] plain = ["another suite", "another mode", "max_record 255", "a plain alert", "a record"];
        return common.Concat(state is "WaitClientAuth" or "WaitServerAuth" or "WaitAccept" ? protectedOnes : plain);
    }

    private static JsonObject Run(string side, string state, string attack, Func<KnownKeys>? flow = null)
    {
        KnownKeys keys = Reach(state, flow, out byte[] good, out byte[] secret, out byte[] otherSecret, out byte[] last);
        byte[] bad = Spoil(attack, state, flow, keys, good, secret, otherSecret, last);
        byte[][] answer = side == "server" ? keys.Machines.ToServer(bad) : keys.Machines.ToClient(bad);
        HandshakeFailure failure = side == "server" ? keys.Machines.Server.Failure : keys.Machines.Client.Failure;
        string end = side == "server" ? keys.Machines.Server.State.ToString() : keys.Machines.Client.State.ToString();
        bool died = end == "Dead";
        if (died)
        {
            Assert.Equal(failure.FromPeer ? 0 : 1, answer.Length);
            Assert.All(answer, frame => Assert.InRange(frame.Length, 4, 20));
        }

        return new JsonObject
        {
            ["id"] = string.Create(CultureInfo.InvariantCulture, $"{side}-{state}-{attack}").Replace(' ', '-'),
            ["section"] = "16",
            ["input"] = new JsonObject { ["side"] = side, ["state"] = state, ["attack"] = attack },
            ["result"] = new JsonObject { ["alert"] = failure.FromPeer ? "None" : failure.Alert.ToString(), ["reason"] = failure.Reason.ToString(), ["state"] = end },
        };
    }

    /// <summary>Brings both sides to where the next frame is <paramref name="good"/>, in a fresh session, of S1 where no <paramref name="flow"/> is given.</summary>
    private static KnownKeys Reach(string state, Func<KnownKeys>? flow, out byte[] good, out byte[] secret, out byte[] otherSecret, out byte[] last)
    {
        KnownKeys keys = flow is null ? new KnownKeys() : flow();
        byte[] hello = keys.Machines.Begin();
        (good, secret, otherSecret, last) = (hello, [], [], hello);
        if (state == "WaitFullHello")
        {
            last = [0, 42 + 5 + 32, 1, 0x53, 0x54, 1, 2, 4, 0, .. new byte[32], 1, 0, 0, 0, 3, 7, 7, 7, .. new byte[32]];
            Assert.Equal(5, Assert.Single(keys.Machines.ToServer(last)).Length);
        }

        if (state is "WaitClientHello" or "WaitFullHello")
        {
            return keys;
        }

        if (state == "WaitResumption")
        {
            var slot = new SecureTunnelTicketSlot();
            slot.Put(new DeviceTicket(SecureTunnelSuite.RsaOaepAes128Gcm, [7, 7, 7], new byte[32], TestKeys.Encryption.KeyHash.ToArray()));
            keys = new KnownKeys(slot);
            last = keys.Machines.Begin();
            good = [0, 40, 2, 1, 2, 1, 0x10, 0, .. new byte[32], 0, 0];
            return keys;
        }

        byte[][] flight = keys.Machines.ToServer(hello);
        good = flight[0];
        if (state == "WaitServerHello")
        {
            return keys;
        }

        (byte[] client, byte[] server) = keys.Handshake(hello, flight[0]);
        keys.Machines.ToClient(flight[0]);
        (good, secret, otherSecret, last) = (flight[1], server, client, flight[0]);
        if (state == "WaitServerAuth")
        {
            return keys;
        }

        byte[] auth = Assert.Single(keys.Machines.ToClient(flight[1]));
        (good, secret, otherSecret, last) = (auth, client, server, hello);
        if (state == "WaitClientAuth")
        {
            return keys;
        }

        byte[] accept = Assert.Single(keys.Machines.ToServer(auth));
        (otherSecret, secret) = keys.Application(hello, flight[0], flight[1], auth);
        (good, last) = (accept, flight[1]);
        return keys;
    }

    private static byte[] Spoil(string attack, string state, Func<KnownKeys>? flow, KnownKeys keys, byte[] good, byte[] secret, byte[] otherSecret, byte[] last)
    {
        byte[] bad = (byte[])good.Clone();
        switch (attack)
        {
            case "cut by a byte":
                bad = good[..^1];
                Frame.WriteHeader(bad, bad.Length - 2);
                return bad;
            case "one byte longer":
                bad = [.. good, 0];
                Frame.WriteHeader(bad, bad.Length - 2);
                return bad;
            case "length byte changed":
                bad[1] ^= 1; // the framing would wait or cut; a codec must not be misled either
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
                _ = Reach(state, flow, out byte[] other, out _, out _, out _);
                return other;
            case "replay of the last frame":
                return last;
            case "a plain alert":
                return [0, 2, 0x0F, 9];
            case "under the other direction's key":
                return keys.Seal(otherSecret, [0x12, 1, 1, 0x41, 0, 0, .. new byte[32]]);
            case "from another suite":
                return new KnownKeys(SecureTunnelSuite.RsaOaepAes128Ccm).Seal(secret, [0x12, 1, 1, 0x41, 0, 0, .. new byte[32]]);
            case "at sequence 1":
                return keys.Seal(secret, [0x12, 1, 1, 0x41, 0, 0, .. new byte[32]], sequence: 1);
            case "an alert":
                return state == "WaitAccept" ? AlertToWaitAccept(keys) : keys.Seal(secret, [0x16, 11]);
            case "another suite":
                bad[state is "WaitServerHello" or "WaitResumption" ? 4 : 6] = 4;
                return bad;
            case "another mode":
                bad[state is "WaitServerHello" or "WaitResumption" ? 5 : 41] ^= 3;
                return bad;
            case "max_record 255":
                int at = state is "WaitServerHello" or "WaitResumption" ? 6 : 7;
                (bad[at], bad[at + 1]) = (0, 255);
                return bad;
            default: // a record
                return keys.Seal(new byte[32], [0x17, 1, 2, 3]);
        }
    }

    /// <summary>The alert of a server that refuses: a device that knows no PSK makes one send it.</summary>
    private static byte[] AlertToWaitAccept(KnownKeys keys) => keys.Seal(keys.ServerHandshakeSecret, [0x16, 6], sequence: 1);
}

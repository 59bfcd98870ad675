using System.Text.Json;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Section 6: messages that open, since their sender holds the keys, and are wrong all the same. A forger never gets this far; these checks are all that is left.</summary>
public sealed class Section06_AuthenticPeerTests
{
    [Fact]
    public void ServerAuth_WithAMadeUpFinished_GetsNoClientAuth() // [ST-312]
    {
        var keys = new KnownKeys();
        byte[] hello = keys.Machines.Begin();
        byte[][] flight = keys.Machines.ToServer(hello);
        keys.Machines.ToClient(flight[0]);
        AssertRefused(keys, keys.Seal(keys.Handshake(hello, flight[0]).Server, [0x11, 0, 0, 0, .. new byte[32]]));
    }

    [Fact]
    public void ServerAuth_WithTheRightSignatureAndAnotherFinished_GetsNoClientAuth() // [ST-312]
    {
        var keys = new KnownKeys(SecureTunnelSuite.P256RsaPssAes128Gcm);
        byte[] hello = keys.Machines.Begin();
        byte[][] flight = keys.Machines.ToServer(hello);
        keys.Machines.ToClient(flight[0]);
        byte[] secret = keys.Handshake(hello, flight[0]).Server;
        byte[] inner = keys.Open(secret, flight[1]);
        inner[^1] ^= 1;
        AssertRefused(keys, keys.Seal(secret, inner));
    }

    [Fact]
    public void Device_GivenEveryProtectedTypeInPlaceOfAccept_SaysUnexpectedOrMalformed() // [ST-205] [ST-317]
    {
        for (int type = 0; type < 256; type++)
        {
            AssertNotConnected([(byte)type, 9, 0, 0], type == 0x13 ? SecureTunnelAlert.Malformed : SecureTunnelAlert.UnexpectedMessage);
        }
    }

    [Fact]
    public void Device_GivenEveryBadAcceptOfTheVectors_IsNotConnected() // [ST-301] [ST-316] [ST-317]
    {
        using JsonDocument document = VectorFile.Open("tunnel/messages.json");
        int count = 0;
        foreach (JsonElement vector in document.RootElement.GetProperty("vectors").EnumerateArray())
        {
            byte[] inner = vector.GetProperty("input").Hex("body");
            string alert = vector.GetProperty("result").GetProperty("alert").GetString()!;
            if (vector.GetProperty("input").GetProperty("message").GetString() == "Accept" && alert != "None" && inner.Length > 0)
            {
                AssertNotConnected(inner, Enum.Parse<SecureTunnelAlert>(alert));
                count++;
            }
        }

        Assert.InRange(count, 8, 100);
    }

    [Theory]
    [InlineData(SecureTunnelSuite.RsaOaepAes128Gcm, false, 256)]
    [InlineData(SecureTunnelSuite.RsaOaepAes128Gcm, true, 256)]
    [InlineData(SecureTunnelSuite.P256RsaPssAes128Gcm, false, 0)]
    [InlineData(SecureTunnelSuite.P256RsaPssAes128Gcm, false, 255)]
    [InlineData(SecureTunnelSuite.P256RsaPssAes128Gcm, false, 384)]
    public void ServerAuth_WithASignatureOfAnotherLengthThanTheFlowHas_IsMalformed(SecureTunnelSuite suite, bool resumes, int signature) // [ST-311]
    {
        KnownKeys keys = resumes ? KnownKeys.OfAResumption() : new KnownKeys(suite);
        byte[] hello = keys.Machines.Begin();
        byte[][] flight = keys.Machines.ToServer(hello);
        keys.Machines.ToClient(flight[0]);
        byte[] inner = [0x11, 0, (byte)(signature >> 8), unchecked((byte)signature), .. new byte[signature + 32]];
        Assert.Equal(20, Assert.Single(keys.Machines.ToClient(keys.Seal(keys.Handshake(hello, flight[0]).Server, inner))).Length);
        Assert.Equal(new HandshakeFailure(SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed, FromPeer: false), keys.Machines.Client.Failure);
    }

    [Theory]
    [InlineData(SecureTunnelSuite.RsaOaepAes128Gcm)]
    [InlineData(SecureTunnelSuite.P256RsaPssAes128Gcm)]
    public void ServerHello_WithAShareWhereTheFlowHasNoneOrTheOtherWayRound_IsMalformed(SecureTunnelSuite suite) // [ST-308]
    {
        using var machines = new Machines(TestKeys.ClientOptions(suite: suite));
        byte[] good = machines.ToServer(machines.Begin())[0];
        byte[] bad = suite.IsEphemeral() ? [0, 40, .. good[2..40], 0, 0] : [0, 105, .. good[2..40], 0, 65, .. new byte[65]];
        Assert.Equal([0, 2, 0x0F, (byte)SecureTunnelAlert.Malformed], Assert.Single(machines.ToClient(bad)));
        Assert.Equal(ClientState.Dead, machines.Client.State);
    }

    [Theory]
    [InlineData(false, 0, SecureTunnelAlert.AccessDenied)]
    [InlineData(false, 3, SecureTunnelAlert.Malformed)]
    [InlineData(true, 0, SecureTunnelAlert.Malformed)]
    [InlineData(true, 1, SecureTunnelAlert.Malformed)]
    [InlineData(true, 2, SecureTunnelAlert.Malformed)]
    public void ClientAuth_WithAMethodThatTheFlowDoesNotHave_IsRefused(bool resumes, byte method, SecureTunnelAlert alert) // [ST-313] [ST-314]
    {
        KnownKeys keys = resumes ? KnownKeys.OfAResumption() : new KnownKeys();
        byte[] hello = keys.Machines.Begin();
        byte[][] flight = keys.Machines.ToServer(hello);
        byte[] id = method == 3 ? [] : TestKeys.DeviceId.Span.ToArray();
        byte[] auth = method == 2 ? [0, 1, 0xBB] : [0, 0];
        byte[] inner = [0x12, method, (byte)id.Length, .. id, .. auth, .. new byte[32]];
        Assert.Single(keys.Machines.ToServer(keys.Seal(keys.Handshake(hello, flight[0]).Client, inner)));
        Assert.Equal((ServerState.Dead, alert), (keys.Machines.Server.State, keys.Machines.Server.Failure.Alert));
    }

    [Fact]
    public async Task Server_GivenDataInOneWriteWithClientAuth_ReadsItBehindAccept() // [ST-203] [ST-317]
    {
        var keys = new KnownKeys();
        var pair = new PipePair();
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(pair.Server, TestKeys.ServerOptions()).AsTask();
        byte[] hello = keys.Machines.Begin();
        await pair.Client.Output.WriteAsync(hello);
        byte[] answer = await TunnelPair.ReadExactly(pair.Client.Input, 42 + 54);
        keys.Machines.ToClient(answer[..42]);
        byte[] auth = Assert.Single(keys.Machines.ToClient(answer[42..]));

        byte[] secret = keys.Application(hello, answer[..42], answer[42..], auth).Client;
        await pair.Client.Output.WriteAsync((byte[])[.. auth, .. keys.Seal(secret, [0x17, .. "early"u8]), .. keys.Seal(secret, [0x17, .. " bird"u8], sequence: 1)]);
        await using SecureTunnelConnection gateway = await accepting;
        Assert.Equal("early bird"u8.ToArray(), await TunnelPair.ReadExactly(gateway.Input, 10));
    }

    private static void AssertRefused(KnownKeys keys, byte[] serverAuth)
    {
        byte[] answer = Assert.Single(keys.Machines.ToClient(serverAuth));
        Assert.Equal(20, answer.Length); // an Alert: a ClientAuth is longer
        Assert.Equal(ClientState.Dead, keys.Machines.Client.State);
        Assert.Equal(new HandshakeFailure(SecureTunnelReason.ServerNotAuthenticated, SecureTunnelAlert.HandshakeFailed, FromPeer: false), keys.Machines.Client.Failure);
    }

    /// <summary>Gives a device that waits for Accept another message of the server that it has authenticated.</summary>
    private static void AssertNotConnected(byte[] inner, SecureTunnelAlert alert)
    {
        var tickets = new SecureTunnelTicketSlot();
        var keys = new KnownKeys(tickets);
        byte[] hello = keys.Machines.Begin();
        byte[][] flight = keys.Machines.ToServer(hello);
        keys.Machines.ToClient(flight[0]);
        byte[] auth = Assert.Single(keys.Machines.ToClient(flight[1]));
        Assert.Equal(ClientState.WaitAccept, keys.Machines.Client.State);

        byte[] secret = keys.Application(hello, flight[0], flight[1], auth).Server;
        byte[] answer = Assert.Single(keys.Machines.ToClient(keys.Seal(secret, inner)));
        Assert.Equal(20, answer.Length);
        Assert.Equal(ClientState.Dead, keys.Machines.Client.State);
        Assert.Equal(alert, keys.Machines.Client.Failure.Alert);
        Assert.Null(tickets.Take());
    }
}

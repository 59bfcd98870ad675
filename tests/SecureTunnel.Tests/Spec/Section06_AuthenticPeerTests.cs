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

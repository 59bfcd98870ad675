using Flint.SecureTunnel.Tests.Support;

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

    private static void AssertRefused(KnownKeys keys, byte[] serverAuth)
    {
        byte[] answer = Assert.Single(keys.Machines.ToClient(serverAuth));
        Assert.Equal(20, answer.Length); // an Alert: a ClientAuth is longer
        Assert.Equal(ClientState.Dead, keys.Machines.Client.State);
        Assert.Equal(new HandshakeFailure(SecureTunnelReason.ServerNotAuthenticated, SecureTunnelAlert.HandshakeFailed, FromPeer: false), keys.Machines.Client.Failure);
    }
}

using System.Security.Cryptography;
using Flint.SecureTunnel.Tests.Support;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Section 8, ST-403: every secret that a handshake, a session or a ring ever held is gone when it ends, however it ends.</summary>
public sealed class Section08_ErasureTests
{
    private static readonly byte[] RingKey = [.. Enumerable.Repeat((byte)0x5E, 32)];

    public static TheoryData<SecureTunnelSuite, bool, int> Stages()
    {
        var data = new TheoryData<SecureTunnelSuite, bool, int>();
        foreach (SecureTunnelSuite suite in new[] { SecureTunnelSuite.RsaOaepAes128Gcm, SecureTunnelSuite.P256RsaPssAes128Gcm })
        {
            for (int stage = 0; stage <= 4; stage++)
            {
                data.Add(suite, false, stage);
                data.Add(suite, true, stage);
            }
        }

        return data;
    }

    /// <summary>Stage 0: ClientHello is written; 1: it is answered; 2: the device has ServerHello; 3: ClientAuth is written; 4: both are connected.</summary>
    [Theory]
    [MemberData(nameof(Stages))]
    public void Handshake_ThatEndsAtAnyStage_LeavesNoSecret(SecureTunnelSuite suite, bool resume, int stage) // [ST-403] [ST-901] [ST-902]
    {
        foreach (bool fails in new[] { false, true })
        {
            using SecureTunnelTicketSlot slot = new();
            using var ring = new SecureTunnelTicketRing(RingKey);
            SecureTunnelClientOptions client = TestKeys.ClientOptions(suite: suite, tickets: slot);
            SecureTunnelServerOptions server = TestKeys.ServerOptions(tickets: ring);
            if (resume)
            {
                using var first = new Machines(client, server);
                first.Run();
            }

            var crypto = new CountingKeys();
            var machines = new Machines(client, server, crypto);
            var secrets = new HashSet<Secret>();
            var hashes = new HashSet<IncrementalHash>();
            Walk(machines, stage, () =>
            {
                secrets.UnionWith(Reachable.Secrets(machines.Client));
                secrets.UnionWith(Reachable.Secrets(machines.Server));
                hashes.UnionWith(Reachable.Hashes(machines.Client));
                hashes.UnionWith(Reachable.Hashes(machines.Server));
            });
            Assert.True(secrets.Count >= 3);
            if (fails)
            {
                machines.Client.OnDeadline(new System.Buffers.ArrayBufferWriter<byte>());
                machines.Server.OnDeadline(new System.Buffers.ArrayBufferWriter<byte>());
                Assert.All(secrets.Where(secret => stage < 4 || !Reachable.Secrets(machines.Client).Contains(secret)), secret => Assert.True(stage == 4 || Reachable.IsErased(secret)));
            }

            machines.Dispose();
            Assert.All(secrets, secret => Assert.True(Reachable.IsErased(secret)));
            Assert.All(hashes, hash => Assert.Throws<ObjectDisposedException>(() => hash.AppendData([1])));
            Assert.Equal(0, crypto.Alive);
        }
    }

    [Fact]
    public void Device_ThatIsConnected_HoldsNothingOfTheHandshakeButTheSession() // [ST-403]
    {
        using var machines = new Machines();
        var before = new HashSet<Secret>();
        Walk(machines, 4, () =>
        {
            before.UnionWith(Reachable.Secrets(machines.Client));
            before.UnionWith(Reachable.Secrets(machines.Server));
        });
        using TunnelSession device = machines.Client.TakeSession();
        using TunnelSession gateway = machines.Server.TakeSession();
        machines.Dispose();
        HashSet<Secret> kept = [.. Reachable.Secrets(device), .. Reachable.Secrets(gateway)];
        Assert.Equal(6, kept.Count); // two traffic keys and an exporter on each side
        Assert.All(kept, secret => Assert.False(Reachable.IsErased(secret)));
        Assert.All(before.Except(kept), secret => Assert.True(Reachable.IsErased(secret)));
        device.Dispose();
        gateway.Dispose();
        Assert.All(kept, secret => Assert.True(Reachable.IsErased(secret)));
    }

    [Fact]
    public void Session_ThatFails_ErasesWhatOpensAtOnceAndWhatSealsWithItsAlert() // [ST-403] [ST-903]
    {
        (TunnelSession device, TunnelSession gateway) = Machines.Connect();
        HashSet<Secret> all = Reachable.Secrets(gateway);
        byte[] frame = new byte[64];
        gateway.OnFrame([0, 17, .. new byte[17]], 0, out _);
        Assert.Equal(1, all.Count(secret => !Reachable.IsErased(secret)));
        Assert.NotEqual(0, gateway.SealAlert(frame));
        gateway.EraseIfDead();
        Assert.All(all, secret => Assert.True(Reachable.IsErased(secret)));
        Assert.Equal(0, gateway.SealAlert(frame));
        Assert.Equal(0, gateway.SealData([1], frame));
        Assert.Equal(0, gateway.SealPaddedData([1], 1, frame));
        Assert.Equal(0, gateway.SealKeyUpdate(request: false, 0, frame));
        Assert.Equal(0, gateway.SealClose(frame));
        device.Dispose();
    }

    [Fact]
    public void Ring_Disposed_HoldsNoKey() // [ST-805] [ST-403]
    {
        var ring = new SecureTunnelTicketRing(RingKey, new byte[32]);
        ring.Rotate([.. Enumerable.Repeat((byte)1, 32)], DateTimeOffset.FromUnixTimeSeconds(1_790_000_000));
        HashSet<Secret> keys = RingSecrets(ring);
        Assert.Equal(3, keys.Count);
        ring.Dispose();
        Assert.All(keys, key => Assert.True(Reachable.IsErased(key)));
    }

    [Fact]
    public void Ring_PastTheLifetimeOfAKey_ErasesItWhenATicketIsOpenedSealedOrTheRingTurns() // [ST-805]
    {
        const long Now = 1_790_000_000;
        var uses = new Action<SecureTunnelTicketRing>[]
        {
            ring => ring.Open(new byte[100], Now + (24 * 3600), new byte[128]),
            ring => ring.Rotate([.. Enumerable.Repeat((byte)9, 32)], DateTimeOffset.FromUnixTimeSeconds(Now + (24 * 3600))),
            ring => ring.Seal(new TicketState { ResumptionPsk = new byte[32], CredentialTag = new byte[8], DeviceId = new byte[1] }, new byte[16], Now + (24 * 3600), new byte[256]),
        };
        foreach (Action<SecureTunnelTicketRing> use in uses)
        {
            using var ring = new SecureTunnelTicketRing(RingKey);
            Secret old = Assert.Single(RingSecrets(ring));
            ring.Rotate(new byte[32], DateTimeOffset.FromUnixTimeSeconds(Now));
            Assert.False(Reachable.IsErased(old));
            use(ring);
            Assert.True(Reachable.IsErased(old));
        }
    }

    [Fact]
    public void Credentials_Disposed_HoldNoSecret() // [ST-403]
    {
        SecureTunnelCredential psk = SecureTunnelCredential.FromPsk(TestKeys.Psk);
        HashSet<Secret> secrets = Reachable.Secrets(psk);
        psk.Dispose();
        Assert.True(Reachable.IsErased(Assert.Single(secrets)));
        SecureTunnelCredential rsa = TestKeys.DeviceRsaCredential();
        RSA key = rsa.PrivateKey!;
        rsa.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.ExportParameters(false));
        SecureTunnelDevice device = TestKeys.DeviceRsaEntry();
        RSA known = device.PublicKey!;
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => known.ExportParameters(false));
    }

    [Theory]
    [InlineData(SecureTunnelSuite.RsaOaepAes128Gcm)]
    [InlineData(SecureTunnelSuite.RsaOaepAes128Ccm)]
    public void Record_ThatDoesNotOpen_LeavesNothingOfItself(SecureTunnelSuite suite) // [ST-502]
    {
        byte[] key = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
        byte[] text = [1, 2, 3, 4];
        byte[] tag = new byte[16];
        using Aead aead = SystemCrypto.Instance.CreateAead(suite, key);
        aead.Seal(new byte[12], [], text, text, tag);
        tag[0] ^= 1;
        byte[] opened = [9, 9, 9, 9];
        Assert.False(aead.TryOpen(new byte[12], [], text, tag, opened));
        Assert.Equal(new byte[4], opened);
    }

    private static HashSet<Secret> RingSecrets(SecureTunnelTicketRing ring)
    {
        var found = Reachable.Secrets(ring);
        var previous = (System.Collections.IEnumerable)typeof(SecureTunnelTicketRing)
            .GetField("_previous", System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance)!.GetValue(ring)!;
        foreach (object entry in previous)
        {
            found.UnionWith(Reachable.Secrets(entry));
        }

        return found;
    }

    private static void Walk(Machines machines, int stage, Action look)
    {
        look();
        byte[] hello = machines.Begin();
        look();
        byte[][] answer = stage < 1 ? [] : machines.ToServer(hello);
        look();
        for (int i = 0; i < answer.Length && i < stage - 1; i++)
        {
            byte[][] sent = machines.ToClient(answer[i]);
            look();
            if (stage == 4 && sent.Length == 1)
            {
                byte[] accept = Assert.Single(machines.ToServer(sent[0]));
                look();
                machines.ToClient(accept);
                look();
            }
        }
    }
}

using System.Buffers;
using Flint.SecureTunnel.Tests.Support;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Sections 6.3, 8.3 and 12: resumption, its refusals first.</summary>
public sealed class Section12_TicketTests
{
    private const long Now = 1_790_000_000;
    private static readonly byte[] RingKey = [.. Enumerable.Repeat((byte)0x5E, 32)];

    [Theory]
    [InlineData(24 * 3600)]
    [InlineData(8 * 24 * 3600)]
    public void Ticket_Expired_IsAnsweredByRetryAndAFullHandshake(long later) => Retries(TakeTicket(), new SecureTunnelTicketRing(RingKey), Now + later); // [ST-801] [ST-309]

    [Fact]
    public void Ticket_FromTheFuture_IsAnsweredByRetry() => Retries(TakeTicket(), new SecureTunnelTicketRing(RingKey), Now - 61); // [ST-801]

    [Fact]
    public void Ticket_AMinuteFromTheFuture_Resumes() => Resumes(TakeTicket(), new SecureTunnelTicketRing(RingKey), Now - 60); // [ST-801]

    [Fact]
    public void Ticket_OfAnotherRing_IsAnsweredByRetry() => // [ST-801]
        Retries(TakeTicket(), new SecureTunnelTicketRing(new byte[32]), Now + 1);

    [Fact]
    public void Ticket_AtAServerWithoutARing_IsAnsweredByRetry() => Retries(TakeTicket(), ring: null, Now + 1); // [ST-801]

    [Fact]
    public void Ticket_WithAnyByteChanged_IsAnsweredByRetry() // [ST-801]
    {
        using SecureTunnelTicketSlot slot = TakeTicket();
        byte[] good = slot.Export();
        for (int i = 68; i < good.Length; i += 7)
        {
            byte[] bad = (byte[])good.Clone();
            bad[i] ^= 1;
            var damaged = new SecureTunnelTicketSlot();
            Assert.True(damaged.TryImport(bad));
            Retries(damaged, new SecureTunnelTicketRing(RingKey), Now + 1);
        }
    }

    [Theory]
    [InlineData(nameof(EntropyUse.TicketNonce))]
    [InlineData(nameof(EntropyUse.TicketSalt))]
    public void Server_ThatCannotMakeATicket_TellsTheDeviceThatTheFaultIsItsOwn(string missing) // [ST-322]
    {
        using var ring = new SecureTunnelTicketRing(RingKey);
        using var machines = new Machines(server: Server(ring), entropy: new ScriptedEntropy { Missing = Enum.Parse<EntropyUse>(missing) });
        byte[][] flight = machines.ToServer(machines.Begin());
        machines.ToClient(flight[0]);
        byte[] auth = Assert.Single(machines.ToClient(flight[1]));
        Assert.Throws<IOException>(() => machines.ToServer(auth));

        var output = new ArrayBufferWriter<byte>();
        machines.Server.OnInternalError(output);
        Assert.Empty(machines.ToClient(output.WrittenSpan.ToArray()));
        Assert.Equal(new HandshakeFailure(SecureTunnelReason.AlertFromPeer, SecureTunnelAlert.Internal, FromPeer: true), machines.Client.Failure);
        Assert.All(Reachable.Secrets(machines.Server), secret => Assert.True(Reachable.IsErased(secret)));
    }

    [Fact]
    public void Ticket_OfAnotherSuite_IsNotUsedByTheDevice() // [ST-807]
    {
        using SecureTunnelTicketSlot slot = TakeTicket();
        using var machines = new Machines(TestKeys.ClientOptions(suite: SecureTunnelSuite.RsaOaepAes128Ccm, tickets: slot), Server(new SecureTunnelTicketRing(RingKey)));
        Assert.Equal(5, machines.Run().Length);
        Assert.False(machines.Client.Resumed);
    }

    [Fact]
    public void Ticket_OfAnotherSuite_IsAnsweredByRetry() // [ST-801]
    {
        using SecureTunnelTicketSlot slot = TakeTicket();
        byte[] exported = slot.Export();
        exported[1] = (byte)SecureTunnelSuite.RsaOaepAes128Ccm;
        var other = new SecureTunnelTicketSlot();
        Assert.True(other.TryImport(exported));
        using var machines = new Machines(
            TestKeys.ClientOptions(suite: SecureTunnelSuite.RsaOaepAes128Ccm, tickets: other), Server(new SecureTunnelTicketRing(RingKey)), unixSeconds: Now + 1);
        Assert.Equal(7, machines.Run().Length);
    }

    [Fact]
    public void Ticket_OfAServerWhosePinIsGone_IsNotUsed() // [ST-807]
    {
        using SecureTunnelTicketSlot slot = TakeTicket();
        using var machines = new Machines(TestKeys.ClientOptions(pin: TestKeys.Foreign.ToPin(), tickets: slot), Server(new SecureTunnelTicketRing(RingKey)));
        byte[] hello = machines.Begin();
        Assert.Equal((byte)HandshakeMode.Full, hello[41]);
    }

    [Fact]
    public void Binder_MadeWithAnotherSecret_FailsTheHandshake() // [ST-404]
    {
        using SecureTunnelTicketSlot slot = TakeTicket();
        byte[] exported = slot.Export();
        exported[40] ^= 1; // the secret, not the ticket
        var stolen = new SecureTunnelTicketSlot();
        Assert.True(stolen.TryImport(exported));
        using var machines = new Machines(TestKeys.ClientOptions(tickets: stolen), Server(new SecureTunnelTicketRing(RingKey)), unixSeconds: Now + 1);
        machines.Exchange();
        Assert.Equal(new HandshakeFailure(SecureTunnelReason.WrongBinder, SecureTunnelAlert.HandshakeFailed, FromPeer: false), machines.Server.Failure);
    }

    [Fact]
    public void Binder_OverAnotherHello_FailsTheHandshakeBeforeAnyAgreement() // [ST-404]
    {
        using SecureTunnelTicketSlot slot = TakeTicket();
        using var machines = new Machines(TestKeys.ClientOptions(tickets: slot), Server(new SecureTunnelTicketRing(RingKey)), unixSeconds: Now + 1);
        byte[] hello = machines.Begin();
        hello[9] ^= 1; // client_random
        hello[60] ^= 1; // and the share is off the curve now: nobody gets to see that
        Assert.Equal([0, 2, 0x0F, (byte)SecureTunnelAlert.HandshakeFailed], Assert.Single(machines.ToServer(hello)));
        Assert.Equal(SecureTunnelReason.WrongBinder, machines.Server.Failure.Reason);
    }

    [Fact]
    public void Device_RevokedSinceItsTicket_IsRefused() // [ST-804]
    {
        var store = new InMemoryDeviceStore();
        store.Set(TestKeys.DeviceId, SecureTunnelDevice.FromPsk(TestKeys.Psk, isAllowed: false));
        using var machines = new Machines(
            TestKeys.ClientOptions(tickets: TakeTicket()), TestKeys.ServerOptions(store, tickets: new SecureTunnelTicketRing(RingKey)), unixSeconds: Now + 1);
        machines.Exchange();
        Assert.Equal(new HandshakeFailure(SecureTunnelReason.DeviceNotAllowed, SecureTunnelAlert.AccessDenied, FromPeer: false), machines.Server.Failure);
        Assert.Equal(SecureTunnelAlert.AccessDenied, machines.Client.Failure.Alert);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Device_ThatGotAnotherCredentialSinceItsTicket_IsRefused(bool resumes) // [ST-808]
    {
        var store = new InMemoryDeviceStore();
        store.Set(TestKeys.DeviceId, SecureTunnelDevice.FromPsk(resumes ? TestKeys.Psk : new byte[32]));
        using var machines = new Machines(
            TestKeys.ClientOptions(tickets: TakeTicket()), TestKeys.ServerOptions(store, tickets: new SecureTunnelTicketRing(RingKey)), unixSeconds: Now + 2);
        machines.Exchange();
        Assert.Equal(resumes ? default : new HandshakeFailure(SecureTunnelReason.WrongCredential, SecureTunnelAlert.AccessDenied, FromPeer: false), machines.Server.Failure);
        Assert.Equal(resumes ? SecureTunnelAlert.None : SecureTunnelAlert.AccessDenied, machines.Client.Failure.Alert);
    }

    [Fact]
    public void Device_DisposedInTheStore_DoesNotResume() // [ST-403] [ST-808]
    {
        SecureTunnelDevice device = SecureTunnelDevice.FromPsk(TestKeys.Psk);
        var store = new InMemoryDeviceStore();
        store.Set(TestKeys.DeviceId, device);
        device.Dispose();
        using var machines = new Machines(
            TestKeys.ClientOptions(tickets: TakeTicket()), TestKeys.ServerOptions(store, tickets: new SecureTunnelTicketRing(RingKey)), unixSeconds: Now + 1);
        Assert.Throws<ObjectDisposedException>(machines.Exchange);
    }

    [Fact]
    public void Device_EnrolledOtherwiseSinceItsTicket_IsRefused() // [ST-808] [ST-313]
    {
        var store = new InMemoryDeviceStore();
        store.Set(TestKeys.DeviceId, TestKeys.DeviceRsaEntry());
        using var machines = new Machines(
            TestKeys.ClientOptions(tickets: TakeTicket()), TestKeys.ServerOptions(store, tickets: new SecureTunnelTicketRing(RingKey)), unixSeconds: Now + 1);
        machines.Exchange();
        Assert.Equal(new HandshakeFailure(SecureTunnelReason.WrongCredential, SecureTunnelAlert.AccessDenied, FromPeer: false), machines.Server.Failure);
    }

    [Fact]
    public void Server_GivenASecondResumption_IsUnexpected() // [ST-309] [ST-901]
    {
        using var machines = new Machines(TestKeys.ClientOptions(tickets: TakeTicket()), Server(new SecureTunnelTicketRing(new byte[32])), unixSeconds: Now + 1);
        byte[] hello = machines.Begin();
        Assert.Equal(5, Assert.Single(machines.ToServer(hello)).Length);
        Assert.Equal([0, 2, 0x0F, (byte)SecureTunnelAlert.UnexpectedMessage], Assert.Single(machines.ToServer(hello)));
    }

    [Fact]
    public void Device_GivenRetryTwiceOrInAFullHandshake_IsUnexpected() // [ST-309] [ST-902]
    {
        byte[] retry = [0, 3, 0x03, 1, 1];
        using var full = new Machines();
        full.Begin();
        Assert.Equal([0, 2, 0x0F, (byte)SecureTunnelAlert.UnexpectedMessage], Assert.Single(full.ToClient(retry)));

        using var resuming = new Machines(TestKeys.ClientOptions(tickets: TakeTicket()));
        resuming.Begin();
        Assert.Equal((byte)HandshakeMode.Full, Assert.Single(resuming.ToClient(retry))[41]);
        Assert.Equal([0, 2, 0x0F, (byte)SecureTunnelAlert.UnexpectedMessage], Assert.Single(resuming.ToClient(retry)));
    }

    [Theory]
    [InlineData(new byte[] { 0, 3, 3, 1, 2 }, SecureTunnelAlert.Malformed)]
    [InlineData(new byte[] { 0, 3, 3, 2, 1 }, SecureTunnelAlert.Unsupported)]
    [InlineData(new byte[] { 0, 2, 3, 1 }, SecureTunnelAlert.Malformed)]
    [InlineData(new byte[] { 0, 4, 3, 1, 1, 1 }, SecureTunnelAlert.Malformed)]
    public void Device_GivenAMalformedRetry_Fails(byte[] retry, SecureTunnelAlert alert) // [ST-309]
    {
        using var machines = new Machines(TestKeys.ClientOptions(tickets: TakeTicket()));
        machines.Begin();
        machines.ToClient(retry);
        Assert.Equal(alert, machines.Client.Failure.Alert);
    }

    [Theory]
    [InlineData(SecureTunnelSuite.RsaOaepAes128Gcm, true)]
    [InlineData(SecureTunnelSuite.RsaOaepAes128Gcm, false)]
    [InlineData(SecureTunnelSuite.P256RsaPssAes128Ccm, true)]
    [InlineData(SecureTunnelSuite.P256RsaPssAes128Ccm, false)]
    public void Chain_OfResumptions_EndsAfterSevenDaysAndUsesEachTicketOnce(SecureTunnelSuite suite, bool ephemeral) // [ST-803] [ST-806]
    {
        using var ring = new SecureTunnelTicketRing(RingKey);
        using var slot = new SecureTunnelTicketSlot();
        SecureTunnelClientOptions client = TestKeys.ClientOptions(suite: suite, tickets: slot, ephemeral: ephemeral);
        var tickets = new HashSet<string>();
        int resumed = 0;
        for (long at = Now; at < Now + (8 * 24 * 3600); at += 20 * 3600)
        {
            using var machines = new Machines(client, Server(ring), unixSeconds: at);
            byte[][] frames = machines.Run();
            Assert.True(slot.HasTicket || at - Now > 6 * 24 * 3600);
            Assert.True(tickets.Add(Convert.ToHexString(slot.Export())));
            Assert.Equal(machines.Client.Resumed, machines.Server.Mode != HandshakeMode.Full);
            Assert.Equal(TestKeys.DeviceId, machines.Server.DeviceId);
            if (machines.Client.Resumed)
            {
                resumed++;
                Assert.InRange(frames.Sum(frame => frame.Length), 300, ephemeral ? 610 : 480);
            }
            else
            {
                Assert.Contains(at, new[] { Now, Now + (180L * 3600) }); // the first one, and the first after seven days
            }
        }

        Assert.Equal(8, resumed);
    }

    [Fact]
    public void Session_ThatIsResumed_HasOtherKeysThanTheFirst() // [ST-402]
    {
        using SecureTunnelTicketSlot slot = TakeTicket();
        byte[] exported = slot.Export();
        byte[] first = Export(slot);
        var again = new SecureTunnelTicketSlot();
        Assert.True(again.TryImport(exported));
        Assert.NotEqual(first, Export(again));

        static byte[] Export(SecureTunnelTicketSlot slot)
        {
            using var machines = new Machines(TestKeys.ClientOptions(tickets: slot, ephemeral: false), Server(new SecureTunnelTicketRing(RingKey)), unixSeconds: Now + 1);
            machines.Run();
            byte[] value = new byte[32];
            machines.Client.TakeSession().Export("x"u8, default, value);
            return value;
        }
    }

    [Fact]
    public void Ring_RotatedOnce_OpensOldTicketsAndSealsWithTheNewKey() // [ST-805]
    {
        using SecureTunnelTicketSlot slot = TakeTicket();
        using var ring = new SecureTunnelTicketRing(RingKey, new byte[32]);
        ring.Rotate(Enumerable.Repeat((byte)1, 32).ToArray(), DateTimeOffset.FromUnixTimeSeconds(Now + 10));
        Assert.Equal(3, ring.Count);
        Resumes(slot, ring, Now + 11);
        Resumes(slot, new SecureTunnelTicketRing(new byte[32]), Now + 12); // the ticket of the resumption is under the key that was the next one
    }

    [Fact]
    public void Ring_OfAnotherNode_OpensWithItsNextKey() // [ST-805]
    {
        using SecureTunnelTicketSlot slot = TakeTicket();
        Resumes(slot, new SecureTunnelTicketRing(new byte[32], RingKey), Now + 1);
    }

    [Fact]
    public void Ring_ErasesAKeyWhenItsLastTicketHasExpired() // [ST-805]
    {
        using var ring = new SecureTunnelTicketRing(RingKey);
        ring.Rotate(new byte[32], DateTimeOffset.FromUnixTimeSeconds(Now));
        Assert.Equal(2, ring.Count);
        Retries(TakeTicket(), ring, Now + (24 * 3600));
        Assert.Equal(1, ring.Count);
    }

    [Fact]
    public void Ring_RefusesWrongKeysAndLifetimes() // [ST-802] [ST-809]
    {
        Assert.Throws<ArgumentException>(() => new SecureTunnelTicketRing(new byte[31]));
        Assert.Throws<ArgumentException>(() => new SecureTunnelTicketRing(RingKey, RingKey));
        using var ring = new SecureTunnelTicketRing(RingKey);
        Assert.Throws<ArgumentException>(() => ring.Rotate(RingKey, DateTimeOffset.UnixEpoch));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SecureTunnelTicketRing(RingKey) { Lifetime = TimeSpan.FromDays(7) + TimeSpan.FromSeconds(1) });
        Assert.Throws<ArgumentOutOfRangeException>(() => new SecureTunnelTicketRing(RingKey) { Lifetime = TimeSpan.Zero });
    }

    [Fact]
    public void Slot_RefusesWhatIsNoExportedTicket()
    {
        using SecureTunnelTicketSlot slot = TakeTicket();
        byte[] good = slot.Export();
        var other = new SecureTunnelTicketSlot();
        Assert.False(other.TryImport([]));
        Assert.False(other.TryImport(good.AsSpan(0, good.Length - 1)));
        Assert.False(other.TryImport([.. good, 0]));
        Assert.False(other.TryImport([2, .. good[1..]]));
        Assert.False(other.TryImport([1, 9, .. good[2..]]));
        Assert.False(other.HasTicket);
        Assert.Empty(other.Export());
    }

    private static SecureTunnelServerOptions Server(SecureTunnelTicketRing? ring) => TestKeys.ServerOptions(tickets: ring);

    private static SecureTunnelTicketSlot TakeTicket()
    {
        var slot = new SecureTunnelTicketSlot();
        using var machines = new Machines(TestKeys.ClientOptions(tickets: slot), Server(new SecureTunnelTicketRing(RingKey)), unixSeconds: Now);
        Assert.InRange(machines.Run().Sum(frame => frame.Length), 500, 640);
        Assert.True(slot.HasTicket);
        return slot;
    }

    private static void Retries(SecureTunnelTicketSlot slot, SecureTunnelTicketRing? ring, long at)
    {
        using var machines = new Machines(TestKeys.ClientOptions(tickets: slot), Server(ring), unixSeconds: at);
        Assert.Equal(7, machines.Run().Length);
        Assert.False(machines.Client.Resumed);
        Assert.Equal(HandshakeMode.Full, machines.Server.Mode);
    }

    private static void Resumes(SecureTunnelTicketSlot slot, SecureTunnelTicketRing ring, long at)
    {
        using var machines = new Machines(TestKeys.ClientOptions(tickets: slot), Server(ring), unixSeconds: at);
        Assert.Equal(5, machines.Run().Length);
        Assert.True(machines.Client.Resumed);
    }
}

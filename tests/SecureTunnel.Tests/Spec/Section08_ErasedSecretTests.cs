using System.Security.Cryptography;
using Flint.SecureTunnel.Tests.Support;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Section 8.2: erased means gone. Bytes of zero that once were a secret must never serve as a key that everybody knows.</summary>
public sealed class Section08_ErasedSecretTests
{
    private const long Now = 1_790_000_000;

    [Fact]
    public void Secret_Erased_CannotBeRead() // [ST-403]
    {
        var secret = new Secret([1, 2, 3]);
        secret.Dispose();
        Assert.Throws<ObjectDisposedException>(() => secret.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => secret.CopyTo(new byte[3]));
    }

    [Fact]
    public void Ring_Disposed_OpensNoTicketForgedUnderAKeyOfZeros() // [ST-403] [ST-801] [ST-805]
    {
        byte[] stek = [.. Enumerable.Repeat((byte)0x5E, 32)];
        var ring = new SecureTunnelTicketRing(stek);
        ring.Dispose(); // after a compromise, at a server that goes on with the same options

        // The attacker has seen the key's name in any ticket, and makes up the rest.
        byte[] rpsk = [.. Enumerable.Repeat((byte)0x66, 32)];
        var slot = new SecureTunnelTicketSlot();
        slot.Put(new DeviceTicket(SecureTunnelSuite.RsaOaepAes128Gcm, Forge(stek, rpsk), rpsk, TestKeys.Encryption.KeyHash.ToArray()));
        using var machines = new Machines(TestKeys.ClientOptions(tickets: slot), TestKeys.ServerOptions(tickets: ring), unixSeconds: Now);
        Assert.Equal([0, 3, 3, 1, 1], Assert.Single(machines.ToServer(machines.Begin())));
    }

    [Fact]
    public void Ring_Disposed_GivesNoTicketsAndLetsFullHandshakesPass() // [ST-403]
    {
        var ring = new SecureTunnelTicketRing(new byte[32]);
        ring.Dispose();
        using var slot = new SecureTunnelTicketSlot();
        using var machines = new Machines(TestKeys.ClientOptions(tickets: slot), TestKeys.ServerOptions(tickets: ring), unixSeconds: Now);
        machines.Run();
        Assert.False(slot.HasTicket);
        Assert.Throws<ObjectDisposedException>(() => ring.Rotate(Enumerable.Repeat((byte)1, 32).ToArray(), DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public async Task Device_DisposedInTheStore_CannotBeImpersonatedWithAKeyOfZeros() // [ST-403] [ST-315]
    {
        var store = new InMemoryDeviceStore();
        using (var device = SecureTunnelDevice.FromPsk(TestKeys.Psk))
        {
            store.Set(TestKeys.DeviceId, device);
        }

        var pair = new PipePair();
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(pair.Server, TestKeys.ServerOptions(store)).AsTask();
        SecureTunnelHandshakeException e = await Assert.ThrowsAsync<SecureTunnelHandshakeException>(async () => await SecureTunnelClient.ConnectAsync(
            pair.Client, TestKeys.ClientOptions(), new ZeroMaster(), SystemEntropy.Instance, default));
        Assert.Equal(SecureTunnelAlert.Internal, e.Alert);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => accepting);
    }

    [Fact]
    public async Task Credential_Disposed_MakesNoTunnel() // [ST-403]
    {
        var pair = new PipePair();
        using SecureTunnelCredential credential = SecureTunnelCredential.FromPsk(TestKeys.Psk);
        credential.Dispose();
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(pair.Server, TestKeys.ServerOptions()).AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(
            async () => await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions(credential: credential)));
        await Assert.ThrowsAsync<SecureTunnelHandshakeException>(() => accepting);
    }

    [Fact]
    public void Slot_WhoseTicketIsSpentMeanwhile_ExportsNothing() // [ST-403] [ST-806]
    {
        using var slot = new SecureTunnelTicketSlot();
        var spent = new DeviceTicket(SecureTunnelSuite.RsaOaepAes128Gcm, new byte[100], new byte[32], new byte[32]);
        slot.Put(spent);
        spent.Dispose(); // what another thread's connection does with it between the slot's read and its copy
        Assert.Empty(slot.Export());
    }

    [Fact]
    public void Session_Failed_HasNoKeysLeft() // [ST-403] [ST-903]
    {
        var (device, gateway) = Machines.Connect();
        byte[] frame = new byte[64];
        frame.AsSpan(0, device.SealData([1], frame)).ToArray().CopyTo(frame, 0);
        frame[5] ^= 1;
        Assert.Equal(SessionEvent.Failed, gateway.OnFrame(frame.AsSpan(0, 1 + RecordSealer.Overhead), 0, out _));
        Assert.Throws<ObjectDisposedException>(() => gateway.Export("x"u8, default, new byte[16]));
        Assert.Equal(RecordSealer.Overhead + 1, gateway.SealAlert(new byte[32]));
        gateway.EraseIfDead();
        Assert.Equal(0, gateway.SealAlert(new byte[32]));
        Assert.Equal(SessionEvent.Failed, gateway.OnFrame(frame.AsSpan(0, 1 + RecordSealer.Overhead), 0, out _));
        device.Dispose();
        gateway.Dispose();
    }

    [Fact]
    public void TrafficKey_Erased_MakesNoCipherOfZeros() // [ST-403]
    {
        byte[] frame = new byte[1 + RecordSealer.Overhead];
        Frame.WriteHeader(frame, frame.Length - 2);
        using (var aead = new GcmAead(new byte[16]))
        {
            frame[2] = (byte)MessageType.Data;
            aead.Seal(new byte[12], frame.AsSpan(0, 2), frame.AsSpan(2, 2), frame.AsSpan(2, 2), frame.AsSpan(4));
        }

        var opener = new RecordOpener(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, RandomNumberGenerator.GetBytes(32), 1024);
        opener.Dispose();
        Assert.Throws<ObjectDisposedException>(() => opener.TryOpen(frame, out _, out _));
        Assert.Throws<ObjectDisposedException>(opener.Update);
    }

    private static byte[] Forge(byte[] stek, byte[] rpsk)
    {
        byte[] ticket = new byte[8 + 16 + 50 + TestKeys.DeviceId.Span.Length + 16];
        Hkdf.Label(SystemCrypto.Instance, stek, "stek name"u8, default, ticket.AsSpan(0, 8));
        var state = new TicketState
        {
            Suite = SecureTunnelSuite.RsaOaepAes128Gcm,
            ResumptionPsk = rpsk,
            FirstAuth = (uint)Now,
            Expires = (uint)Now + 3600,
            CredentialTag = SecureTunnelDevice.FromPsk(TestKeys.Psk).CredentialTag,
            DeviceId = TestKeys.DeviceId.Span,
        };
        byte[] plain = new byte[state.EncodedLength];
        state.Write(plain);
        byte[] key = new byte[32];
        Hkdf.Label(SystemCrypto.Instance, new byte[32], "stek"u8, ticket.AsSpan(8, 16), key);
        using var gcm = new AesGcm(key, 16);
        gcm.Encrypt(new byte[12], plain, ticket.AsSpan(24, plain.Length), ticket.AsSpan(24 + plain.Length), ticket.AsSpan(0, 24));
        return ticket;
    }

    /// <summary>An attacker's device: it has no PSK, and puts Z in its place.</summary>
    private sealed class ZeroMaster : ForwardingCrypto
    {
        private readonly byte[] _mix = PreSharedKey.Mix(TestKeys.Psk).Span.ToArray();

        public override void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination) =>
            base.Hmac(key, data.SequenceEqual(_mix) ? new byte[32] : data, destination);
    }
}

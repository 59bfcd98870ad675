using System.Security.Cryptography;
using Flint.SecureTunnel.Tests.Support;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Section 17: each limit at its last good value, and one beyond.</summary>
public sealed class Section17_LimitTests
{
    [Fact]
    public void Padding_OfNothingAroundNothing_IsAnEmptyRecord() // [ST-207]
    {
        using var sealer = new RecordSealer(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, new byte[32]);
        using var opener = new RecordOpener(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, new byte[32], 1024);
        byte[] frame = new byte[2 + RecordSealer.Overhead];
        Assert.Equal(frame.Length, sealer.SealPadded([], 0, frame));
        Assert.Equal(OpenStatus.Ok, opener.TryOpen(frame, out MessageType type, out Span<byte> content));
        Assert.Equal(MessageType.Data, type);
        Assert.True(content.IsEmpty);
    }

    [Theory]
    [InlineData((1UL << 21) - 1, 256, SecureTunnelAlert.None)]
    [InlineData(1UL << 21, 256, SecureTunnelAlert.RecordOverflow)]
    [InlineData(0, 256, SecureTunnelAlert.None)]
    [InlineData(0, 257, SecureTunnelAlert.RecordOverflow)]
    public void Receiver_AtTheEdgeOfItsKeyAndOfMaxRecord_SaysRecordOverflowBeyond(ulong sequence, int inner, SecureTunnelAlert alert) // [ST-504] [ST-508]
    {
        byte[] secret = new byte[32];
        var opener = new RecordOpener(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, secret, 256) { Sequence = sequence };
        using var sealer = new TrafficKey(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, secret) { Sequence = sequence };
        using var session = new TunnelSession(new RecordSealer(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, secret), opener, secret, SystemCrypto.Instance, 256);
        byte[] frame = new byte[2 + inner + 16];
        Frame.WriteHeader(frame, inner + 16);
        frame[2] = (byte)MessageType.Data;
        sealer.Seal(frame.AsSpan(0, 2), frame.AsSpan(2, inner), frame.AsSpan(2 + inner));
        Assert.Equal(alert == SecureTunnelAlert.None ? SessionEvent.Data : SessionEvent.Failed, session.OnFrame(frame, 0, out _));
        Assert.Equal(alert, session.Failure.Alert);
    }

    [Fact]
    public void Message_OfItsSmallestShape_IsReadAndOneByteLessIsTruncated() // [ST-301]
    {
        Assert.Equal(WireStatus.Truncated, ServerAuth.TryRead([0x11, 0], out _));
        Assert.Equal(WireStatus.Flags, ServerAuth.TryRead([0x11, 1], out _));
        Assert.Equal(WireStatus.Truncated, ServerAuth.TryRead([0x11], out _));
        Assert.Equal(WireStatus.Method, ClientAuth.TryRead([0x12, 4, 0], out _));
        Assert.Equal(WireStatus.Truncated, ClientAuth.TryRead([0x12, 4], out _));
    }

    [Fact]
    public void Message_WrittenIntoExactlyItsLength_Fits() // [ST-301]
    {
        byte[] buffer = new byte[2048];
        var client = new ClientHello { Suite = SecureTunnelSuite.RsaOaepAes128Gcm, MaxRecord = 256, Random = new byte[32], Mode = HandshakeMode.Resume, Ticket = new byte[1], Binder = new byte[32] };
        Assert.True(client.TryWrite(buffer.AsSpan(0, client.EncodedLength), out int written));
        Assert.Equal(WireStatus.Ok, ClientHello.TryRead(buffer.AsSpan(0, written), out _)); // a ticket of one byte, max_record 256 [ST-306] [ST-303]
        var server = new ServerHello { Suite = SecureTunnelSuite.RsaOaepAes128Gcm, MaxRecord = 256, Random = new byte[32], Mode = HandshakeMode.Resume };
        Assert.True(server.TryWrite(buffer.AsSpan(0, server.EncodedLength), out written));
        Assert.Equal(WireStatus.Ok, ServerHello.TryRead(buffer.AsSpan(0, written), out _));
        var accept = new Accept { TicketLifetime = 1, TicketNonce = new byte[8], Ticket = new byte[256] };
        Assert.True(accept.TryWrite(buffer.AsSpan(0, accept.EncodedLength), out written));
        Assert.Equal(WireStatus.Ok, Accept.TryRead(buffer.AsSpan(0, written), out _));
    }

    [Fact]
    public void Ticket_StateOfTheShortestAndTheLongestIdentity_IsReadAndNothingBeyond() // [ST-104]
    {
        foreach (int length in new[] { 0, 1, 64, 65 })
        {
            var state = new TicketState { Suite = SecureTunnelSuite.RsaOaepAes128Gcm, ResumptionPsk = new byte[32], CredentialTag = new byte[8], DeviceId = new byte[length] };
            byte[] plain = new byte[state.EncodedLength];
            state.Write(plain);
            Assert.Equal(length is 1 or 64, TicketState.TryRead(plain, out TicketState read));
            Assert.Equal(length is 1 or 64 ? length : 0, read.DeviceId.Length);
        }
    }

    [Fact]
    public void Ring_OpensTheLongestStateAndNoLongerOne() // [ST-801]
    {
        using var ring = new SecureTunnelTicketRing(new byte[32]);
        byte[] ticket = new byte[256];
        var state = new TicketState { ResumptionPsk = new byte[32], CredentialTag = new byte[8], DeviceId = new byte[64] };
        int length = ring.Seal(state, new byte[16], 0, ticket);
        Assert.Equal(24 + state.EncodedLength + 16, length);
        Assert.Equal(state.EncodedLength, ring.Open(ticket.AsSpan(0, length), 0, new byte[state.EncodedLength]));
        Assert.Equal(0, ring.Open(ticket.AsSpan(0, length), 0, new byte[state.EncodedLength - 1]));
        Assert.Equal(0, ring.Open(ticket.AsSpan(0, 40), 0, new byte[100]));
        Assert.Equal(0, ring.Open(ticket.AsSpan(0, 10), 0, new byte[100]));
    }

    [Fact]
    public void Slot_TakesATicketOf256BytesAndNoEmptyOne() // [ST-306]
    {
        byte[] exported = new byte[68 + 256];
        exported[0] = 1;
        exported[1] = (byte)SecureTunnelSuite.RsaOaepAes128Gcm;
        exported[66] = 1;
        Assert.True(new SecureTunnelTicketSlot().TryImport(exported));
        byte[] none = exported[..68];
        none[66] = 0;
        Assert.False(new SecureTunnelTicketSlot().TryImport(none));
        byte[] longer = [.. exported, 0];
        longer[67] = 1;
        Assert.False(new SecureTunnelTicketSlot().TryImport(longer));
    }

    [Fact]
    public void Identity_AtItsLimits_IsTakenShownAndToldApart() // [ST-104]
    {
        var longest = new SecureTunnelDeviceId(new byte[64]);
        Assert.Equal(64, longest.Span.Length);
        Assert.Equal("!~", new SecureTunnelDeviceId("!~").ToString());
        Assert.Equal("0x20", new SecureTunnelDeviceId(" ").ToString());
        Assert.Equal("0x7f", new SecureTunnelDeviceId([0x7F]).ToString());
        var seen = Enumerable.Range(0, 64).Select(i => new SecureTunnelDeviceId([(byte)i]).GetHashCode()).ToHashSet();
        Assert.True(seen.Count > 32, "Identities share their hash codes.");
        Assert.Equal(new SecureTunnelDeviceId("a").GetHashCode(), new SecureTunnelDeviceId([0x61]).GetHashCode());
    }

    [Fact]
    public void PinSet_OfFour_IsTaken() // [ST-106]
    {
        SecureTunnelPin[] four = [.. Enumerable.Range(0, 4).Select(_ =>
        {
            using RSA key = RSA.Create(2048);
            return SecureTunnelPin.FromSpki(key.ExportSubjectPublicKeyInfo(), SecureTunnelKeyUsage.Encryption);
        })];
        Assert.Equal(4, new SecureTunnelPinSet(four).Count);
    }

    [Fact]
    public void Frame_TheMostThatAPeerMayWait_DependsOnTheState() // [ST-203]
    {
        using var machines = new Machines();
        Assert.Equal(1024, machines.Server.MaxBody);
        byte[] hello = machines.Begin();
        Assert.Equal(128, machines.Client.MaxBody);
        byte[][] answer = machines.ToServer(hello);
        Assert.Equal(1024, machines.Server.MaxBody);
        machines.ToClient(answer[0]);
        Assert.Equal(1024, machines.Client.MaxBody);
    }

    [Theory]
    [InlineData(false, SecureTunnelAlert.RecordOverflow)]
    [InlineData(true, SecureTunnelAlert.Malformed)]
    public void Device_GivenAFrameThatIsNone_SaysWhich(bool empty, SecureTunnelAlert alert) // [ST-201] [ST-202]
    {
        using var machines = new Machines();
        machines.Begin();
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        Assert.Equal(HandshakeStep.Failed, machines.Client.OnBadFrame(empty ? FrameStatus.Empty : FrameStatus.TooLong, output));
        Assert.Equal([0, 2, 0x0F, (byte)alert], output.WrittenSpan.ToArray());
        Assert.Equal(SecureTunnelReason.Framing, machines.Client.Failure.Reason);
    }

    [Fact]
    public void Machine_UsedOutOfItsOrder_SaysSo() // [ST-901] [ST-902]
    {
        using var machines = new Machines();
        machines.Begin();
        Assert.Contains("WaitServerHello", Assert.Throws<InvalidOperationException>(machines.Begin).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Chain_NearItsEnd_GivesATicketThatEndsWithIt() // [ST-803]
    {
        const long Start = 1_790_000_000;
        const long Week = 7 * 24 * 3600;
        using var ring = new SecureTunnelTicketRing(new byte[32]) { Lifetime = TimeSpan.FromDays(7) };
        using var slot = new SecureTunnelTicketSlot();
        SecureTunnelClientOptions client = TestKeys.ClientOptions(tickets: slot);
        using var first = new Machines(client, TestKeys.ServerOptions(tickets: ring), unixSeconds: Start);
        first.Run();
        Assert.Equal(Start + Week, Expires(ring, slot));
        using var last = new Machines(client, TestKeys.ServerOptions(tickets: ring), unixSeconds: Start + Week - 10);
        last.Run();
        Assert.True(last.Client.Resumed);
        Assert.Equal(Start + Week, Expires(ring, slot));
    }

    [Fact]
    public void Device_ResumingWithATicketOfItsOtherPin_KnowsWhoseItIs() // [ST-807]
    {
        using var ring = new SecureTunnelTicketRing(new byte[32]);
        using var slot = new SecureTunnelTicketSlot();
        using (var first = new Machines(TestKeys.ClientOptions(tickets: slot), TestKeys.ServerOptions(tickets: ring)))
        {
            first.Run();
        }

        var options = new SecureTunnelClientOptions
        {
            Pins = new SecureTunnelPinSet(TestKeys.Foreign.ToPin(), TestKeys.Encryption.ToPin()),
            DeviceId = TestKeys.DeviceId,
            Credential = SecureTunnelCredential.FromPsk(TestKeys.Psk),
            Tickets = slot,
            ApplicationContext = "test"u8.ToArray(),
        };
        using var second = new Machines(options, TestKeys.ServerOptions(tickets: ring));
        second.Run();
        Assert.True(second.Client.Resumed);
        Assert.Equal(TestKeys.Encryption.KeyHash, second.Client.ServerKeyHash);
    }

    [Fact]
    public void Peer_InALog_IsTheDeviceOrTheBeginningOfTheServersKey()
    {
        Assert.Equal("sensor-17", new SecureTunnelPeer(new SecureTunnelDeviceId("sensor-17"), default).ToString());
        string server = new SecureTunnelPeer(default, TestKeys.Encryption.KeyHash).ToString();
        Assert.StartsWith("server", server, StringComparison.Ordinal);
        Assert.EndsWith(Convert.ToHexStringLower(TestKeys.Encryption.KeyHash[..8]), server, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SecureTunnelReason.ServerNotAuthenticated, false, "pinned key")]
    [InlineData(SecureTunnelReason.UnknownKey, false, "server key that is not here")]
    [InlineData(SecureTunnelReason.WrongCredential, false, "credential")]
    [InlineData(SecureTunnelReason.Timeout, false, "Timeout (alert Busy)")]
    [InlineData(SecureTunnelReason.AlertFromPeer, true, "refused the handshake: Busy")]
    public void Exception_SaysWhyInItsText(SecureTunnelReason reason, bool fromPeer, string text) =>
        Assert.Contains(text, new SecureTunnelHandshakeException(reason, SecureTunnelAlert.Busy, fromPeer).Message, StringComparison.Ordinal);

    [Fact]
    public void Statistics_CountRecordsOfBothDirections()
    {
        (TunnelSession device, TunnelSession gateway) = Machines.Connect();
        byte[] frame = new byte[128];
        int length = device.SealData([1], frame);
        Assert.Equal(SessionEvent.Data, gateway.OnFrame(frame.AsSpan(0, length), 0, out _));
        length = device.SealPaddedData([1], 5, frame);
        Assert.Equal(SessionEvent.Data, gateway.OnFrame(frame.AsSpan(0, length), 0, out _));
        Assert.Equal((2, 2), (device.RecordsSealed, gateway.RecordsOpened));
        device.Dispose();
        gateway.Dispose();
    }

    [Fact]
    public void Secret_ErasedWhileItIsCopied_GivesNothing() // [ST-403]
    {
        var secret = new Secret([1, 2, 3, 4]);
        secret.Dispose();
        byte[] copy = [9, 9, 9, 9];
        Assert.Throws<ObjectDisposedException>(() => secret.CopyTo(copy));
        Assert.Equal(new byte[4], copy);
        Assert.Throws<ObjectDisposedException>(() => secret.Span.Length);
    }

    [Fact]
    public void Credential_OfAnUnsuitableRsaKey_IsRefused() // [ST-102]
    {
        Assert.Throws<ArgumentNullException>(() => SecureTunnelCredential.FromRsa(null!));
        using RSA small = RSA.Create(1024);
        Assert.Throws<CryptographicException>(() => SecureTunnelCredential.FromRsa(small));
        Assert.Throws<CryptographicException>(() => SecureTunnelDevice.FromSpki(small.ExportSubjectPublicKeyInfo()));
    }

    private static long Expires(SecureTunnelTicketRing ring, SecureTunnelTicketSlot slot)
    {
        byte[] plain = new byte[TicketState.MaxLength];
        int length = ring.Open(slot.Export().AsSpan(68), 1_790_000_000, plain);
        Assert.True(TicketState.TryRead(plain.AsSpan(0, length), out TicketState state));
        return state.Expires;
    }
}

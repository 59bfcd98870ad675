using System.Buffers;
using System.IO.Pipelines;
using Flint.SecureTunnel.Tests.Support;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Sections 5, 6.8 and 9: records of an established session, hostile ones first.</summary>
public sealed class Section09_RecordTests
{
    private const SecureTunnelSuite Gcm = SecureTunnelSuite.RsaOaepAes128Gcm;

    [Fact]
    public void Record_Replayed_EndsTheTunnel() // [ST-501] [ST-502]
    {
        var (device, gateway) = Machines.Connect();
        byte[] frame = Data(device, "once"u8);
        Assert.Equal(SessionEvent.Data, gateway.OnFrame((byte[])frame.Clone(), 0, out _));
        Fails(gateway, frame, SecureTunnelReason.RecordNotOpened, SecureTunnelAlert.RecordFailed);
    }

    [Fact]
    public void Sealer_ThatRested_GoesOnCounting() // [ST-501]
    {
        using var resting = new RecordSealer(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, new byte[32]);
        using var busy = new RecordSealer(SystemCrypto.Instance, SecureTunnelSuite.RsaOaepAes128Gcm, new byte[32]);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(Seal(busy, MessageType.Data, [1]), Seal(resting, MessageType.Data, [1])); // the same nonce for the same number
            resting.Rest();
        }

        Assert.Equal(3UL, resting.Sequence);
    }

    [Fact]
    public void Record_OutOfOrder_EndsTheTunnel() // [ST-501] [ST-502]
    {
        var (device, gateway) = Machines.Connect();
        _ = Data(device, "first"u8);
        Fails(gateway, Data(device, "second"u8), SecureTunnelReason.RecordNotOpened, SecureTunnelAlert.RecordFailed);
    }

    [Fact]
    public void Record_ReflectedToItsSender_EndsTheTunnel() // [ST-402]
    {
        var (device, _) = Machines.Connect();
        Fails(device, Data(device, "mine"u8), SecureTunnelReason.RecordNotOpened, SecureTunnelAlert.RecordFailed);
    }

    [Fact]
    public void Record_FromAnotherSession_EndsTheTunnel() // [ST-402]
    {
        var (_, gateway) = Machines.Connect();
        var (other, _) = Machines.Connect();
        Fails(gateway, Data(other, "elsewhere"u8), SecureTunnelReason.RecordNotOpened, SecureTunnelAlert.RecordFailed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    public void Record_TooShortForATypeAndATag_DoesNotOpen(int body) // [ST-209]
    {
        var (_, gateway) = Machines.Connect();
        byte[] frame = new byte[2 + body];
        Frame.WriteHeader(frame, body);
        Fails(gateway, frame, SecureTunnelReason.RecordNotOpened, SecureTunnelAlert.RecordFailed);
    }

    [Fact]
    public void Record_BeyondMaxRecord_IsAnOverflow() // [ST-508]
    {
        var (sealer, opener) = Pair(maxRecord: 256);
        byte[] frame = new byte[300 + RecordSealer.Overhead];
        sealer.Seal(MessageType.Data, new byte[256], frame);
        Assert.Equal(OpenStatus.Overflow, opener.TryOpen(frame.AsSpan(0, 256 + RecordSealer.Overhead), out _, out _));
        sealer.Sequence = 0;
        int length = sealer.Seal(MessageType.Data, new byte[255], frame);
        Assert.Equal(OpenStatus.Ok, opener.TryOpen(frame.AsSpan(0, length), out _, out _));
    }

    [Fact]
    public void Session_TellsItsWriterThePeersMaxRecord() // [ST-318] [ST-508]
    {
        var (device, gateway) = Machines.Connect(clientMaxRecord: 256, serverMaxRecord: 4096);
        Assert.Equal(4095, device.MaxContent);
        Assert.Equal(255, gateway.MaxContent);
        Assert.Equal(256 + 16, device.MaxBody);
    }

    [Theory]
    [InlineData(0x05)]
    [InlineData(0x11)]
    [InlineData(0x12)]
    [InlineData(0x13)]
    [InlineData(0x18)]
    [InlineData(0x7F)]
    public void Record_OfATypeThatTheStateDoesNotAllow_IsUnexpected(byte type) // [ST-205] [ST-903]
    {
        var (sealer, opener) = Pair();
        Fails(Session(sealer, opener), Seal(sealer, (MessageType)type, new byte[40]), SecureTunnelReason.UnexpectedMessage, SecureTunnelAlert.UnexpectedMessage);
    }

    [Theory]
    [InlineData(0x14)]
    [InlineData(0x15)]
    [InlineData(0x16)]
    public void Record_PaddedThoughNotData_IsMalformed(byte type) // [ST-208]
    {
        var (sealer, opener) = Pair();
        Fails(Session(sealer, opener), Inner(sealer, [(byte)(type | 0x80), 0, 0, 0]), SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed);
    }

    [Theory]
    [InlineData(new byte[] { 0x97 })]
    [InlineData(new byte[] { 0x97, 0 })]
    [InlineData(new byte[] { 0x97, 0, 1 })]
    [InlineData(new byte[] { 0x97, 0, 2, 7, 1 })]
    [InlineData(new byte[] { 0x97, 0, 1, 7, 1 })]
    [InlineData(new byte[] { 0x97, 0xFF, 0xFF, 0 })]
    public void Padding_ThatDoesNotFitOrIsNotZero_IsMalformed(byte[] inner) // [ST-207]
    {
        var (sealer, opener) = Pair();
        Fails(Session(sealer, opener), Inner(sealer, inner), SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed);
    }

    [Theory]
    [InlineData(0x14, new byte[0])]
    [InlineData(0x14, new byte[] { 2 })]
    [InlineData(0x14, new byte[] { 0, 0 })]
    [InlineData(0x15, new byte[0])]
    [InlineData(0x15, new byte[] { 0, 0 })]
    [InlineData(0x16, new byte[0])]
    [InlineData(0x16, new byte[] { 1, 1 })]
    public void ControlMessage_OfAnotherShape_IsMalformed(byte type, byte[] content) // [ST-319] [ST-320] [ST-321]
    {
        var (sealer, opener) = Pair();
        Fails(Session(sealer, opener), Seal(sealer, (MessageType)type, content), SecureTunnelReason.MalformedMessage, SecureTunnelAlert.Malformed);
    }

    [Theory]
    [InlineData(0x17)]
    [InlineData(0x14)]
    [InlineData(0x15)]
    public void Record_BehindClose_IsUnexpected(byte type) // [ST-511]
    {
        var (sealer, opener) = Pair();
        TunnelSession session = Session(sealer, opener);
        Assert.Equal(SessionEvent.Closed, session.OnFrame(Seal(sealer, MessageType.Close, [0]), 0, out _));
        Assert.Equal(SessionState.ReadClosed, session.State);
        Fails(session, Seal(sealer, (MessageType)type, [0]), SecureTunnelReason.UnexpectedMessage, SecureTunnelAlert.UnexpectedMessage);
    }

    [Fact]
    public void Alert_FromThePeer_EndsBothDirectionsAndIsNotAnswered() // [ST-321]
    {
        var (sealer, opener) = Pair();
        TunnelSession session = Session(sealer, opener);
        Assert.Equal(SessionEvent.Failed, session.OnFrame(Seal(sealer, MessageType.Alert, [11]), 0, out _));
        Assert.Equal(new HandshakeFailure(SecureTunnelReason.AlertFromPeer, SecureTunnelAlert.Internal, FromPeer: true), session.Failure);
        byte[] frame = new byte[64];
        Assert.Equal(0, session.SealAlert(frame));
        Assert.Equal(0, session.SealData([1], frame));
        Assert.Equal(0, session.SealClose(frame));
    }

    [Fact]
    public void EndOfStream_WithoutClose_IsTruncation() // [ST-509]
    {
        var (device, gateway) = Machines.Connect();
        Assert.False(device.OnEndOfStream());
        Assert.Equal(SecureTunnelReason.Truncated, device.Failure.Reason);
        byte[] close = new byte[64];
        int length = device.SealClose(close);
        Assert.Equal(0, length);
        Assert.Equal(SessionState.Open, gateway.State);
    }

    [Fact]
    public void EndOfStream_BehindClose_IsTheEnd() // [ST-509]
    {
        var (device, gateway) = Machines.Connect();
        byte[] frame = new byte[64];
        int length = device.SealClose(frame);
        Assert.Equal(SessionEvent.Closed, gateway.OnFrame(frame.AsSpan(0, length), 0, out _));
        Assert.True(gateway.OnEndOfStream());
    }

    [Fact]
    public void KeyUpdates_MoreThanEightInAMinute_AreAFlood() // [ST-506]
    {
        var (device, gateway) = Machines.Connect();
        for (int i = 0; i < 8; i++)
        {
            Assert.Equal(SessionEvent.KeyUpdated, gateway.OnFrame(KeyUpdate(device), now: i, out _));
        }

        Fails(gateway, KeyUpdate(device), SecureTunnelReason.Flood, SecureTunnelAlert.UnexpectedMessage, now: 59_999);
    }

    [Fact]
    public void KeyUpdates_EightAMinute_AreNoFlood() // [ST-506] [ST-319]
    {
        var (device, gateway) = Machines.Connect();
        for (int i = 0; i < 40; i++)
        {
            Assert.Equal(SessionEvent.KeyUpdated, gateway.OnFrame(KeyUpdate(device), now: i / 8 * 60_000L, out _));
            Assert.Equal(SessionEvent.Data, gateway.OnFrame(Data(device, "x"u8), now: 0, out _));
        }
    }

    [Fact]
    public void EmptyRecords_ThirtyTwoInARow_AreAFlood() // [ST-507]
    {
        var (device, gateway) = Machines.Connect();
        for (int i = 0; i < 31; i++)
        {
            Assert.Equal(SessionEvent.Data, gateway.OnFrame(Data(device, default), 0, out _));
        }

        Assert.Equal(SessionEvent.Data, gateway.OnFrame(Data(device, "x"u8), 0, out _));
        for (int i = 0; i < 31; i++)
        {
            Assert.Equal(SessionEvent.Data, gateway.OnFrame(Data(device, default), 0, out _));
        }

        Fails(gateway, Data(device, default), SecureTunnelReason.Flood, SecureTunnelAlert.UnexpectedMessage);
    }

    [Fact]
    public void Sender_AtTheLimitOfItsKey_MustUpdateFirst() // [ST-503]
    {
        var (sealer, opener) = Pair();
        sealer.Sequence = (1UL << 20) - 2;
        opener.Sequence = sealer.Sequence;
        TunnelSession session = Session(sealer, opener);
        byte[] frame = new byte[64];
        Assert.False(session.NeedsKeyUpdate(0));
        Assert.NotEqual(0, session.SealData([1], frame));
        Assert.True(session.NeedsKeyUpdate(0));
        Assert.NotEqual(0, session.SealKeyUpdate(request: false, now: 0, frame));
        Assert.Equal(0UL, sealer.Sequence);
        Assert.False(session.NeedsKeyUpdate(0));

        sealer.Sequence = 1UL << 20;
        Assert.Throws<InvalidOperationException>(() => sealer.Seal(MessageType.Data, [1], frame));
    }

    [Fact]
    public void Sender_WithAKeyOfAnHour_Updates() // [ST-505]
    {
        var (device, _) = Machines.Connect();
        Assert.False(device.NeedsKeyUpdate(1_000));
        Assert.False(device.NeedsKeyUpdate(3_600_999));
        Assert.True(device.NeedsKeyUpdate(3_601_000));
    }

    /// <summary>What a connection writes: the KeyUpdate goes ahead of the record that the key, or the hour, does not allow any more.</summary>
    [Theory]
    [InlineData((1UL << 20) - 2, 0, true)]
    [InlineData((1UL << 20) - 3, 0, false)]
    [InlineData(0, 3_600_000, true)]
    [InlineData(0, 3_599_999, false)]
    public void Writer_AtTheLimitOfItsKey_UpdatesItBeforeItsData(ulong sequence, int pause, bool updates) // [ST-503] [ST-505]
    {
        var (sealer, opener) = Pair();
        sealer.Sequence = sequence;
        opener.Sequence = sequence;
        using TunnelSession session = Session(sealer, opener);
        var pipe = new Pipe();
        var time = new ManualTime();
        var records = new RecordWriter(new TransportWriter(pipe.Writer), session, 0, time);
        records.WriteData([1]);
        time.Advance(TimeSpan.FromMilliseconds(pause));
        records.WriteData([2]);
        pipe.Writer.Complete();
        Assert.True(pipe.Reader.TryRead(out ReadResult result));
        ReadOnlySequence<byte> rest = result.Buffer;
        List<SessionEvent> events = [];
        while (Frame.TryRead(rest, session.MaxBody, out int length) == FrameStatus.Ok)
        {
            events.Add(session.OnFrame(rest.Slice(0, length).ToArray(), 0, out _));
            rest = rest.Slice(length);
        }

        Assert.Equal(updates ? [SessionEvent.Data, SessionEvent.KeyUpdated, SessionEvent.Data] : [SessionEvent.Data, SessionEvent.Data], events);
        Assert.Equal(updates ? 1UL : sequence + 2, sealer.Sequence);
    }

    [Fact]
    public void Receiver_AtTheLimitOfTheKey_EndsTheTunnel() // [ST-504]
    {
        var (sealer, opener) = Pair();
        byte[] frame = Seal(sealer, MessageType.Data, [1]);
        opener.Sequence = 1UL << 21;
        Assert.Equal(OpenStatus.KeyExhausted, opener.TryOpen(frame, out _, out _));
    }

    [Fact]
    public void Padding_OfAnyLength_IsInvisibleToTheReader() // [ST-207]
    {
        var (sealer, opener) = Pair();
        byte[] frame = new byte[1024];
        foreach (int padding in new[] { 0, 1, 15, 255, 256, 900 })
        {
            int length = sealer.SealPadded("abc"u8, padding, frame);
            Assert.Equal(3 + 2 + padding + RecordSealer.Overhead, length);
            Assert.Equal(OpenStatus.Ok, opener.TryOpen(frame.AsSpan(0, length), out MessageType type, out Span<byte> content));
            Assert.Equal(MessageType.Data, type);
            Assert.Equal("abc"u8.ToArray(), content.ToArray());
        }
    }

    [Fact]
    public void Records_InSteadyState_AllocateNothing()
    {
        var (sealer, opener) = Pair();
        byte[] content = new byte[1000];
        byte[] frame = new byte[1000 + RecordSealer.Overhead];
        Exchange(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exchange(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Exchange(int count)
        {
            for (int i = 0; i < count; i++)
            {
                sealer.Seal(MessageType.Data, content, frame);
                opener.TryOpen(frame, out _, out _);
            }
        }
    }

    private static (RecordSealer Sealer, RecordOpener Opener) Pair(int maxRecord = 1024)
    {
        byte[] secret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        return (new RecordSealer(SystemCrypto.Instance, Gcm, secret), new RecordOpener(SystemCrypto.Instance, Gcm, secret, maxRecord));
    }

    private static TunnelSession Session(RecordSealer sealer, RecordOpener opener) => new(sealer, opener, new byte[32], SystemCrypto.Instance, 1024);

    private static byte[] Seal(RecordSealer sealer, MessageType type, byte[] content)
    {
        byte[] frame = new byte[content.Length + RecordSealer.Overhead];
        sealer.Seal(type, content, frame);
        return frame;
    }

    private static byte[] Inner(RecordSealer sealer, byte[] inner)
    {
        byte[] frame = new byte[2 + inner.Length + 16];
        inner.CopyTo(frame, 2);
        sealer.SealInPlace(frame, inner.Length);
        return frame;
    }

    private static byte[] Data(TunnelSession session, ReadOnlySpan<byte> content)
    {
        byte[] frame = new byte[content.Length + RecordSealer.Overhead];
        session.SealData(content, frame);
        return frame;
    }

    private static byte[] KeyUpdate(TunnelSession session)
    {
        byte[] frame = new byte[1 + RecordSealer.Overhead];
        session.SealKeyUpdate(request: false, now: 0, frame);
        return frame;
    }

    private static void Fails(TunnelSession session, byte[] frame, SecureTunnelReason reason, SecureTunnelAlert alert, long now = 0)
    {
        Assert.Equal(SessionEvent.Failed, session.OnFrame(frame, now, out ReadOnlySpan<byte> content));
        Assert.True(content.IsEmpty);
        Assert.Equal(new HandshakeFailure(reason, alert, FromPeer: false), session.Failure);
        Assert.Equal(SessionState.Dead, session.State);
        Assert.Equal(20, session.SealAlert(new byte[64]));
    }
}

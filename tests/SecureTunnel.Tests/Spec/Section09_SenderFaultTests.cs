using System.Buffers;
using System.IO.Pipelines;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>The sending side at its worst moments: a tunnel that dies between two records of a slice, a transport that fails as no pipe should, a peer that does not take the last word, and what is left in the shared arrays.</summary>
public sealed class Section09_SenderFaultTests
{
    private static readonly TimeSpan Patience = Eventually.Limit;

    /// <summary>What was sealed has spent its sequence numbers: without it the peer could not open the alert.</summary>
    [Fact]
    public void Tunnel_ThatDiesBetweenTwoRecordsOfASlice_SendsWhatIsSealedBeforeItsAlert() // [ST-501] [ST-502]
    {
        (TunnelSession device, TunnelSession gateway) = Machines.Connect(clientMaxRecord: 256);
        var pipe = new Pipe();
        var time = new Countdown(2, () => gateway.OnBadFrame(FrameStatus.Empty));
        var records = new RecordWriter(new TransportWriter(pipe.Writer), gateway, 0, time);
        Assert.Throws<SecureTunnelException>(() => records.WriteData(new byte[1000]));
        records.WriteAlert();
        pipe.Writer.Complete();
        Assert.True(pipe.Reader.TryRead(out ReadResult result));
        List<SessionEvent> events = [];
        ReadOnlySequence<byte> rest = result.Buffer;
        while (Frame.TryRead(rest, device.MaxBody, out int length) == FrameStatus.Ok)
        {
            events.Add(device.OnFrame(rest.Slice(0, length).ToArray(), 0, out _));
            rest = rest.Slice(length);
        }

        Assert.Equal([SessionEvent.Data, SessionEvent.Failed], events);
        Assert.Equal(SecureTunnelReason.AlertFromPeer, device.Failure.Reason);
        Assert.Equal(SecureTunnelAlert.Malformed, device.Failure.Alert);
        device.Dispose();
        gateway.Dispose();
    }

    /// <summary>A server that waited for ever here would keep a connection for each peer that sends garbage and reads nothing.</summary>
    [Fact]
    public async Task Dispose_WithAnAlertThatThePeerDoesNotTake_Ends() // [ST-502]
    {
        var time = new WarpedTime();
        var pair = new PipePair();
        var stream = new StallingStream(pair.Server);
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(SecureTunnelTransport.FromStream(stream), TestKeys.ServerOptions(time: time)).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions());
        SecureTunnelConnection gateway = await accepting;
        stream.IsStalled = true;
        time.Speed = 100;
        await pair.Client.Output.WriteAsync(new byte[] { 0, 0 });
        await Assert.ThrowsAsync<SecureTunnelException>(async () => await gateway.Input.ReadAsync().AsTask().WaitAsync(Patience));
        await gateway.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.True(stream.IsDisposed);
        await device.DisposeAsync();
    }

    /// <summary>A WebSocket's exception, say, is neither an IOException nor one of an invalid operation.</summary>
    [Fact]
    public async Task Transport_ThatFailsWithAnExceptionOfItsOwn_HindersNeitherTheReportNorTheEnd()
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        held.Failure = new TimeoutException("No pong.");
        Assert.Equal("No pong.", (await Assert.ThrowsAsync<TimeoutException>(async () => await gateway.Output.WriteAsync(new byte[1]))).Message);
        await held.Pair.Client.Output.WriteAsync(new byte[] { 0, 0 });
        Assert.Equal(SecureTunnelReason.Framing, (await Assert.ThrowsAsync<SecureTunnelException>(async () => await gateway.Input.ReadAsync())).Reason);
        await gateway.DisposeAsync().AsTask().WaitAsync(Patience);
        await Assert.ThrowsAsync<TimeoutException>(async () => await held.Pair.Client.Input.ReadAsync()); // the transport was completed, with the reason
        await device.DisposeAsync();
    }

    /// <summary>On the thread pool, where a stream of messages is sent, this exception would end the process.</summary>
    [Fact]
    public async Task Transport_ThatCannotCancelItsRead_IsReportedLikeAnyOther()
    {
        var broken = new Uncancellable();
        (TunnelSession device, TunnelSession gateway) = Machines.Connect();
        var sender = new TunnelSender(broken, new RecordWriter(new TransportWriter(broken.Room.Writer), gateway, 0, TimeProvider.System), gateway, 65536, TimeProvider.System);
        var written = new PooledBuffer();
        Assert.Equal("The peer is gone.", (await Assert.ThrowsAsync<IOException>(async () => await sender.SendAsync(written, new byte[1], default))).Message);
        Assert.NotNull(sender.Failure);
        await sender.LeaveTransportAsync();
        device.Dispose();
        gateway.Dispose();
    }

    [Fact]
    public async Task Message_LongerThanTheRoomThatIsLeft_IsNotOvertakenForEver()
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect(TestKeys.ServerOptions(sendBuffer: 1000));
        held.IsHeld = true;
        await gateway.Output.WriteAsync(Filled(500, 1));
        Task<FlushResult> longOne = gateway.Output.WriteAsync(Filled(900, 2)).AsTask();
        Task<FlushResult> shortOne = gateway.Output.WriteAsync(Filled(100, 3)).AsTask(); // there is room for this one, but not before the other
        Assert.False(longOne.IsCompleted);
        Assert.False(shortOne.IsCompleted);
        held.IsHeld = false;
        held.Release(1);
        await Task.WhenAll(longOne, shortOne).WaitAsync(Patience);
        byte[] all = [.. Filled(500, 1), .. Filled(900, 2), .. Filled(100, 3)];
        Assert.Equal(all, await TunnelPair.ReadExactly(device.Input, 1500));
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Messages_ThatWaitForRoom_LeaveInTheOrderInWhichTheyWereWritten()
    {
        const int Count = 100;
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect(TestKeys.ServerOptions(sendBuffer: 0));
        held.IsHeld = true;
        using var stop = new CancellationTokenSource();
        Task<FlushResult> first = gateway.Output.WriteAsync(new byte[] { 0 }).AsTask();
        Task<FlushResult> given = gateway.Output.WriteAsync(new byte[] { 255 }, stop.Token).AsTask();
        Task<FlushResult>[] writes = [first, .. Enumerable.Range(1, Count - 1).Select(i => gateway.Output.WriteAsync(new[] { (byte)i }).AsTask())];
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given); // its place goes to the next one
        held.IsHeld = false;
        held.Release(1);
        await Task.WhenAll(writes).WaitAsync(Patience);
        Assert.Equal(Enumerable.Range(0, Count).Select(i => (byte)i), await TunnelPair.ReadExactly(device.Input, Count));
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    /// <summary>What was written into the room and never announced is as secret as what was: a formatter that runs out of room leaves half a value there.</summary>
    [Fact]
    public void Buffer_FilledAndNotAnnounced_LeavesNothingInTheSharedArrays() // [ST-403]
    {
        var buffer = new PooledBuffer();
        Memory<byte> small = buffer.GetMemory(700);
        small.Span.Fill(0xAA);
        buffer.Advance(10);
        Memory<byte> larger = buffer.GetMemory(5000);
        Assert.False(small.Span.ContainsAnyExcept((byte)0));
        larger.Span.Fill(0xAA);
        var taker = new PooledBuffer();
        taker.Take(buffer);
        taker.Release();
        Assert.False(larger.Span.ContainsAnyExcept((byte)0));
        Memory<byte> unused = buffer.GetMemory(100);
        unused.Span.Fill(0xAA);
        buffer.Release();
        Assert.False(unused.Span.ContainsAnyExcept((byte)0));
    }

    /// <summary>One task asks for room, and another one sends a message before anything was announced: the room stays the first one's.</summary>
    [Fact]
    public async Task Room_GivenBeforeAMessageOfAnotherTask_IsNotTakenAway()
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        Memory<byte> room = gateway.Output.GetMemory(3);
        "one"u8.CopyTo(room.Span);
        await gateway.Output.WriteAsync("two"u8.ToArray());
        gateway.Output.Advance(3);
        await gateway.Output.FlushAsync();
        Assert.Equal("twoone"u8.ToArray(), await TunnelPair.ReadExactly(device.Input, 6));
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public void Buffer_TakenWithRoomAndNoBytes_GivesItsArrayBack()
    {
        var source = new PooledBuffer();
        source.GetMemory(100);
        var taker = new PooledBuffer();
        taker.Take(source);
        Assert.Equal(0, source.Capacity);
        Assert.Equal(0, taker.Capacity);
    }

    [Fact]
    public void Slice_PaddedToBlocksLongerThanARecord_TakesNoMoreRoomThanItsRecordsCanFill()
    {
        const int MaxRecord = 256;
        (TunnelSession device, TunnelSession gateway) = Machines.Connect(clientMaxRecord: MaxRecord);
        var room = new MeasuredRoom();
        var records = new RecordWriter(new TransportWriter(room), gateway, 4096, TimeProvider.System);
        records.WriteData(new byte[records.MaxSlice]);
        int count = records.MaxSlice / (MaxRecord - 3);
        Assert.InRange(room.Asked, count * (MaxRecord + RecordSealer.Overhead - 1), count * 2 * (MaxRecord + RecordSealer.Overhead));
        device.Dispose();
        gateway.Dispose();
    }

    [Fact]
    public void Slice_OfOneRecord_TakesTheRoomOfThatAndOfAKeyUpdate()
    {
        (TunnelSession device, TunnelSession gateway) = Machines.Connect(clientMaxRecord: 256);
        var room = new MeasuredRoom();
        var records = new RecordWriter(new TransportWriter(room), gateway, 0, TimeProvider.System);
        records.WriteData(new byte[255]);
        Assert.Equal(255 + RecordSealer.Overhead + 1 + RecordSealer.Overhead, room.Asked);
        device.Dispose();
        gateway.Dispose();
    }

    private static byte[] Filled(int length, byte value)
    {
        byte[] bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    /// <summary>A clock that does something when it is asked for the n-th time.</summary>
    private sealed class Countdown(int asked, Action then) : TimeProvider
    {
        private int _left = asked;

        public override long GetTimestamp()
        {
            if (--_left == 0)
            {
                then();
            }

            return 0;
        }
    }

    private sealed class MeasuredRoom : PipeWriter
    {
        public int Asked { get; private set; }

        public override void Advance(int bytes)
        {
        }

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;

        public override Memory<byte> GetMemory(int sizeHint = 0)
        {
            Asked = sizeHint;
            return new byte[sizeHint];
        }

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }

    /// <summary>A transport that fails, and whose reader throws when a read is to be cancelled.</summary>
    private sealed class Uncancellable : PipeWriter, IDuplexPipe
    {
        public Pipe Room { get; } = new();

        public PipeReader Input { get; } = new Reader();

        public PipeWriter Output => this;

        public override void Advance(int bytes) => Room.Writer.Advance(bytes);

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => throw new IOException("The peer is gone.");

        public override Memory<byte> GetMemory(int sizeHint = 0) => Room.Writer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => Room.Writer.GetSpan(sizeHint);

        private sealed class Reader : PipeReader
        {
            public override void AdvanceTo(SequencePosition consumed)
            {
            }

            public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
            {
            }

            public override void CancelPendingRead() => throw new ObjectDisposedException("The reader.");

            public override void Complete(Exception? exception = null)
            {
            }

            public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => default;

            public override bool TryRead(out ReadResult result)
            {
                result = default;
                return false;
            }
        }
    }
}

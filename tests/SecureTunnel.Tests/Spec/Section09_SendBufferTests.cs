using System.Buffers;
using System.IO.Pipelines;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>What is flushed and not sent yet: how much of it there may be, and what becomes of it when the peer does not read, the transport fails, a caller gives up, or the tunnel ends.</summary>
public sealed class Section09_SendBufferTests
{
    private const int Room = 65536;
    private static readonly TimeSpan Patience = Eventually.Limit;

    [Fact]
    public async Task Peer_ThatNeverReads_HoldsTheWriterBackAtTheSendBuffer()
    {
        var held = new HeldTransport { IsHeld = false };
        var (device, gateway) = await held.Connect();
        held.IsHeld = true;
        Task<FlushResult> waiting = await FillAsync(gateway);
        Assert.False(waiting.IsCompleted);
        Task<FlushResult> flush = gateway.Output.FlushAsync().AsTask();
        Assert.True(flush.IsCompletedSuccessfully); // of nothing, and no more is unsent than may be
        Assert.Equal(1, held.Flushes);
        held.IsHeld = false;
        held.Release(1);
        Assert.False((await waiting.WaitAsync(Patience)).IsCanceled);
        Assert.Equal(Room + 1024, (await TunnelPair.ReadExactly(device.Input, Room + 1024)).Length);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Message_LongerThanTheSendBuffer_GoesAloneAndHoldsItsWriter()
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect(TestKeys.ServerOptions(sendBuffer: 1000));
        held.IsHeld = true;
        Task<FlushResult> longOne = gateway.Output.WriteAsync(new byte[1001]).AsTask();
        Task<FlushResult> next = gateway.Output.WriteAsync(new byte[1]).AsTask();
        Assert.False(longOne.IsCompleted);
        Assert.False(next.IsCompleted);
        held.IsHeld = false;
        held.Release(1);
        await longOne.WaitAsync(Patience);
        await next.WaitAsync(Patience);
        Assert.Equal(1002, (await TunnelPair.ReadExactly(device.Input, 1002)).Length);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task SendBuffer_OfNothing_EndsAWriteWhenTheTransportHasItAll()
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect(TestKeys.ServerOptions(sendBuffer: 0));
        await held.Call(() => gateway.Output.WriteAsync(new byte[] { 0 }));
        await held.Call(() => gateway.Output.WriteAsync(new byte[] { 0 }));
        Assert.Equal(2, held.FlushesByCaller); // nothing could gather: no need for the pool
        await held.Arrival();
        await held.Arrival();
        held.IsHeld = true;
        Task<FlushResult> first = gateway.Output.WriteAsync(new byte[] { 1 }).AsTask();
        Task<FlushResult> second = gateway.Output.WriteAsync(new byte[] { 2 }).AsTask();
        Assert.False(first.IsCompleted);
        held.Release(1);
        await first.WaitAsync(Patience);
        await held.Arrival();
        await held.Arrival();
        Assert.False(second.IsCompleted);
        held.Release(1);
        await second.WaitAsync(Patience);
        held.IsHeld = false;
        Assert.Equal([0, 0, 1, 2], await TunnelPair.ReadExactly(device.Input, 4));
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Messages_CancelledWhileTheyWaitForRoom_LeaveNothingAndGrowNothing()
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        held.IsHeld = true;
        using var stop = new CancellationTokenSource();
        Task<FlushResult> waiting = await FillAsync(gateway, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        for (int i = 0; i < 100; i++)
        {
            using var brief = new CancellationTokenSource();
            Task<FlushResult> write = gateway.Output.WriteAsync(new byte[1024], brief.Token).AsTask();
            await brief.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write);
        }

        held.IsHeld = false;
        held.Release(1);
        Assert.Equal(Room, (await TunnelPair.ReadExactly(device.Input, Room)).Length);
        await gateway.Output.WriteAsync("and on"u8.ToArray());
        Assert.Equal("and on"u8.ToArray(), await TunnelPair.ReadExactly(device.Input, 6));
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Flush_CancelledWhileItWaitsForRoom_IsSentWholeAllTheSame()
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        held.IsHeld = true;
        byte[] all = Enumerable.Range(0, 100_000).Select(i => (byte)(i % 253)).ToArray();
        gateway.Output.Write(all);
        using var stop = new CancellationTokenSource();
        Task<FlushResult> flush = gateway.Output.FlushAsync(stop.Token).AsTask();
        Assert.False(flush.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => flush);
        Assert.Equal(0, gateway.Output.UnflushedBytes);
        held.IsHeld = false;
        held.Release(1);
        Assert.Equal(all, await TunnelPair.ReadExactly(device.Input, all.Length));
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task CancelPendingFlush_EndsOneWaitAndItsBytesAreSent()
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        held.IsHeld = true;
        Task<FlushResult> waiting = await FillAsync(gateway);
        gateway.Output.CancelPendingFlush();
        Assert.True((await waiting.WaitAsync(Patience)).IsCanceled);
        held.IsHeld = false;
        held.Release(1);
        Assert.Equal(Room + 1024, (await TunnelPair.ReadExactly(device.Input, Room + 1024)).Length);
        gateway.Output.CancelPendingFlush(); // nobody waits: the next one's
        Assert.True((await gateway.Output.WriteAsync(new byte[1])).IsCanceled);
        Assert.False((await gateway.Output.WriteAsync(new byte[1])).IsCanceled);
        Assert.Equal(2, (await TunnelPair.ReadExactly(device.Input, 2)).Length);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task TransportsFlush_CancelledByItsOwner_IsMadeAgain()
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        held.IsHeld = true;
        Task update = gateway.UpdateKeyAsync().AsTask();
        await held.Arrival();
        held.CancelPendingFlush();
        await held.Arrival();
        Assert.False(update.IsCompleted);
        await gateway.Output.WriteAsync("whole"u8.ToArray());
        held.CancelPendingFlush();
        await held.Arrival();
        held.IsHeld = false;
        held.Release(1);
        await update.WaitAsync(Patience);
        Assert.Equal("whole"u8.ToArray(), await TunnelPair.ReadExactly(device.Input, 5));
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    /// <summary>A write into a stream that is cut off in the middle of a record would end the tunnel: no caller's token gets there.</summary>
    [Fact]
    public async Task Token_SignalledWhileTheStreamWrites_LeavesNoRecordHalfSent()
    {
        var pair = new PipePair();
        using var stream = new ReluctantStream(pair.Server);
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(SecureTunnelTransport.FromStream(stream), TestKeys.ServerOptions()).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions());
        SecureTunnelConnection gateway = await accepting;
        using var stop = new CancellationTokenSource();
        stream.Halt();
        Task<FlushResult> write = gateway.Output.WriteAsync("first"u8.ToArray(), stop.Token).AsTask();
        Task update = gateway.UpdateKeyAsync(cancellationToken: stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => update);
        await write;
        stream.GoOn();
        await gateway.Output.WriteAsync("second"u8.ToArray());
        Assert.Equal("firstsecond"u8.ToArray(), await TunnelPair.ReadExactly(device.Input, 11).WaitAsync(Patience));
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Transport_ThatFailsInTheBackground_IsReportedToWritersAndToTheReader() // [ST-509]
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        Task<ReadResult> reading = gateway.Input.ReadAsync().AsTask();
        held.IsHeld = true;
        Task<FlushResult> waiting = await FillAsync(gateway);
        Task update = gateway.UpdateKeyAsync().AsTask();
        held.Failure = new IOException("The peer is gone.");
        held.Release(1);
        foreach (Task task in new[] { reading, waiting, update })
        {
            Assert.Equal("The peer is gone.", (await Assert.ThrowsAsync<IOException>(() => task.WaitAsync(Patience))).Message);
        }

        await Assert.ThrowsAsync<IOException>(async () => await gateway.Output.WriteAsync(new byte[1]));
        await Assert.ThrowsAsync<IOException>(async () => await gateway.Output.FlushAsync());
        await Assert.ThrowsAsync<IOException>(async () => await gateway.UpdateKeyAsync());
        await Assert.ThrowsAsync<IOException>(async () => await gateway.Input.ReadAsync().AsTask().WaitAsync(Patience));
        Assert.Equal(1, held.Flushes); // a transport that has failed is left alone
        await Assert.ThrowsAsync<IOException>(async () => await gateway.Output.CompleteAsync());
        await gateway.DisposeAsync().AsTask().WaitAsync(Patience);
        await device.DisposeAsync();
    }

    [Fact]
    public async Task Transport_ThatFails_LeavesWhatWasReceivedToBeRead()
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        await device.Output.WriteAsync("goodbye"u8.ToArray());
        held.Failure = new IOException("The peer is gone.");
        await Assert.ThrowsAsync<IOException>(async () => await gateway.Output.WriteAsync(new byte[1]));
        Assert.Equal("goodbye"u8.ToArray(), await TunnelPair.ReadExactly(gateway.Input, 7).WaitAsync(Patience));
        await Assert.ThrowsAsync<IOException>(async () => await gateway.Input.ReadAsync().AsTask().WaitAsync(Patience));
        await device.Output.WriteAsync("again"u8.ToArray());
        Assert.Equal("again"u8.ToArray(), await TunnelPair.ReadExactly(gateway.Input, 5).WaitAsync(Patience));
        await device.Output.CompleteAsync();
        Assert.True((await gateway.Input.ReadAsync()).IsCompleted);
        await gateway.DisposeAsync();
        await device.DisposeAsync();
    }

    [Fact]
    public async Task Transport_WithoutRoom_SpendsNoSequenceNumberAndFailsTheWriter() // [ST-501]
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        held.HasNoRoom = true;
        Assert.Equal("No room.", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await gateway.Output.WriteAsync(new byte[5000]))).Message);
        Assert.Equal(0, gateway.Statistics.RecordsSent);
        held.HasNoRoom = false;
        Assert.Equal("No room.", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await gateway.Output.FlushAsync())).Message); // nothing is sealed twice
        Assert.Equal(0, gateway.Statistics.RecordsSent);
        await gateway.DisposeAsync();
        await device.DisposeAsync();
    }

    [Fact]
    public async Task Dispose_WithBytesPending_SendsThemBeforeItsClose() // [ST-511]
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect(TestKeys.ServerOptions(time: new PatientTime()));
        held.IsHeld = true;
        for (byte i = 0; i < 50; i++)
        {
            await gateway.Output.WriteAsync(new[] { i });
        }

        gateway.Output.Write(new byte[] { 50 }); // and never flushed
        Task ending = gateway.DisposeAsync().AsTask();
        Assert.False(ending.IsCompleted);
        held.IsHeld = false;
        held.Release(1);
        await ending.WaitAsync(Patience);
        Assert.Equal(Enumerable.Range(0, 51).Select(i => (byte)i), await TunnelPair.ReadExactly(device.Input, 51));
        Assert.True((await device.Input.ReadAsync()).IsCompleted);
        await device.DisposeAsync();
    }

    /// <summary>The peer takes nothing; one message is with the transport, others wait behind it, and the tunnel is disposed.</summary>
    [Fact]
    public async Task Dispose_WhileMessagesWaitBehindOneThatThePeerDoesNotTake_EndsEveryWait()
    {
        var held = new HeldTransport();
        var time = new WarpedTime { Speed = 1 };
        var (device, gateway) = await held.Connect(TestKeys.ServerOptions(sendBuffer: 0, time: time));
        held.IsHeld = true;
        time.Speed = 100;
        Task<FlushResult>[] writes = [.. Enumerable.Range(0, 40).Select(_ => gateway.Output.WriteAsync(new byte[8]).AsTask())];
        Task update = gateway.UpdateKeyAsync().AsTask();
        await gateway.DisposeAsync().AsTask().WaitAsync(Patience);
        Task all = Task.WhenAll([.. writes, update]);
        await Record.ExceptionAsync(() => all.WaitAsync(Patience));
        Assert.All([writes[0], update], task => Assert.IsType<ObjectDisposedException>(task.Exception?.InnerException)); // queued, and lost
        Assert.All(writes[1..], task => Assert.Equal("This direction of the tunnel is closed.", task.Exception?.InnerException?.Message)); // never taken
        Assert.Equal(1, held.Flushes); // the first message's: nobody tries a transport that was given up
        await device.DisposeAsync();
    }

    [Fact]
    public async Task Complete_WithAnError_DropsWhatWaitsAndTellsWhoWaits() // [ST-509]
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        held.IsHeld = true;
        Task<FlushResult> waiting = await FillAsync(gateway);
        gateway.Output.Complete(new IOException("the sensor is gone"));
        Assert.Equal("This direction of the tunnel is closed.", (await Assert.ThrowsAsync<InvalidOperationException>(() => waiting.WaitAsync(Patience))).Message);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await gateway.Output.WriteAsync(new byte[1]));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await gateway.UpdateKeyAsync());
        held.IsHeld = false;
        held.Release(1);
        await gateway.DisposeAsync();
        Assert.Equal(1024, (await TunnelPair.ReadExactly(device.Input, 1024)).Length); // what the transport had
        await Assert.ThrowsAsync<SecureTunnelTruncatedException>(async () => await device.Input.ReadAsync());
        await device.DisposeAsync();
    }

    [Fact]
    public async Task Complete_WhileAMessageWaitsForRoom_RefusesItAndSendsWhatWasTaken() // [ST-511]
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        held.IsHeld = true;
        Task<FlushResult> waiting = await FillAsync(gateway);
        Task completing = gateway.Output.CompleteAsync().AsTask();
        Task again = gateway.Output.CompleteAsync().AsTask();
        Assert.False(completing.IsCompleted);
        held.IsHeld = false;
        held.Release(1);
        await Assert.ThrowsAsync<InvalidOperationException>(() => waiting.WaitAsync(Patience));
        Assert.Equal(Room, (await TunnelPair.ReadExactly(device.Input, Room)).Length);
        Assert.True((await device.Input.ReadAsync()).IsCompleted);
        await Task.WhenAll(completing, again).WaitAsync(Patience);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task KeyUpdate_WhileASendIsUnderWay_LeavesBeforeWhatWaits() // [ST-319]
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        held.IsHeld = true;
        await gateway.Output.WriteAsync("one"u8.ToArray());
        await gateway.Output.WriteAsync("two"u8.ToArray());
        Task[] updates = [gateway.UpdateKeyAsync(requestPeer: true).AsTask(), gateway.UpdateKeyAsync().AsTask()];
        Assert.All(updates, update => Assert.False(update.IsCompleted));
        Assert.Equal(1, gateway.Statistics.RecordsSent);
        held.IsHeld = false;
        held.Release(1);
        await Task.WhenAll(updates).WaitAsync(Patience);
        Assert.Equal(3, gateway.Statistics.RecordsSent); // one, the KeyUpdate that both asked for, two
        Assert.Equal("onetwo"u8.ToArray(), await TunnelPair.ReadExactly(device.Input, 6));
        await device.Output.WriteAsync("mine"u8.ToArray());
        Assert.Equal(2, device.Statistics.RecordsSent); // its own KeyUpdate, as was asked
        Assert.Equal("mine"u8.ToArray(), await TunnelPair.ReadExactly(gateway.Input, 4));
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Alert_OfATunnelThatFailsWhileItSends_LeavesBehindWhatIsBeingSent() // [ST-502]
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect(TestKeys.ServerOptions(time: new PatientTime()));
        held.IsHeld = true;
        await gateway.Output.WriteAsync("one"u8.ToArray());
        await gateway.Output.WriteAsync("two"u8.ToArray());
        await held.Pair.Client.Output.WriteAsync(new byte[] { 0, 0 });
        Task<ReadResult> failing = gateway.Input.ReadAsync().AsTask();
        held.IsHeld = false;
        held.Release(1);
        await Assert.ThrowsAsync<SecureTunnelException>(() => failing.WaitAsync(Patience));
        Assert.Equal("one"u8.ToArray(), await TunnelPair.ReadExactly(device.Input, 3));
        Assert.Equal(SecureTunnelAlert.Malformed, (await Assert.ThrowsAsync<SecureTunnelException>(async () => await device.Input.ReadAsync().AsTask().WaitAsync(Patience))).Alert);
        SecureTunnelException lost = await Assert.ThrowsAsync<SecureTunnelException>(async () => await gateway.Output.FlushAsync());
        Assert.Equal(SecureTunnelReason.Framing, lost.Reason);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    /// <summary>Messages of 1 KiB until one has to wait, which must be the one that does not fit the send buffer.</summary>
    private static async Task<Task<FlushResult>> FillAsync(SecureTunnelConnection gateway, CancellationToken cancellationToken = default)
    {
        for (int i = 0; i < Room / 1024; i++)
        {
            ValueTask<FlushResult> write = gateway.Output.WriteAsync(new byte[1024], cancellationToken);
            Assert.True(write.IsCompletedSuccessfully);
            await write;
        }

        return gateway.Output.WriteAsync(new byte[1024], cancellationToken).AsTask();
    }

    /// <summary>A stream that stops before a write until it is told to go on, and obeys the write's token meanwhile, as a socket does.</summary>
    private sealed class ReluctantStream(IDuplexPipe pipe) : TransportStream
    {
        private readonly Stream _input = pipe.Input.AsStream();
        private readonly Stream _output = pipe.Output.AsStream();
        private TaskCompletionSource? _halt;

        public void Halt() => _halt = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void GoOn() => Interlocked.Exchange(ref _halt, null)!.SetResult();

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => _input.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int half = buffer.Length / 2;
            await _output.WriteAsync(buffer[..half], CancellationToken.None);
            await _output.FlushAsync(CancellationToken.None);
            if (_halt is { } halt)
            {
                await halt.Task.WaitAsync(cancellationToken);
            }

            await _output.WriteAsync(buffer[half..], CancellationToken.None);
            await _output.FlushAsync(CancellationToken.None);
        }

        protected override void Dispose(bool disposing)
        {
            _input.Dispose();
            _output.Dispose();
            base.Dispose(disposing);
        }
    }
}

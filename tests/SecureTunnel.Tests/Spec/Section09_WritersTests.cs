using System.Buffers;
using System.IO.Pipelines;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Section 9, ST-510: several tasks that write messages at a time. Each message stays whole, nobody is told that his is sent before it is, and what waits leaves together.</summary>
public sealed class Section09_WritersTests
{
    private const int Many = 40;

    [Fact]
    public async Task Messages_WrittenWhileOneIsUnderWay_LeaveTogetherInOneRecord() // [ST-510]
    {
        var held = new HeldTransport();
        var (device, gateway) = await Connect(held);
        held.IsHeld = true;
        long before = gateway.Statistics.RecordsSent;
        Task<FlushResult>[] writes = [.. Enumerable.Range(0, Many).Select(i => gateway.Output.WriteAsync(Message(i)).AsTask())];
        Assert.All(writes, write => Assert.False(write.IsCompleted)); // nothing is sent that the transport has not taken
        Assert.Equal(1, gateway.Statistics.RecordsSent - before);
        held.Release(1);
        await writes[0];
        Assert.All(writes[1..], write => Assert.False(write.IsCompleted));
        held.IsHeld = false;
        held.Release(1);
        Assert.All(await Task.WhenAll(writes), result => Assert.False(result.IsCanceled));
        Assert.Equal(2, gateway.Statistics.RecordsSent - before);
        Assert.Equal(2, held.Flushes);
        byte[] all = await TunnelPair.ReadExactly(device.Input, Many * 8);
        Assert.Equal(Enumerable.Range(0, Many).SelectMany(Message), all);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Messages_OfManyTasks_ArriveWholeAndEachTasksInOrder() // [ST-510]
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        const int Tasks = 8;
        Task[] writers = [.. Enumerable.Range(0, Tasks).Select(task => Task.Run(async () =>
        {
            for (int i = 0; i < Many; i++)
            {
                await gateway.Output.WriteAsync(Message((task * Many) + i));
            }
        }))];
        byte[] all = await TunnelPair.ReadExactly(device.Input, Tasks * Many * 8);
        await Task.WhenAll(writers);
        int[] numbers = [.. all.Chunk(8).Select(Number)];
        Assert.Equal(Enumerable.Range(0, Tasks * Many), numbers.Order());
        Assert.All(numbers.GroupBy(number => number / Many), task => Assert.Equal(task.Order(), task));
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Message_ThatTheTransportDoesNotTake_FailsForEveryoneWhoWaitsForIt() // [ST-510]
    {
        var held = new HeldTransport();
        var (device, gateway) = await Connect(held);
        held.IsHeld = true;
        Task<FlushResult>[] writes = [.. Enumerable.Range(0, 3).Select(i => gateway.Output.WriteAsync(Message(i)).AsTask())];
        held.Failure = new IOException("The peer is gone.");
        held.Release(3);
        foreach (Task<FlushResult> write in writes)
        {
            await Assert.ThrowsAsync<IOException>(() => write);
        }

        held.IsHeld = false;
        await gateway.DisposeAsync();
        await device.DisposeAsync();
    }

    [Fact]
    public async Task Message_DroppedByCompletingWithAnError_IsNotReportedAsSent() // [ST-509]
    {
        var held = new HeldTransport();
        var (device, gateway) = await Connect(held);
        held.IsHeld = true;
        Task<FlushResult> first = gateway.Output.WriteAsync(Message(1)).AsTask();
        Task<FlushResult> second = gateway.Output.WriteAsync(Message(2)).AsTask();
        gateway.Output.Complete(new IOException("the sensor is gone"));
        held.IsHeld = false;
        held.Release(1);
        await first;
        Assert.Equal("This direction of the tunnel is closed.", (await Assert.ThrowsAsync<InvalidOperationException>(() => second)).Message);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await gateway.Output.WriteAsync(Message(3)));
        await gateway.DisposeAsync();
        await device.DisposeAsync();
    }

    [Fact]
    public async Task Message_CancelledBeforeItIsWritten_LeavesNothingBehind()
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await gateway.Output.WriteAsync(Message(1), stop.Token));
        Assert.Equal(0, gateway.Output.UnflushedBytes);
        await gateway.Output.WriteAsync(Message(2));
        Assert.Equal(Message(2), await TunnelPair.ReadExactly(device.Input, 8));
        await gateway.DisposeAsync();
        await device.DisposeAsync();
    }

    [Fact]
    public async Task Flush_ThatIsCancelled_IsMadeUpForByTheNextOne()
    {
        var held = new HeldTransport();
        var (device, gateway) = await Connect(held);
        held.IsHeld = true;
        gateway.Output.Write(Message(1));
        Task<FlushResult> flush = gateway.Output.FlushAsync().AsTask();
        gateway.Output.CancelPendingFlush();
        Assert.True((await flush).IsCanceled);
        held.IsHeld = false;
        Assert.False((await gateway.Output.FlushAsync()).IsCanceled);
        Assert.Equal(Message(1), await TunnelPair.ReadExactly(device.Input, 8));
        int flushes = held.Flushes;
        await gateway.Output.FlushAsync();
        Assert.Equal(flushes, held.Flushes); // nothing new: the transport is left alone
        await gateway.DisposeAsync();
        await device.DisposeAsync();
    }

    /// <summary>The peer takes nothing; one message is with the transport, others wait behind it, and the tunnel is disposed.</summary>
    [Fact]
    public async Task Dispose_WhileMessagesWaitBehindOneThatThePeerDoesNotTake_EndsEveryWrite()
    {
        var held = new HeldTransport();
        var time = new WarpedTime { Speed = 1 };
        var (device, gateway) = await Connect(held, time);
        held.IsHeld = true;
        time.Speed = 100;
        Task<FlushResult>[] writes = [.. Enumerable.Range(0, Many).Select(i => gateway.Output.WriteAsync(Message(i)).AsTask())];
        Task update = gateway.UpdateKeyAsync().AsTask();
        await gateway.DisposeAsync().AsTask().WaitAsync(Eventually.Limit);
        Task all = Task.WhenAll([.. writes, update]);
        await Record.ExceptionAsync(() => all.WaitAsync(Eventually.Limit));
        Assert.Equal(Many + 1, writes.Append(update).Count(task => task.IsCompleted));
        Assert.True((await writes[0]).IsCanceled);
        Assert.All(writes[1..], write => Assert.IsType<ObjectDisposedException>(write.Exception?.InnerException));
        Assert.Equal(1, held.Flushes); // the first message's: nobody tries a transport that was given up
        await device.DisposeAsync();
    }

    [Fact]
    public async Task Messages_ThatLeaveTogether_AllLearnThatThePeerReadsNoMore()
    {
        var held = new HeldTransport();
        var (device, gateway) = await Connect(held);
        held.IsHeld = true;
        Task<FlushResult>[] writes = [.. Enumerable.Range(0, 3).Select(i => gateway.Output.WriteAsync(Message(i)).AsTask())];
        await device.DisposeAsync();
        held.IsHeld = false;
        held.Release(1);
        Assert.All(await Task.WhenAll(writes), result => Assert.True(result.IsCompleted));
        await gateway.DisposeAsync();
    }

    private static byte[] Message(int number) => BitConverter.GetBytes((long)number);

    private static int Number(byte[] message) => (int)BitConverter.ToInt64(message);

    private static async Task<(SecureTunnelConnection Device, SecureTunnelConnection Gateway)> Connect(HeldTransport held, TimeProvider? time = null)
    {
        var pair = new PipePair();
        held.Inner = pair.Server;
        SecureTunnelServerOptions options = time is null
            ? TestKeys.ServerOptions()
            : new SecureTunnelServerOptions { Keys = [TestKeys.Encryption], Devices = TestKeys.Store(), ApplicationContext = "test"u8.ToArray(), TimeProvider = time };
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(held, options).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions());
        SecureTunnelConnection gateway = await accepting;
        held.Flushes = 0;
        return (device, gateway);
    }

    /// <summary>A transport whose flushes wait until the test lets them go.</summary>
    private sealed class HeldTransport : PipeWriter, IDuplexPipe
    {
        private readonly SemaphoreSlim _go = new(0);
        private CancellationTokenSource _cancel = new();

        public IDuplexPipe Inner { get; set; } = null!;

        public bool IsHeld { get; set; }

        public Exception? Failure { get; set; }

        public int Flushes { get; set; }

        public PipeReader Input => Inner.Input;

        public PipeWriter Output => this;

        public void Release(int flushes) => _go.Release(flushes);

        public override void Advance(int bytes) => Inner.Output.Advance(bytes);

        public override void CancelPendingFlush() => Interlocked.Exchange(ref _cancel, new CancellationTokenSource()).Cancel();

        public override void Complete(Exception? exception = null) => Inner.Output.Complete(exception);

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            Flushes++;
            if (IsHeld)
            {
                using var stop = CancellationTokenSource.CreateLinkedTokenSource(_cancel.Token, cancellationToken);
                try
                {
                    await _go.WaitAsync(stop.Token);
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    return new FlushResult(isCanceled: true, isCompleted: false);
                }
            }

            return Failure is null ? await Inner.Output.FlushAsync(cancellationToken) : throw Failure;
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => Inner.Output.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => Inner.Output.GetSpan(sizeHint);
    }
}

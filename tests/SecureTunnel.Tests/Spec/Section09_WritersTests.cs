using System.IO.Pipelines;
using Flint.SecureTunnel.Tests.Support;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Section 9, ST-510: messages of several tasks, and of one that does not wait for answers. Each stays whole, what waits leaves together, and what answers the peer leaves at once.</summary>
public sealed class Section09_WritersTests
{
    private const int Many = 40;

    [Fact]
    public async Task Messages_WrittenWhileOneIsUnderWay_LeaveTogetherInOneRecord() // [ST-510]
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        held.IsHeld = true;
        long before = gateway.Statistics.RecordsSent;
        for (int i = 0; i < Many; i++)
        {
            Assert.True(IsDone(gateway.Output.WriteAsync(Message(i)))); // there is room
        }

        Assert.Equal(1, gateway.Statistics.RecordsSent - before);
        held.IsHeld = false;
        held.Release(1);
        byte[] all = await TunnelPair.ReadExactly(device.Input, Many * 8);
        Assert.Equal(Enumerable.Range(0, Many).SelectMany(Message), all);
        Assert.Equal(2, gateway.Statistics.RecordsSent - before);
        Assert.Equal(2, held.Flushes);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Messages_OfManyTasks_ArriveWholeAndEachTasksInOrder() // [ST-510]
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions(sendBuffer: 32));
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
    public async Task Answer_LeavesOnTheThreadThatGivesIt()
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        for (int i = 1; i <= Many; i++)
        {
            await device.Output.WriteAsync(Message(i));
            await TunnelPair.ReadExactly(gateway.Input, 8);
            Assert.True(IsDone(held.Call(() => gateway.Output.WriteAsync(Message(i)))));
            Assert.Equal(i, held.FlushesByCaller);
            Assert.Equal(Message(i), await TunnelPair.ReadExactly(device.Input, 8));
        }

        Assert.Equal(Many, held.Flushes);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Messages_BehindEachOther_AreSentByThePoolAndGather() // [ST-510]
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        await gateway.Output.WriteAsync(Message(0)); // the first one may be an answer
        await held.Arrival();
        held.IsHeld = true;
        for (int i = 1; i < Many; i++)
        {
            Assert.True(IsDone(held.Call(() => gateway.Output.WriteAsync(Message(i)))));
        }

        await held.Arrival();
        held.IsHeld = false;
        held.Release(1);
        Assert.Equal(Enumerable.Range(0, Many).SelectMany(Message), await TunnelPair.ReadExactly(device.Input, Many * 8));
        Assert.Equal(0, held.FlushesByCaller);
        Assert.InRange(held.Flushes, 2, 3); // the pool may take none, some or all of the rest with its first
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    /// <summary>A stream too slow to gather: the pool is asked ever more rarely, and the flushes between send by themselves.</summary>
    [Fact]
    public async Task Messages_ThatNothingGathersWith_LeaveOnTheirOwnThread()
    {
        var held = new HeldTransport();
        (TunnelSession device, TunnelSession gateway) = Machines.Connect();
        var sender = new TunnelSender(held, new RecordWriter(new TransportWriter(held), gateway, 0, TimeProvider.System), gateway, 65536, new PatientTime());
        var written = new PooledBuffer();
        List<int> byPool = [];
        for (int i = 0; i < 150; i++)
        {
            int before = held.FlushesByCaller;
            await held.Call(() => sender.SendAsync(written, Message(i), default));
            await sender.LeaveTransportAsync();
            byPool.AddRange(held.FlushesByCaller == before ? [i] : []);
        }

        Assert.Equal([1, 4, 9, 18, 35, 68, 133], byPool); // after 2, 4, 8, 16, 32, 64 and 64 flushes
        device.Dispose();
        gateway.Dispose();
    }

    [Fact]
    public async Task Messages_SentInTheirCallersThread_AllocateNothing()
    {
        var sink = new Sink();
        (TunnelSession device, TunnelSession gateway) = Machines.Connect();
        var sender = new TunnelSender(sink, new RecordWriter(new TransportWriter(sink), gateway, 0, TimeProvider.System), gateway, 65536, TimeProvider.System);
        var written = new PooledBuffer();
        byte[] message = new byte[1000];
        Send(100);
        long least = long.MaxValue;
        for (int i = 0; i < 5 && least > 0; i++) // a collection may take arrays away from the shared pool meanwhile
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Send(1000);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
        device.Dispose();
        gateway.Dispose();
        await sink.Reader.CompleteAsync();

        void Send(int count)
        {
            for (int i = 0; i < count; i++)
            {
                sender.OnReceived();
                Assert.True(IsDone(sender.SendAsync(written, message, default)));
            }
        }
    }

    [Fact]
    public async Task Message_CancelledBeforeItIsWritten_LeavesNothingBehind()
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await gateway.Output.WriteAsync(Message(1), stop.Token));
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await gateway.UpdateKeyAsync(cancellationToken: stop.Token));
        Assert.Equal(0, gateway.Output.UnflushedBytes);
        await gateway.Output.WriteAsync(Message(2));
        Assert.Equal(1, gateway.Statistics.RecordsSent);
        Assert.Equal(Message(2), await TunnelPair.ReadExactly(device.Input, 8));
        await gateway.DisposeAsync();
        await device.DisposeAsync();
    }

    [Fact]
    public async Task Messages_ToAPeerThatReadsNoMore_LearnIt()
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect(TestKeys.ServerOptions(sendBuffer: 0));
        held.IsHeld = true;
        Task<FlushResult>[] writes = [.. Enumerable.Range(0, 3).Select(i => gateway.Output.WriteAsync(Message(i)).AsTask())];
        await device.DisposeAsync();
        held.IsHeld = false;
        held.Release(1);
        Assert.All(await Task.WhenAll(writes), result => Assert.True(result.IsCompleted));
        await gateway.DisposeAsync();
    }

    private static bool IsDone(ValueTask<FlushResult> sending) => sending.IsCompletedSuccessfully;

    private static byte[] Message(int number) => BitConverter.GetBytes((long)number);

    private static int Number(byte[] message) => (int)BitConverter.ToInt64(message);

    /// <summary>A transport that takes everything at once and keeps nothing.</summary>
    private sealed class Sink : PipeWriter, IDuplexPipe
    {
        private readonly byte[] _room = new byte[4096];
        private readonly Pipe _nothing = new();

        public int Flushes { get; private set; }

        public PipeReader Reader => _nothing.Reader;

        public PipeReader Input => _nothing.Reader;

        public PipeWriter Output => this;

        public override void Advance(int bytes)
        {
        }

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            Flushes++;
            return default;
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => _room;

        public override Span<byte> GetSpan(int sizeHint = 0) => _room;
    }
}

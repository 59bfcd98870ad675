using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Section 5, ST-204: whose the buffers of a stream are, and who may cancel a read. Each test stays on its thread, so that the pool gives back what came in last.</summary>
public sealed class Section11_StreamBufferTests
{
    [Fact]
    public void Buffer_OfBytesThatAreConsumed_GoesBackToThePool()
    {
        byte[] small = LastReturned(2048);
        var input = new StreamInput(new ChunkStream(new byte[10]));
        ReadResult result = Read(input);
        Assert.Same(small, ArrayOf(result));
        Assert.NotSame(small, LastReturned(2048)); // it is in use
        input.AdvanceTo(result.Buffer.End);
        Assert.Same(small, LastReturned(2048));
    }

    [Fact]
    public void Buffer_ThatIsOutgrown_GoesBackToThePool()
    {
        byte[] small = LastReturned(2048);
        var input = new StreamInput(new ChunkStream(new byte[2048], new byte[10]));
        ReadResult result = Read(input);
        Assert.Same(small, ArrayOf(result));
        input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        result = Read(input);
        Assert.Equal(2058, result.Buffer.Length);
        Assert.NotSame(small, ArrayOf(result));
        Assert.Same(small, LastReturned(2048));
    }

    [Fact]
    public void Buffer_WithRoom_IsFilledFurther()
    {
        var input = new StreamInput(new ChunkStream([1], [2], [3]));
        ReadResult result = Read(input);
        byte[] first = ArrayOf(result);
        input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        result = Read(input);
        Assert.Same(first, ArrayOf(result));
        Assert.Equal([1, 2], result.Buffer.ToArray());
        input.AdvanceTo(result.Buffer.GetPosition(1), result.Buffer.End);
        result = Read(input);
        Assert.Same(first, ArrayOf(result));
        Assert.Equal([2, 3], result.Buffer.ToArray());
    }

    [Fact]
    public void Buffer_OfAStreamThatHasEnded_GoesBackToThePool()
    {
        byte[] small = LastReturned(2048);
        ReadResult result = Read(new StreamInput(new ChunkStream { EndsAtTheEnd = true }));
        Assert.True(result.IsCompleted && result.Buffer.IsEmpty);
        Assert.Same(small, LastReturned(2048));
    }

    [Fact]
    public void Buffer_OfAReaderThatIsCompleted_GoesBackToThePoolUnlessTheStreamMayStillWriteIntoIt()
    {
        byte[] small = LastReturned(2048);
        var input = new StreamInput(new ChunkStream(new byte[10]));
        Read(input);
        input.Complete();
        Assert.Same(small, LastReturned(2048));

        input = new StreamInput(new ChunkStream(new byte[10]));
        ReadResult result = Read(input);
        Assert.Same(small, ArrayOf(result));
        input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        ValueTask<ReadResult> reading = input.ReadAsync();
        Assert.False(reading.IsCompleted);
        input.Complete();
        Assert.NotSame(small, LastReturned(2048));
    }

    [Theory]
    [InlineData(new[] { 2048, 2048, 1 }, new[] { 2048, 16384, 2048 })] // as much as the small one holds: the small one again
    [InlineData(new[] { 2048, 2049, 1 }, new[] { 2048, 16384, 16384 })]
    [InlineData(new[] { 2047, 1 }, new[] { 2048, 2048 })]
    public void Size_OfTheNextRead_FollowsWhatTheLastOneBrought(int[] chunks, int[] sizes)
    {
        var stream = new ChunkStream([.. chunks.Select(length => new byte[length])]);
        var input = new StreamInput(stream);
        foreach (int size in sizes)
        {
            ReadResult result = Read(input);
            Assert.Equal(size, stream.LastRead);
            input.AdvanceTo(result.Buffer.End);
        }
    }

    [Fact]
    public void Size_AfterAReadThatFillsTheRestOfTheBuffer_IsTheLargeOne()
    {
        var stream = new ChunkStream(new byte[48], new byte[2000], new byte[1]);
        var input = new StreamInput(stream);
        ReadResult result = Read(input);
        input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        result = Read(input);
        input.AdvanceTo(result.Buffer.End);
        Read(input);
        Assert.Equal(16384, stream.LastRead);
    }

    [Fact]
    public void Read_WithATokenThatIsCancelled_TouchesNothing()
    {
        var stream = new ChunkStream([1]);
        var input = new StreamInput(stream);
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => input.ReadAsync(stop.Token).AsTask().GetAwaiter().GetResult());
        Assert.Equal(0, stream.Reads);
        Assert.Equal([1], Read(input).Buffer.ToArray());
    }

    [Fact]
    public async Task Read_ThatIsOver_IsNotTouchedByItsTokenAnyMore()
    {
        var stream = new ChunkStream([1]);
        var input = new StreamInput(stream);
        using var stop = new CancellationTokenSource();
        ReadResult result = await input.ReadAsync(stop.Token);
        input.AdvanceTo(result.Buffer.End);
        ValueTask<ReadResult> reading = input.ReadAsync();
        await stop.CancelAsync();
        Assert.False(reading.IsCompleted);
        input.CancelPendingRead();
        Assert.True((await reading).IsCanceled);
    }

    [Fact]
    public async Task Stream_ThatCancelsByItself_IsNotTakenForACancelledRead() =>
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await new StreamInput(new ChunkStream { Failure = new OperationCanceledException("its own") }).ReadAsync());

    [Fact]
    public async Task Reader_UsedTwiceAtATime_SaysSo()
    {
        var input = new StreamInput(new ChunkStream());
        ValueTask<ReadResult> reading = input.ReadAsync();
        Assert.Equal(
            "The reader is completed, or read from twice at a time.", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await input.ReadAsync())).Message);
        input.CancelPendingRead();
        await reading;
    }

    [Fact]
    public void Transport_OfAStream_DisposesItWithItsInputAndNotWithItsOutput()
    {
        var stream = new ChunkStream();
        IDuplexPipe transport = SecureTunnelTransport.FromStream(stream);
        transport.Output.Complete();
        Assert.False(stream.IsDisposed);
        transport.Input.Complete();
        Assert.True(stream.IsDisposed);
    }

    private static ReadResult Read(StreamInput input)
    {
        Task<ReadResult> reading = input.ReadAsync().AsTask();
        Assert.True(reading.IsCompleted);
        return reading.GetAwaiter().GetResult();
    }

    private static byte[] ArrayOf(ReadResult result) => MemoryMarshal.TryGetArray(result.Buffer.First, out ArraySegment<byte> segment) ? segment.Array! : [];

    /// <summary>The array that this thread gave back last, or a new one.</summary>
    private static byte[] LastReturned(int size)
    {
        byte[] array = ArrayPool<byte>.Shared.Rent(size);
        ArrayPool<byte>.Shared.Return(array);
        return array;
    }

    /// <summary>Gives a chunk a read, at once; behind the last one it waits.</summary>
    private sealed class ChunkStream(params byte[][] chunks) : MemoryStream
    {
        private readonly Queue<byte[]> _chunks = new(chunks);

        public bool EndsAtTheEnd { get; init; }

        public Exception? Failure { get; init; }

        public int Reads { get; private set; }

        public int LastRead { get; private set; }

        public bool IsDisposed { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Reads++;
            LastRead = buffer.Length;
            if (Failure is not null)
            {
                return ValueTask.FromException<int>(Failure);
            }

            if (_chunks.Count == 0)
            {
                return EndsAtTheEnd ? ValueTask.FromResult(0) : Never(cancellationToken);
            }

            if (buffer.IsEmpty)
            {
                return ValueTask.FromResult(0);
            }

            byte[] chunk = _chunks.Dequeue();
            chunk.CopyTo(buffer);
            return ValueTask.FromResult(chunk.Length);
        }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }

        private static async ValueTask<int> Never(CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }
}

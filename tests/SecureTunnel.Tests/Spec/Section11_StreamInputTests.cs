using System.Buffers;
using System.IO.Pipelines;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Section 5, ST-204: what a stream that is read holds of a peer that has proven nothing, and that it is a pipe like any other.</summary>
public sealed class Section11_StreamInputTests
{
    [Fact]
    public async Task Reader_OfAPeerThatFallsSilent_HoldsTwoKilobytes() // [ST-204]
    {
        var stream = new ScriptedStream([new byte[10]]);
        var input = new StreamInput(stream);
        ReadResult result = await input.ReadAsync();
        Assert.Equal(10, result.Buffer.Length);
        Assert.Equal(StreamInput.SmallBuffer, stream.LargestRead);
        input.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        ValueTask<ReadResult> waiting = input.ReadAsync();
        Assert.False(waiting.IsCompleted);
        Assert.True(stream.LargestRead <= StreamInput.SmallBuffer);
        input.CancelPendingRead();
        result = await waiting;
        Assert.True(result.IsCanceled);
        Assert.Equal(10, result.Buffer.Length);
    }

    [Fact]
    public async Task Reader_WithNothingToHold_WaitsWithoutABuffer()
    {
        var stream = new ScriptedStream([new byte[7]]);
        var input = new StreamInput(stream);
        ReadResult result = await input.ReadAsync();
        input.AdvanceTo(result.Buffer.End);
        int reads = stream.Reads;
        ValueTask<ReadResult> waiting = input.ReadAsync();
        Assert.False(waiting.IsCompleted);
        Assert.Equal(reads + 1, stream.Reads);
        Assert.Equal(0, stream.LastRead); // the read that waits has no buffer
        input.CancelPendingRead();
        Assert.True((await waiting).IsCanceled);
    }

    [Fact]
    public async Task Reader_OfAStreamThatFillsItsBuffer_TakesTheLargeOneAndThenTheSmallOneAgain()
    {
        var stream = new ScriptedStream([new byte[2048], new byte[9000], new byte[5], new byte[5]]);
        var input = new StreamInput(stream);
        var sizes = new List<int>();
        for (int i = 0; i < 4; i++)
        {
            ReadResult result = await input.ReadAsync();
            sizes.Add(stream.LastRead);
            input.AdvanceTo(result.Buffer.End);
        }

        Assert.Equal([2048, 16384, 16384, 2048], sizes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(2047)]
    [InlineData(2048)]
    [InlineData(30000)]
    public async Task Reader_ThatIsAskedForMore_GivesEverythingInOrder(int chunk)
    {
        byte[] all = new byte[40_000];
        Random.Shared.NextBytes(all);
        var stream = new ScriptedStream(all.Chunk(chunk)) { EndsAtTheEnd = true };
        var input = new StreamInput(stream);
        var read = new List<byte>();
        while (true)
        {
            ReadResult result = await input.ReadAsync();
            if (result.IsCompleted)
            {
                read.AddRange(result.Buffer.ToArray());
                break;
            }

            long take = result.Buffer.Length < 16_403 && read.Count + result.Buffer.Length < all.Length ? 0 : Math.Min(result.Buffer.Length, 16_403);
            read.AddRange(result.Buffer.Slice(0, take).ToArray());
            input.AdvanceTo(result.Buffer.GetPosition(take), result.Buffer.End);
        }

        Assert.Equal(all, read);
    }

    [Fact]
    public async Task Reader_WithBytesNotExamined_GivesThemAgainAtOnce()
    {
        var input = new StreamInput(new ScriptedStream([[1, 2, 3]]));
        ReadResult result = await input.ReadAsync();
        input.AdvanceTo(result.Buffer.GetPosition(1));
        Assert.True(input.TryRead(out result));
        Assert.Equal([2, 3], result.Buffer.ToArray());
        input.AdvanceTo(result.Buffer.End);
        Assert.False(input.TryRead(out _));
    }

    [Fact]
    public async Task Reader_CancelledByItsCaller_ThrowsAndGoesOn()
    {
        var stream = new ScriptedStream([]);
        var input = new StreamInput(stream);
        using var stop = new CancellationTokenSource();
        ValueTask<ReadResult> waiting = input.ReadAsync(stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await input.ReadAsync(stop.Token));
        stream.Add([4]);
        Assert.Equal([4], (await input.ReadAsync()).Buffer.ToArray());
    }

    [Fact]
    public async Task Reader_CancelledBeforeItReads_SaysSoOnce()
    {
        var stream = new ScriptedStream([[5]]);
        var input = new StreamInput(stream);
        input.CancelPendingRead();
        ReadResult result = await input.ReadAsync();
        Assert.True(result.IsCanceled);
        input.AdvanceTo(result.Buffer.End);
        result = await input.ReadAsync();
        Assert.False(result.IsCanceled);
        Assert.Equal([5], result.Buffer.ToArray());
    }

    [Fact]
    public async Task Reader_Completed_DisposesTheStreamAndReadsNoMore()
    {
        var stream = new ScriptedStream([]);
        var input = new StreamInput(stream);
        ValueTask<ReadResult> waiting = input.ReadAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await input.ReadAsync());
        input.CancelPendingRead();
        await input.CompleteAsync();
        Assert.True((await waiting).IsCanceled);
        Assert.True(stream.IsDisposed);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await input.ReadAsync());
    }

    /// <summary>Gives a chunk a read, and waits when there is none.</summary>
    private sealed class ScriptedStream(IEnumerable<byte[]> chunks) : MemoryStream
    {
        private readonly Queue<byte[]> _chunks = new(chunks);
        private readonly SemaphoreSlim _arrived = new(0);

        public bool EndsAtTheEnd { get; init; }

        public int Reads { get; private set; }

        public int LastRead { get; private set; }

        public int LargestRead { get; private set; }

        public bool IsDisposed { get; private set; }

        public void Add(byte[] chunk)
        {
            _chunks.Enqueue(chunk);
            _arrived.Release();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Reads++;
            LastRead = buffer.Length;
            LargestRead = Math.Max(LargestRead, buffer.Length);
            if (_chunks.Count == 0 && !EndsAtTheEnd)
            {
                await _arrived.WaitAsync(cancellationToken);
            }

            if (buffer.IsEmpty || _chunks.Count == 0)
            {
                return 0;
            }

            byte[] chunk = _chunks.Dequeue();
            int take = Math.Min(chunk.Length, buffer.Length);
            chunk.AsSpan(0, take).CopyTo(buffer.Span);
            if (take < chunk.Length)
            {
                byte[][] rest = [chunk[take..], .. _chunks];
                _chunks.Clear();
                foreach (byte[] one in rest)
                {
                    _chunks.Enqueue(one);
                }
            }

            return take;
        }

        protected override void Dispose(bool disposing)
        {
            IsDisposed = true;
            base.Dispose(disposing);
        }
    }
}

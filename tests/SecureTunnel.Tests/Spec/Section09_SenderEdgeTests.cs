using System.Buffers;
using System.IO.Pipelines;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>The sending side where two of its rules meet: who sends what came meanwhile, who waits for what, what a refusal leaves behind, and what is left of the bytes.</summary>
public sealed class Section09_SenderEdgeTests
{
    private static readonly TimeSpan Patience = Eventually.Limit;

    /// <summary>Otherwise the caller's thread and the pool would both seal.</summary>
    [Fact]
    public async Task Message_QueuedWhileItsCallersThreadSends_IsSentByThePoolAlone()
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        Task<FlushResult>? second = null;
        held.During = () => second = gateway.Output.WriteAsync(new byte[] { 2 }).AsTask();
        await held.Call(() => gateway.Output.WriteAsync(new byte[] { 1 }));
        await second!;
        Assert.Equal(1, held.FlushesByCaller);
        Assert.Equal([1, 2], await TunnelPair.ReadExactly(device.Input, 2));
        await Eventually.HoldsAsync(() => held.Flushes == 2);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Header_WrittenBeforeAMessage_GoesAheadOfIt()
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        gateway.Output.Write("header"u8);
        await gateway.Output.WriteAsync("body"u8.ToArray());
        Assert.Equal("headerbody"u8.ToArray(), await TunnelPair.ReadExactly(device.Input, 10));
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task CancelPendingFlush_EndsAFlushThatWaitsForRoom()
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        held.IsHeld = true;
        gateway.Output.Write(new byte[100_000]);
        Task<FlushResult> flush = gateway.Output.FlushAsync().AsTask();
        Assert.False(flush.IsCompleted);
        gateway.Output.CancelPendingFlush();
        Assert.True((await flush.WaitAsync(Patience)).IsCanceled);
        gateway.Output.CancelPendingFlush(); // nobody waits: the next one does not either, though there is no room
        Task<FlushResult> next = gateway.Output.WriteAsync(new byte[1]).AsTask();
        Assert.True(next.IsCompletedSuccessfully);
        Assert.True((await next).IsCanceled);
        held.IsHeld = false;
        held.Release(1);
        Assert.Equal(100_001, (await TunnelPair.ReadExactly(device.Input, 100_001)).Length);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Message_BehindOneThatIsCancelled_TakesTheRoomAtOnce()
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect(TestKeys.ServerOptions(sendBuffer: 1000));
        held.IsHeld = true;
        await gateway.Output.WriteAsync(new byte[500]);
        using var stop = new CancellationTokenSource();
        Task<FlushResult> longOne = gateway.Output.WriteAsync(new byte[900], stop.Token).AsTask();
        Task<FlushResult> shortOne = gateway.Output.WriteAsync(new byte[100]).AsTask();
        Assert.False(shortOne.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => longOne);
        await shortOne.WaitAsync(Patience); // the transport has taken nothing yet
        held.IsHeld = false;
        held.Release(1);
        Assert.Equal(600, (await TunnelPair.ReadExactly(device.Input, 600)).Length);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Complete_WithAnError_EndsAFlushThatWaitsForRoom()
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        held.IsHeld = true;
        gateway.Output.Write(new byte[100_000]);
        Task<FlushResult> flush = gateway.Output.FlushAsync().AsTask();
        gateway.Output.Complete(new IOException("the sensor is gone"));
        Assert.Equal("This direction of the tunnel is closed.", (await Assert.ThrowsAsync<InvalidOperationException>(() => flush.WaitAsync(Patience))).Message);
        held.IsHeld = false;
        held.Release(1);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    /// <summary>With bytes before it, and where a stream of messages would leave by the pool.</summary>
    [Fact]
    public async Task Close_LeavesOnTheThreadThatGivesIt() // [ST-511]
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        await gateway.Output.WriteAsync(new byte[] { 1 });
        gateway.Output.Write(new byte[] { 2 });
        held.Call(() =>
        {
            gateway.Output.Complete();
            return 0;
        });
        Assert.Equal(1, held.FlushesByCaller);
        Assert.Equal([1, 2], await TunnelPair.ReadExactly(device.Input, 2));
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    /// <summary>What is refused changes nothing: whoever has closed his direction may be refused, and read on.</summary>
    [Fact]
    public async Task Output_RefusedBehindItsClose_LeavesTheReaderAlone() // [ST-319] [ST-511]
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        await device.UpdateKeyAsync(requestPeer: true);
        await device.Output.WriteAsync(new byte[] { 1 });
        Assert.Equal([1], await TunnelPair.ReadExactly(gateway.Input, 1));
        await gateway.Output.CompleteAsync();
        Assert.Equal(1, gateway.Statistics.RecordsSent); // Close: a KeyUpdate is for Data
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await gateway.UpdateKeyAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await gateway.Output.WriteAsync(new byte[1]));
        Task<ReadResult> reading = gateway.Input.ReadAsync().AsTask();
        Assert.False(reading.IsCompleted);
        await device.Output.WriteAsync(new byte[] { 3 });
        Assert.Equal(1, (await reading.WaitAsync(Patience)).Buffer.Length);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task KeyUpdate_ThatAsksThePeer_IsAnsweredOnce() // [ST-319]
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        held.IsHeld = true;
        await gateway.Output.WriteAsync(new byte[1]);
        Task[] updates = [.. new[] { true, false, true }.Select(request => gateway.UpdateKeyAsync(request).AsTask())]; // one KeyUpdate, which asks
        held.IsHeld = false;
        held.Release(1);
        await Task.WhenAll(updates).WaitAsync(Patience);
        await TunnelPair.ReadExactly(device.Input, 1);
        await gateway.Output.WriteAsync(new byte[1]);
        await TunnelPair.ReadExactly(device.Input, 1);
        await device.Output.WriteAsync(new byte[1]);
        Assert.Equal(2, device.Statistics.RecordsSent); // KeyUpdate and Data
        await gateway.UpdateKeyAsync(); // and this one asks for nothing
        await gateway.Output.WriteAsync(new byte[1]);
        await TunnelPair.ReadExactly(device.Input, 1);
        await device.Output.WriteAsync(new byte[1]);
        Assert.Equal(3, device.Statistics.RecordsSent);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Writer_OfAPeerThatReadsNoMore_LearnsItEachTime()
    {
        var held = new HeldTransport();
        var (device, gateway) = await held.Connect();
        await held.Pair.Client.Input.CompleteAsync();
        for (int i = 0; i < 3; i++)
        {
            await gateway.Output.WriteAsync(new byte[1]);
            Assert.True((await gateway.Output.FlushAsync()).IsCompleted);
        }

        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    /// <summary>The alert finds no way, for the transport is stuck: who waits behind that is told all the same.</summary>
    [Fact]
    public async Task Tunnel_ThatFailsWhileItsTransportIsStuck_EndsEveryWait() // [ST-502]
    {
        var held = new HeldTransport();
        var time = new WarpedTime { Speed = 1 };
        var (device, gateway) = await held.Connect(TestKeys.ServerOptions(time: time));
        held.IsHeld = true;
        time.Speed = 100;
        gateway.Output.Write(new byte[100_000]);
        Task<FlushResult> flush = gateway.Output.FlushAsync().AsTask();
        Task<FlushResult> message = gateway.Output.WriteAsync(new byte[1]).AsTask();
        await held.Pair.Client.Output.WriteAsync(new byte[] { 0, 0 });
        foreach (Task task in new Task[] { gateway.Input.ReadAsync().AsTask(), flush, message })
        {
            Assert.Equal(SecureTunnelReason.Framing, (await Assert.ThrowsAsync<SecureTunnelException>(() => task.WaitAsync(Patience))).Reason);
        }

        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public void Data_BehindClose_IsRefusedAsClosed() // [ST-511]
    {
        (TunnelSession device, TunnelSession gateway) = Machines.Connect();
        var records = new RecordWriter(new TransportWriter(new Pipe().Writer), gateway, 0, TimeProvider.System);
        records.WriteClose();
        Assert.Equal("This direction of the tunnel is closed.", Assert.Throws<InvalidOperationException>(() => records.WriteData([1])).Message);
        device.Dispose();
        gateway.Dispose();
    }

    [Fact]
    public void Buffer_ThatGrows_KeepsItsArrayWhileItFitsAndLeavesNothingInIt() // [ST-403]
    {
        byte[] expected = ArrayPool<byte>.Shared.Rent(512);
        ArrayPool<byte>.Shared.Return(expected);
        var buffer = new PooledBuffer();
        buffer.Append([1, 2, 3]);
        Assert.Equal([1, 2, 3], expected[..3]);
        buffer.GetMemory(1).Span.Fill(0xAA);
        buffer.Append([4]);
        buffer.GetMemory(expected.Length - 4);
        buffer.Append(new byte[expected.Length - 4]);
        Assert.Equal(expected.Length, buffer.Length);
        Assert.Equal([1, 2, 3, 4], expected[..4]); // the same array all the while
        buffer.Release();
        Assert.False(expected.AsSpan().ContainsAnyExcept((byte)0));
        buffer.Append([5]);
        Assert.Equal(5, expected[0]);
        buffer.Release();
        Assert.Equal(0, expected[0]);
    }

    /// <summary>What the transport has not taken is in the clear here, and goes with the failure.</summary>
    [Fact]
    public void Message_ThatTheTransportHasNoRoomFor_IsErased() // [ST-403]
    {
        byte[] expected = ArrayPool<byte>.Shared.Rent(512);
        ArrayPool<byte>.Shared.Return(expected);
        (TunnelSession device, TunnelSession gateway) = Machines.Connect();
        var full = new FullTransport { Seen = () => Assert.Equal("secret"u8.ToArray(), expected[..6]) };
        var sender = new TunnelSender(full, new RecordWriter(new TransportWriter(full), gateway, 0, TimeProvider.System), gateway, 65536, TimeProvider.System);
        Assert.True(sender.SendAsync(new PooledBuffer(), "secret"u8.ToArray(), default).IsFaulted);
        Assert.False(expected.AsSpan().ContainsAnyExcept((byte)0));
        device.Dispose();
        gateway.Dispose();
    }

    /// <summary>What waits behind a stuck transport is erased when it is given up, not when the transport comes back.</summary>
    [Fact]
    public void Message_BehindAStuckTransport_IsErasedWhenItIsDropped() // [ST-403]
    {
        (TunnelSession device, TunnelSession gateway) = Machines.Connect();
        var full = new FullTransport { Seen = static () => { }, IsStuck = true };
        var sender = new TunnelSender(full, new RecordWriter(new TransportWriter(full), gateway, 0, TimeProvider.System), gateway, 65536, TimeProvider.System);
        ValueTask<FlushResult> first = sender.SendAsync(new PooledBuffer(), new byte[1], default);
        Assert.True(first.IsCompletedSuccessfully);
        byte[] expected = ArrayPool<byte>.Shared.Rent(512);
        ArrayPool<byte>.Shared.Return(expected);
        ValueTask<FlushResult> second = sender.SendAsync(new PooledBuffer(), "secret"u8.ToArray(), default);
        Assert.True(second.IsCompletedSuccessfully);
        Assert.Equal("secret"u8.ToArray(), expected[..6]);
        sender.Drop();
        Assert.False(expected.AsSpan().ContainsAnyExcept((byte)0));
        device.Dispose();
        gateway.Dispose();
    }

    /// <summary>A transport that gives no memory, or takes nothing.</summary>
    private sealed class FullTransport : PipeWriter, IDuplexPipe
    {
        private readonly byte[] _room = new byte[4096];

        public required Action Seen { get; init; }

        public bool IsStuck { get; init; }

        public PipeReader Input { get; } = new Pipe().Reader;

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

        public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            await Task.Delay(Timeout.Infinite, CancellationToken.None);
            return default;
        }

        public override Memory<byte> GetMemory(int sizeHint = 0)
        {
            Seen();
            return IsStuck ? _room : throw new InvalidOperationException("No room.");
        }

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}

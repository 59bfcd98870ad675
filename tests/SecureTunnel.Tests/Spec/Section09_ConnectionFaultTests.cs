using System.Buffers;
using System.IO.Pipelines;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Sections 9 and 11 with a peer or a transport at its worst moment: nothing hangs, spins or takes the process down.</summary>
public sealed class Section09_ConnectionFaultTests
{
    private static readonly TimeSpan Patience = Eventually.Limit;

    [Fact]
    public async Task Deadline_ThatFiresAsTheHandshakeEnds_HarmsNobody() // [ST-704]
    {
        var time = new WarpedTime();
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), ServerOptions(time));
        Assert.NotEqual(0, time.Timers);
        time.FireEveryTimer(); // on a timer's thread an exception here would end the process
        await device.Output.WriteAsync("alive"u8.ToArray());
        Assert.Equal("alive"u8.ToArray(), await TunnelPair.ReadExactly(gateway.Input, 5));
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task KeyUpdateRequest_BehindTheOwnClose_IsNotAnsweredAndReadingGoesOn() // [ST-319] [ST-511]
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        await gateway.Output.CompleteAsync();
        await device.UpdateKeyAsync(requestPeer: true);
        await device.Output.WriteAsync("report"u8.ToArray());
        await device.Output.CompleteAsync();
        Assert.Equal("report"u8.ToArray(), await TunnelPair.ReadExactly(gateway.Input, 6));
        Assert.True((await gateway.Input.ReadAsync()).IsCompleted);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task KeyUpdateRequest_WhileTheOwnWriterIsHeldUp_DoesNotHoldUpTheReader() // [ST-319]
    {
        var pair = new PipePair();
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions(sendBuffer: 0), pair);
        Task<FlushResult> stuck = gateway.Output.WriteAsync(new byte[200_000]).AsTask();
        Assert.False(stuck.IsCompleted); // the device does not read
        await device.UpdateKeyAsync(requestPeer: true);
        await device.Output.WriteAsync("still here"u8.ToArray());
        Assert.Equal("still here"u8.ToArray(), await TunnelPair.ReadExactly(gateway.Input, 10).WaitAsync(Patience));
        Assert.Equal(200_000, (await TunnelPair.ReadExactly(device.Input, 200_000)).Length);
        await stuck;
        await gateway.Output.WriteAsync("x"u8.ToArray());
        Assert.Equal(196 + 1 + 1, gateway.Statistics.RecordsSent); // as few as hold 200,000 bytes, the KeyUpdate that was asked for, and x
        Assert.Equal("x"u8.ToArray(), await TunnelPair.ReadExactly(device.Input, 1));
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task KeyUpdateRequestAndClose_FromAPeerThatIsGone_EndTheInputOnce() // [ST-319] [ST-509]
    {
        var pair = new PipePair();
        var broken = new BreakableTransport(pair.Server);
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(broken, TestKeys.ServerOptions()).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions());
        SecureTunnelConnection gateway = await accepting;
        await device.UpdateKeyAsync(requestPeer: true);
        await device.Output.CompleteAsync();
        broken.IsBroken = true;
        Assert.True((await gateway.Input.ReadAsync().AsTask().WaitAsync(Patience)).IsCompleted);
        await device.DisposeAsync();
        await gateway.DisposeAsync().AsTask().WaitAsync(Patience);
    }

    [Fact]
    public async Task Alert_ThatThePeerDoesNotTake_DoesNotHoldUpTheReader() // [ST-502]
    {
        var time = new WarpedTime();
        var pair = new PipePair();
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), ServerOptions(time), pair);
        time.Speed = 100;
        using var held = new CancellationTokenSource();
        Task<FlushResult> stuck = gateway.Output.WriteAsync(new byte[200_000], held.Token).AsTask();
        await held.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stuck); // the transport is full, and nobody is sending
        await pair.Client.Output.WriteAsync(new byte[] { 0, 0 });
        await Assert.ThrowsAsync<SecureTunnelException>(async () => await gateway.Input.ReadAsync().AsTask().WaitAsync(Patience));
        await gateway.DisposeAsync().AsTask().WaitAsync(Patience);
        await device.DisposeAsync();
    }

    [Fact]
    public async Task Dispose_WithAPeerThatTakesNothing_Ends()
    {
        var time = new WarpedTime();
        var pair = new PipePair();
        var stream = new StallingStream(pair.Server);
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(SecureTunnelTransport.FromStream(stream), ServerOptions(time)).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions());
        SecureTunnelConnection gateway = await accepting;
        stream.IsStalled = true;
        time.Speed = 100;
        gateway.Output.Write("nobody reads this"u8);
        Task<FlushResult> stuck = gateway.Output.FlushAsync().AsTask();
        await gateway.DisposeAsync().AsTask().WaitAsync(Patience);
        await Record.ExceptionAsync(() => stuck.WaitAsync(Patience));
        Assert.True(stuck.IsCompleted);
        Assert.True(stream.IsDisposed);
        await device.DisposeAsync();
    }

    [Fact]
    public async Task Dispose_WhileAnotherTaskReads_EndsItsRead()
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        Task<ReadResult> reading = gateway.Input.ReadAsync().AsTask();
        Assert.False(reading.IsCompleted);
        await gateway.DisposeAsync().AsTask().WaitAsync(Patience);
        await Record.ExceptionAsync(() => reading.WaitAsync(Patience));
        Assert.True(reading.IsCompleted);
        await device.DisposeAsync();
    }

    [Fact]
    public async Task Dispose_OfAnOutputThatIsClosingAlready_EndsWithAPeerThatTakesNothing()
    {
        var time = new WarpedTime();
        var pair = new PipePair();
        var stream = new StallingStream(pair.Server);
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(SecureTunnelTransport.FromStream(stream), ServerOptions(time)).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions());
        SecureTunnelConnection gateway = await accepting;
        stream.IsStalled = true;
        time.Speed = 100;
        gateway.Output.Complete();
        await gateway.DisposeAsync().AsTask().WaitAsync(Patience);
        Assert.True(stream.IsDisposed);
        await device.DisposeAsync();
    }

    [Fact]
    public async Task Handshake_RefusedToAPeerThatTakesNothing_Ends() // [ST-704]
    {
        var time = new WarpedTime { Speed = 10 };
        var pair = new PipePair();
        var stream = new StallingStream(pair.Server) { IsStalled = true };
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(SecureTunnelTransport.FromStream(stream), ServerOptions(time)).AsTask();
        await pair.Client.Output.WriteAsync(new byte[] { 0, 0 });
        SecureTunnelHandshakeException e = await Assert.ThrowsAsync<SecureTunnelHandshakeException>(() => accepting.WaitAsync(Patience));
        Assert.Equal(SecureTunnelAlert.Malformed, e.Alert);
        Assert.True(stream.IsDisposed);
    }

    [Fact]
    public async Task Accept_ThatTheDeviceDoesNotTake_IsATimeout() // [ST-704]
    {
        var time = new WarpedTime();
        var pair = new PipePair();
        var stream = new StallingStream(pair.Server);
        var options = new SecureTunnelServerOptions
        {
            Keys = [TestKeys.Encryption],
            Devices = new Stalling(stream),
            ApplicationContext = "test"u8.ToArray(),
            ClientAuthTimeout = TimeSpan.FromSeconds(2),
            TimeProvider = time,
        };
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(SecureTunnelTransport.FromStream(stream), options).AsTask();
        Task<SecureTunnelConnection> connecting = SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions()).AsTask();
        SecureTunnelHandshakeException e = await Assert.ThrowsAsync<SecureTunnelHandshakeException>(() => accepting.WaitAsync(Patience));
        Assert.Equal(SecureTunnelReason.Timeout, e.Reason);
        await Assert.ThrowsAsync<SecureTunnelHandshakeException>(() => connecting);
    }

    [Fact]
    public async Task DeviceStore_ThatGivesUpByItself_IsNoCancellationOfTheCaller()
    {
        var pair = new PipePair();
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(pair.Server, TestKeys.ServerOptions(new Impatient())).AsTask();
        SecureTunnelHandshakeException device = await Assert.ThrowsAsync<SecureTunnelHandshakeException>(
            async () => await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions()));
        Assert.Equal(SecureTunnelAlert.Internal, device.Alert);
        Assert.Equal(SecureTunnelReason.Internal, (await Assert.ThrowsAsync<SecureTunnelHandshakeException>(() => accepting)).Reason);
    }

    private static SecureTunnelServerOptions ServerOptions(TimeProvider time) => new()
    {
        Keys = [TestKeys.Encryption],
        Devices = TestKeys.Store(),
        ApplicationContext = "test"u8.ToArray(),
        TimeProvider = time,
    };

    /// <summary>A store whose own client runs into its own timeout.</summary>
    private sealed class Impatient : IDeviceStore
    {
        public ValueTask<SecureTunnelDevice?> FindAsync(SecureTunnelDeviceId deviceId, CancellationToken cancellationToken) => throw new TaskCanceledException();
    }

    /// <summary>Stalls the stream when the device is looked up: what follows is Accept.</summary>
    private sealed class Stalling(StallingStream stream) : IDeviceStore
    {
        public ValueTask<SecureTunnelDevice?> FindAsync(SecureTunnelDeviceId deviceId, CancellationToken cancellationToken)
        {
            stream.IsStalled = true;
            return TestKeys.Store().FindAsync(deviceId, cancellationToken);
        }
    }

    /// <summary>A transport whose output breaks.</summary>
    private sealed class BreakableTransport(IDuplexPipe inner) : IDuplexPipe
    {
        private readonly BreakableWriter _output = new(inner.Output);

        public bool IsBroken { set => _output.IsBroken = value; }

        public PipeReader Input => inner.Input;

        public PipeWriter Output => _output;
    }

    private sealed class BreakableWriter(PipeWriter inner) : PipeWriter
    {
        public bool IsBroken { get; set; }

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            IsBroken ? throw new IOException("The peer is gone.") : inner.FlushAsync(cancellationToken);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);
    }
}

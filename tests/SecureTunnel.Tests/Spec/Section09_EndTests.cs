using System.Collections.Concurrent;
using System.IO.Pipelines;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>How a tunnel ends over a transport that will not: whatever it throws and however long it takes, the rest of the end is made and no key is left.</summary>
public sealed class Section09_EndTests
{
    public static TheoryData<string> Steps => new(nameof(PipeWriter.CancelPendingFlush), "Output", nameof(PipeReader.CancelPendingRead), "Input");

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task Dispose_OverATransportThatThrowsAtOneStep_MakesTheOthersAndErasesTheKeys(string step) // [ST-403]
    {
        var ending = new EndingTransport();
        var time = new WarpedTime();
        var (device, gateway) = await ending.Connect(time);
        HashSet<Secret> secrets = Reachable.Secrets(gateway);
        Assert.Equal(3, secrets.Count);
        ending.Throws = step;
        if (step == nameof(PipeWriter.CancelPendingFlush))
        {
            ending.IsStuck = true; // otherwise nothing is to be cancelled
            time.Speed = 100;
        }

        Exception? thrown = await Record.ExceptionAsync(async () => await gateway.DisposeAsync().AsTask().WaitAsync(Eventually.Limit));
        Assert.Equal(step == nameof(PipeWriter.CancelPendingFlush) ? null : step, thrown?.Message);
        await gateway.DisposeAsync(); // once is enough
        Assert.Equal(["Output", "Input"], ending.Completed);
        Assert.Contains(step, ending.Reached);
        Assert.All(secrets, secret => Assert.True(Reachable.IsErased(secret)));
        await device.DisposeAsync();
    }

    /// <summary>A transport that never ends what it was asked for cannot keep the keys.</summary>
    [Fact]
    public async Task Dispose_OverATransportWhoseEndNeverComes_ErasesTheKeys() // [ST-403]
    {
        var ending = new EndingTransport();
        var (device, gateway) = await ending.Connect(TimeProvider.System);
        HashSet<Secret> secrets = Reachable.Secrets(gateway);
        ending.NeverEnds = true;
        Task disposing = gateway.DisposeAsync().AsTask();
        await Eventually.HoldsAsync(() => secrets.All(Reachable.IsErased));
        Assert.False(disposing.IsCompleted);
        await device.DisposeAsync();
    }

    /// <summary>A transport that does not send, and obeys or does not, holds up neither who disposes nor who waits for Close; and nobody is told that Close was sent.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Dispose_OverATransportThatIsStuck_EndsTheWaitForClose(bool obeys)
    {
        var ending = new EndingTransport();
        var time = new WarpedTime();
        var (device, gateway) = await ending.Connect(time);
        ending.IsStuck = true;
        ending.Obeys = obeys;
        time.Speed = 100;
        Task<FlushResult> write = gateway.Output.WriteAsync(new byte[100_000]).AsTask();
        Task completing = gateway.Output.CompleteAsync().AsTask();
        await gateway.DisposeAsync().AsTask().WaitAsync(Eventually.Limit);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => write.WaitAsync(Eventually.Limit));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => completing.WaitAsync(Eventually.Limit));
        await device.DisposeAsync();
    }

    /// <summary>
    /// Over pipes with inline schedulers the other end's code runs inside what a reader tells its transport. Where that waits for a thread that disposes this end, neither may wait for the other; and the transport
    /// ends when the reader has left it.
    /// </summary>
    [Fact]
    public async Task Dispose_WhileAReaderIsInTheTransport_HoldsUpNoThread()
    {
        var ending = new EndingTransport();
        var (device, gateway) = await ending.Connect(TimeProvider.System);
        Task? disposing = null;
        bool returned = false;
        bool wasWaiting = false;
        ending.DuringAdvance = () =>
        {
            var other = new Thread(() => disposing = gateway.DisposeAsync().AsTask());
            other.Start();
            returned = other.Join(Eventually.Limit);
            wasWaiting = returned && !disposing!.IsCompleted && ending.Completed.Count == 0;
        };
        Task<ReadResult> reading = gateway.Input.ReadAsync().AsTask();
        await device.Output.WriteAsync("still read"u8.ToArray());

        Assert.Equal(10, (await reading.WaitAsync(Eventually.Limit)).Buffer.Length);
        Assert.Equal((true, true), (returned, wasWaiting));
        await disposing!.WaitAsync(Eventually.Limit);
        Assert.Equal(["Output", "Input"], ending.Completed);
        await device.DisposeAsync();
    }

    /// <summary>Its end would otherwise stand in the place of the reason.</summary>
    [Theory]
    [InlineData("Flush")]
    [InlineData("Output")]
    [InlineData("Input")]
    public async Task Handshake_ThatFailsOverATransportThatThrows_SaysWhyItFailedAndEndsTheTransport(string step)
    {
        var ending = new EndingTransport();
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(ending, TestKeys.ServerOptions()).AsTask();
        ending.Throws = step; // it waits for ClientHello
        await ending.Pair.Client.Output.WriteAsync(new byte[] { 0, 0 });
        SecureTunnelHandshakeException e = await Assert.ThrowsAsync<SecureTunnelHandshakeException>(() => accepting.WaitAsync(Eventually.Limit));
        Assert.Equal(SecureTunnelAlert.Malformed, e.Alert);
        Assert.Equal(["Output", "Input"], ending.Completed);
    }

    /// <summary>The transport is completed by who disposes: an alert that a reader has to send at that moment stays unsent.</summary>
    [Fact]
    public async Task Alert_OfATunnelThatIsDisposed_LeavesTheTransportAlone()
    {
        (TunnelSession device, TunnelSession gateway) = Machines.Connect();
        var ending = new EndingTransport();
        var output = new TransportWriter(ending.Output);
        var sender = new TunnelSender(ending, new RecordWriter(output, gateway, 0, TimeProvider.System), gateway, 65536, TimeProvider.System);
        sender.Abandon();
        gateway.OnBadFrame(FrameStatus.Empty);
        await sender.TrySendAlertAsync();
        Assert.Equal(0, output.Count);
        Assert.Equal(0, ending.Flushes);
        device.Dispose();
        gateway.Dispose();
    }

    /// <summary>One thread derives the next key while another one disposes: whoever comes last erases it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Session_DisposedWhileItMovesToTheNextKey_LeavesNoSecret(bool sends) // [ST-403]
    {
        var crypto = new HaltingCrypto();
        using var machines = new Machines(crypto: crypto, clientCrypto: SystemCrypto.Instance);
        machines.Run();
        TunnelSession gateway = machines.Server.TakeSession();
        TunnelSession device = machines.Client.TakeSession();
        HashSet<Secret> secrets = Reachable.Secrets(gateway);
        byte[] frame = new byte[64];
        int length = device.SealKeyUpdate(request: false, 0, frame);
        crypto.Halt();
        Task updating = Task.Run(() => sends ? gateway.SealKeyUpdate(request: false, 0, new byte[64]) : (int)gateway.OnFrame(frame.AsSpan(0, length), 0, out _));
        await crypto.Arrival();
        var disposing = new Thread(gateway.Dispose);
        disposing.Start();
        await Eventually.HoldsAsync(() => disposing.ThreadState.HasFlag(ThreadState.WaitSleepJoin) || !disposing.IsAlive);
        crypto.GoOn();
        disposing.Join();
        await updating.WaitAsync(Eventually.Limit);
        Assert.All(secrets, secret => Assert.True(Reachable.IsErased(secret)));
        device.Dispose();
    }

    /// <summary>The platform's cryptography, stopped before its next HMAC of a "key" label.</summary>
    private sealed class HaltingCrypto : ForwardingCrypto
    {
        private readonly SemaphoreSlim _arrived = new(0);
        private readonly SemaphoreSlim _go = new(0);
        private volatile bool _halts;

        public void Halt() => _halts = true;

        public void GoOn() => _go.Release();

        public async Task Arrival() => Assert.True(await _arrived.WaitAsync(Eventually.Limit), "No key is derived.");

        public override void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> destination)
        {
            if (_halts && data.IndexOf("st1 key"u8) >= 0)
            {
                _halts = false;
                _arrived.Release();
                Assert.True(_go.Wait(Eventually.Limit));
            }

            base.Hmac(key, data, destination);
        }
    }

    /// <summary>A server's transport that throws at one step of its end, never comes to it, or is stuck in a flush for good.</summary>
    private sealed class EndingTransport : IDuplexPipe
    {
        private readonly TaskCompletionSource _obeyed = new(); // its continuation runs at once, before whoever waits looks again
        private int _flushes;

        public EndingTransport()
        {
            Input = new Reader(this);
            Output = new Writer(this);
        }

        public PipePair Pair { get; } = new();

        public PipeReader Input { get; }

        public PipeWriter Output { get; }

        public string? Throws { get; set; }

        public bool IsStuck { get; set; }

        /// <summary>Whether a flush that is stuck ends when it is cancelled.</summary>
        public bool Obeys { get; set; }

        public bool NeverEnds { get; set; }

        /// <summary>What happens once, when the reader has done with what it was given.</summary>
        public Action? DuringAdvance { get; set; }

        public int Flushes => Volatile.Read(ref _flushes);

        public List<string> Completed { get; } = [];

        public ConcurrentBag<string> Reached { get; } = [];

        public async Task<(SecureTunnelConnection Device, SecureTunnelConnection Gateway)> Connect(TimeProvider time)
        {
            Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(this, TestKeys.ServerOptions(time: time)).AsTask();
            SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(Pair.Client, TestKeys.ClientOptions());
            return (device, await accepting);
        }

        private void At(string step)
        {
            Reached.Add(step);
            if (Throws == step)
            {
                throw new TimeZoneNotFoundException(step);
            }
        }

        private async ValueTask EndAsync(string end)
        {
            Completed.Add(end);
            if (NeverEnds)
            {
                await Task.Delay(Timeout.Infinite, CancellationToken.None);
            }

            At(end);
        }

        private sealed class Writer(EndingTransport owner) : PipeWriter
        {
            public override void Advance(int bytes) => owner.Pair.Server.Output.Advance(bytes);

            public override void CancelPendingFlush()
            {
                owner.At(nameof(CancelPendingFlush));
                _ = owner.Obeys && owner._obeyed.TrySetResult();
            }

            public override void Complete(Exception? exception = null) => throw new NotSupportedException();

            public override ValueTask CompleteAsync(Exception? exception = null)
            {
                owner.Pair.Server.Output.Complete(exception);
                return owner.EndAsync("Output");
            }

            public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
            {
                owner.At("Flush");
                Interlocked.Increment(ref owner._flushes);
                if (owner.IsStuck)
                {
                    await owner._obeyed.Task;
                    return new FlushResult(isCanceled: true, isCompleted: false);
                }

                return await owner.Pair.Server.Output.FlushAsync(CancellationToken.None);
            }

            public override Memory<byte> GetMemory(int sizeHint = 0) => owner.Pair.Server.Output.GetMemory(sizeHint);

            public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
        }

        private sealed class Reader(EndingTransport owner) : PipeReader
        {
            public override void AdvanceTo(SequencePosition consumed) => owner.Pair.Server.Input.AdvanceTo(consumed);

            public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
            {
                owner.Pair.Server.Input.AdvanceTo(consumed, examined);
                Action? during = owner.DuringAdvance;
                owner.DuringAdvance = null;
                during?.Invoke();
            }

            public override void CancelPendingRead()
            {
                owner.At(nameof(CancelPendingRead));
                owner.Pair.Server.Input.CancelPendingRead();
            }

            public override void Complete(Exception? exception = null) => throw new NotSupportedException();

            public override ValueTask CompleteAsync(Exception? exception = null)
            {
                owner.Pair.Server.Input.Complete(exception);
                return owner.EndAsync("Input");
            }

            public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => owner.Pair.Server.Input.ReadAsync(cancellationToken);

            public override bool TryRead(out ReadResult result) => owner.Pair.Server.Input.TryRead(out result);
        }
    }
}

using System.IO.Pipelines;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Support;

/// <summary>A server's transport whose flushes wait until the test lets them go, or that fails as the test says.</summary>
internal sealed class HeldTransport : PipeWriter, IDuplexPipe
{
    private readonly SemaphoreSlim _go = new(0);
    private readonly SemaphoreSlim _arrived = new(0);
    private CancellationTokenSource _cancel = new();
    private volatile bool _isHeld;
    private volatile Exception? _failure;
    private int _flushes;
    private int _byCaller;
    private int _caller;

    public PipePair Pair { get; } = new();

    public bool IsHeld { get => _isHeld; set => _isHeld = value; }

    /// <summary>What a flush throws once it is let go.</summary>
    public Exception? Failure { get => _failure; set => _failure = value; }

    /// <summary>What happens once, inside the next flush.</summary>
    public Action? During { get; set; }

    /// <summary>Throws instead of giving memory.</summary>
    public bool HasNoRoom { get; set; }

    public int Flushes => Volatile.Read(ref _flushes);

    /// <summary>Of these, the ones made by the thread that <see cref="Call"/> is called on, inside it.</summary>
    public int FlushesByCaller => Volatile.Read(ref _byCaller);

    public PipeReader Input => Pair.Server.Input;

    public PipeWriter Output => this;

    /// <summary>A device and a gateway over this transport.</summary>
    public async Task<(SecureTunnelConnection Device, SecureTunnelConnection Gateway)> Connect(SecureTunnelServerOptions? options = null, CryptoProvider? crypto = null)
    {
        Task<SecureTunnelConnection> accepting =
            SecureTunnelServer.AcceptAsync(this, options ?? TestKeys.ServerOptions(), crypto ?? SystemCrypto.Instance, SystemEntropy.Instance, default).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(Pair.Client, TestKeys.ClientOptions(sendBuffer: 0));
        SecureTunnelConnection gateway = await accepting;
        while (_arrived.Wait(0))
        {
            // those of the handshake
        }

        _flushes = 0;
        return (device, gateway);
    }

    /// <summary>Calls, and knows by itself which flushes the call makes on its own thread before it returns.</summary>
    public T Call<T>(Func<T> call)
    {
        _caller = Environment.CurrentManagedThreadId;
        T result = call();
        _caller = 0;
        return result;
    }

    /// <summary>Ends when the next flush has come in.</summary>
    public async Task Arrival() => Assert.True(await _arrived.WaitAsync(Eventually.Limit), "Nothing is flushed.");

    public void Release(int flushes) => _go.Release(flushes);

    public override void Advance(int bytes) => Pair.Server.Output.Advance(bytes);

    public override void CancelPendingFlush() => Interlocked.Exchange(ref _cancel, new CancellationTokenSource()).Cancel();

    public override void Complete(Exception? exception = null) => Pair.Server.Output.Complete(exception);

    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _flushes);
        if (Volatile.Read(ref _caller) == Environment.CurrentManagedThreadId)
        {
            Interlocked.Increment(ref _byCaller);
        }

        Action? during = During;
        During = null;
        during?.Invoke();
        CancellationToken cut = _cancel.Token;
        _arrived.Release();
        if (IsHeld)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cut, cancellationToken);
            try
            {
                await _go.WaitAsync(stop.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return new FlushResult(isCanceled: true, isCompleted: false);
            }
        }

        return Failure is null ? await Pair.Server.Output.FlushAsync(cancellationToken) : throw Failure;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0) => HasNoRoom ? throw new InvalidOperationException("No room.") : Pair.Server.Output.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
}

using System;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.SecureTunnel;

/// <summary>
/// The application's output: collects what is written, and hands it to the sender at a flush. For one writer, as any <see cref="PipeWriter"/>, or for several tasks that do nothing but <see cref="WriteAsync"/>. So a flush with bytes
/// never meets messages that stand in line: its one writer has awaited them.
/// </summary>
internal sealed class TunnelWriter(TunnelSender sender) : PipeWriter
{
    private readonly PooledBuffer _written = new(); // and not flushed

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _written.Length;

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0) =>
        sender.IsClosed ? throw SessionErrors.Closed() : _written.GetMemory(sizeHint);

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override void Advance(int bytes) => _written.Advance(bytes);

    /// <summary>
    /// Sends what was written. Waits only for room: what was flushed leaves at once where the transport is free, and otherwise together behind what is being sent. Cancelled while it waits, it leaves all the same.
    /// </summary>
    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => sender.SendAsync(_written, default, cancellationToken);

    /// <summary>
    /// Sends a message whole, once there is room for it. Cancelled before that, it leaves nothing behind.
    /// </summary>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default) => sender.SendAsync(_written, source, cancellationToken);

    /// <summary>Ends the wait of one flush that waits for room, or else of the next; its bytes leave all the same.</summary>
    public override void CancelPendingFlush() => sender.CancelWait();

    /// <summary>
    /// Without an exception, sends what is pending and Close, in the background; <see cref="CompleteAsync"/> waits for it. With an exception
    /// nothing more is sent, and the peer will see a truncated stream.
    /// </summary>
    public override void Complete(Exception? exception = null)
    {
        if (exception is null)
        {
            sender.Close(_written);
        }
        else
        {
            sender.Drop();
            _written.Release();
        }
    }

    /// <inheritdoc/>
    public override async ValueTask CompleteAsync(Exception? exception = null)
    {
        if (exception is null)
        {
            await CloseAsync(CancellationToken.None).ConfigureAwait(false);
        }
        else
        {
            Complete(exception);
        }
    }

    /// <summary>As <see cref="CompleteAsync"/> without an error; the token ends the wait only.</summary>
    public ValueTask CloseAsync(CancellationToken cancellationToken)
    {
        sender.Close(_written);
        return sender.WaitForCloseAsync(cancellationToken);
    }

    /// <summary>The connection waits for its peer: unless something is to be sent, the cipher gives its native memory back.</summary>
    public void RestIfIdle()
    {
        if (_written.Length == 0)
        {
            sender.RestIfIdle();
        }
    }
}

using System;
using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.SecureTunnel;

/// <summary>
/// The application's output: collects what is written, and at a flush seals it into as few records as the peer's max_record allows
/// [ST-510]. Holds a buffer only between the first write and the flush. <see cref="WriteAsync"/> may be called by several at a time; everything else is for one writer, as in any
/// <see cref="PipeWriter"/>.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore without a wait handle holds nothing; disposed, it would leave those who wait for their turn waiting for ever.")]
internal sealed class TunnelWriter(PipeWriter transport, TransportWriter counted, TunnelSession session, int paddingBlock, TimeProvider time) : PipeWriter
{
    private readonly SemaphoreSlim _sending = new(1, 1); // the transport's output: the application's flush, and the reader's KeyUpdate or alert
    private readonly Lock _gate = new(); // what is pending
    private byte[] _pending = [];
    private int _length;
    private long _sealed; // positions in the application's stream
    private long _sent;
    private bool _completed;
    private bool _transportIsOver; // its reader takes no more
    private volatile bool _abandoned;
    private volatile bool _updateDue;

    /// <inheritdoc/>
    public override bool CanGetUnflushedBytes => true;

    /// <inheritdoc/>
    public override long UnflushedBytes => _length;

    /// <inheritdoc/>
    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(Math.Max(1, sizeHint));
        return _pending.AsMemory(_length);
    }

    /// <inheritdoc/>
    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <inheritdoc/>
    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _pending.Length - _length);
        _length += bytes;
    }

    /// <summary>
    /// Sends a message whole. Messages that are written while another is being sent leave together behind it, in as few records as they fit into. Ends when the transport has taken the message, so
    /// that who awaits it is held back by a slow peer. Cancelled while it waits, the message stays pending and leaves with the next one: whether the peer gets it is open, as with any <see cref="PipeWriter"/>.
    /// </summary>
    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested(); // a message that is not sent leaves nothing behind
        lock (_gate)
        {
            Reserve(source.Length);
            source.Span.CopyTo(_pending.AsSpan(_length));
            _length += source.Length;
        }

        return FlushAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        long end;
        lock (_gate)
        {
            end = _sealed + _length;
        }

        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_sent >= end)
            {
                return new FlushResult(isCanceled: false, _transportIsOver); // somebody else has sent these bytes together with his own
            }

            ObjectDisposedException.ThrowIf(_abandoned, typeof(SecureTunnelConnection));
            SealPending();
            if (_sealed < end)
            {
                throw Closed(); // they were dropped meanwhile
            }

            return await SendAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Leave();
        }
    }

    /// <inheritdoc/>
    public override void CancelPendingFlush() => transport.CancelPendingFlush();

    /// <summary>
    /// Without an exception, sends what is pending and Close, in the background; <see cref="CompleteAsync"/> waits for it. With an exception
    /// nothing more is sent, and the peer will see a truncated stream.
    /// </summary>
    public override void Complete(Exception? exception = null)
    {
        if (exception is null)
        {
            _ = TryCloseAsync(CancellationToken.None).AsTask();
        }
        else
        {
            Drop();
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

    /// <summary>
    /// The peer asks for a KeyUpdate: it goes out before this side's next Data, if there is any [ST-319]. The reader, who says so, never waits for the writer.
    /// </summary>
    public void AnswerKeyUpdate() => _updateDue = true;

    /// <summary>Moves to the next key.</summary>
    public async ValueTask UpdateKeyAsync(bool request, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_abandoned, typeof(SecureTunnelConnection));
            SealKeyUpdate(request);
            await SendAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Sends the alert of a tunnel that this side failed; a peer that does not take it within a second changes nothing.</summary>
    public async ValueTask TrySendAlertAsync()
    {
        if (!await _sending.WaitAsync(TimeSpan.Zero).ConfigureAwait(false))
        {
            return;
        }

        try
        {
            using var patience = new CancellationTokenSource(HandshakePipe.AlertPatience, time);
            counted.Advance(session.SealAlert(counted.GetSpan(ControlFrame)));
            await transport.FlushAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (IsTransportFailure(e))
        {
            // The failure that led here is the one to report.
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>As <see cref="CompleteAsync"/>; a transport or tunnel that has failed already changes nothing.</summary>
    /// <returns>Why the transport has not taken everything; null where it has.</returns>
    public async ValueTask<Exception?> TryCloseAsync(CancellationToken cancellationToken)
    {
        try
        {
            await CloseAsync(cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (SecureTunnelException)
        {
            return null; // the tunnel has failed, not the transport
        }
        catch (Exception e) when (IsTransportFailure(e))
        {
            return e;
        }
    }

    /// <summary>The connection waits for its peer: unless something is being sent, the cipher gives its native memory back.</summary>
    public void RestIfIdle()
    {
        if (_length == 0 && _sending.Wait(0))
        {
            session.RestSending();
            Leave();
        }
    }

    /// <summary>The tunnel is disposed: whoever waits for his turn to send is told so, and seals and sends nothing.</summary>
    public void Abandon()
    {
        _abandoned = true;
        Drop();
    }

    private async ValueTask CloseAsync(CancellationToken cancellationToken)
    {
        bool again = _completed;
        _completed = true;
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false); // again: for a Close that is still under way
        try
        {
            if (!again && !_abandoned)
            {
                SealPending();
                counted.Advance(session.SealClose(counted.GetSpan(ControlFrame)));
                await SendAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            lock (_gate)
            {
                Release();
            }

            Leave();
        }
    }

    /// <summary>Gives the transport what is sealed. The caller has the turn to send.</summary>
    private async ValueTask<FlushResult> SendAsync(CancellationToken cancellationToken)
    {
        FlushResult result = await transport.FlushAsync(cancellationToken).ConfigureAwait(false);
        _sent = result.IsCanceled ? _sent : _sealed;
        _transportIsOver |= result.IsCompleted;
        return result;
    }

    private void SealPending()
    {
        lock (_gate)
        {
            SealAll();
            _sealed += _length;
            Release();
        }
    }

    private void SealAll()
    {
        ReadOnlySpan<byte> rest = _pending.AsSpan(0, _length);
        while (!rest.IsEmpty)
        {
            if (session.NeedsKeyUpdate(time.Milliseconds()) || _updateDue)
            {
                SealKeyUpdate(request: false);
            }

            int most = session.MaxContent - (paddingBlock == 0 ? 0 : PaddingHeader);
            ReadOnlySpan<byte> content = rest[..Math.Min(rest.Length, most)];
            int padding = PaddingFor(content.Length, most);
            Span<byte> frame = counted.GetSpan(content.Length + PaddingHeader + padding + RecordSealer.Overhead);
            int sealedLength = paddingBlock == 0 ? session.SealData(content, frame) : session.SealPaddedData(content, padding, frame);
            ThrowIfClosed(sealedLength);
            counted.Advance(sealedLength);
            rest = rest[content.Length..];
        }
    }

    /// <summary>Fills the inner plaintext up to a multiple of the block, or up to the peer's max_record [ST-318].</summary>
    private int PaddingFor(int contentLength, int most)
    {
        if (paddingBlock == 0)
        {
            return 0;
        }

        int over = (1 + PaddingHeader + contentLength) % paddingBlock;
        return over == 0 ? 0 : Math.Min(paddingBlock - over, most - contentLength);
    }

    private void SealKeyUpdate(bool request)
    {
        _updateDue = false;
        int length = session.SealKeyUpdate(request, time.Milliseconds(), counted.GetSpan(ControlFrame));
        ThrowIfClosed(length);
        counted.Advance(length);
    }

    /// <summary>Lets the next one send; the key of a dead tunnel goes with the last one who may have used it.</summary>
    private void Leave()
    {
        session.EraseIfDead();
        _sending.Release();
    }

    private void ThrowIfClosed(int sealedLength)
    {
        if (sealedLength == 0)
        {
            throw session.State == SessionState.Dead
                ? SessionErrors.From(session.Failure)
                : Closed();
        }
    }

    private void Reserve(int more)
    {
        if (_completed)
        {
            throw Closed();
        }

        if (_pending.Length - _length >= more)
        {
            return;
        }

        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + more, MinBuffer));
        _pending.AsSpan(0, _length).CopyTo(larger);
        Return();
        _pending = larger;
    }

    /// <summary>What is pending is not sent any more, and nothing is taken after it.</summary>
    private void Drop()
    {
        _completed = true;
        lock (_gate)
        {
            Release();
        }
    }

    private void Release()
    {
        Return();
        _pending = [];
        _length = 0;
    }

    private void Return()
    {
        _pending.AsSpan(0, _length).Clear();
        ArrayPool<byte>.Shared.Return(_pending);
    }

    private static InvalidOperationException Closed() => new("This direction of the tunnel is closed.");

    private static bool IsTransportFailure(Exception e) => e is IOException or InvalidOperationException or OperationCanceledException;

    private const int PaddingHeader = 2;
    private const int MinBuffer = 512;
    private const int ControlFrame = RecordSealer.Overhead + 1;
}

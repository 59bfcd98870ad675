using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.SecureTunnel;

/// <summary>The application's input: opens records as it is read. While it waits it holds no buffer of its own.</summary>
internal sealed class TunnelReader(PipeReader transport, TunnelSession session, TunnelSender sender, TunnelWriter writer, TimeProvider time) : PipeReader
{
    private static readonly PipeOptions Unlimited = new(pauseWriterThreshold: 0, resumeWriterThreshold: 0, useSynchronizationContext: false);

    private readonly Pipe _opened = new(Unlimited);
    private readonly Lock _gate = new(); // of the three below; never held where the transport is called, which with inline schedulers runs the other end's code
    private TaskCompletionSource? _left;
    private bool _isUsing; // what the transport has given
    private bool _isStopped;

    /// <summary>Bytes of records consumed from the transport.</summary>
    public long BytesReceived { get; private set; }

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result) => _opened.Reader.TryRead(out result);

    /// <inheritdoc/>
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (_opened.Reader.TryRead(out ReadResult result))
            {
                return result;
            }

            await OpenMoreAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => _opened.Reader.AdvanceTo(consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _opened.Reader.AdvanceTo(consumed, examined);

    /// <inheritdoc/>
    public override void CancelPendingRead() => transport.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => _opened.Reader.Complete(exception);

    /// <summary>The tunnel is disposed: when this ends nobody touches what the transport has given, and its memory may go.</summary>
    public Task StopAsync()
    {
        lock (_gate)
        {
            _isStopped = true;
            _left = _isUsing ? new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously) : null;
            return _left?.Task ?? Task.CompletedTask;
        }
    }

    private async ValueTask OpenMoreAsync(CancellationToken cancellationToken)
    {
        if (session.State == SessionState.Dead)
        {
            throw SessionErrors.From(session.Failure);
        }

        ValueTask<ReadResult> reading = transport.ReadAsync(cancellationToken);
        if (!reading.IsCompleted)
        {
            session.RestReceiving();
            writer.RestIfIdle();
            if (sender.Failure is not null)
            {
                transport.CancelPendingRead(); // what was sent is lost, and so is the answer
            }
        }

        ReadResult result = await reading.ConfigureAwait(false);
        long before = BytesReceived;
        SessionEvent last = Take(result);
        await _opened.Writer.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        switch (last)
        {
            case SessionEvent.Failed:
                await sender.TrySendAlertAsync().ConfigureAwait(false);
                break;
            case SessionEvent.Closed:
                await _opened.Writer.CompleteAsync().ConfigureAwait(false);
                break;
            default:
                if (result.IsCanceled)
                {
                    OnCanceled(isEmpty: BytesReceived == before);
                }
                else if (result.IsCompleted && !session.OnEndOfStream())
                {
                    await sender.TrySendAlertAsync().ConfigureAwait(false);
                }

                break;
        }
    }

    /// <summary>The read was cancelled by the application, or for it: the sender has failed, and nothing was received that is to be read first.</summary>
    private void OnCanceled(bool isEmpty)
    {
        if (sender.Failure is not { } failure)
        {
            _opened.Reader.CancelPendingRead();
        }
        else if (isEmpty)
        {
            failure.Throw();
        }
    }

    private SessionEvent Take(in ReadResult result)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isStopped, typeof(SecureTunnelConnection));
            _isUsing = true;
        }

        try
        {
            SessionEvent last = OpenFrames(result.Buffer, out SequencePosition consumed);
            transport.AdvanceTo(consumed, result.Buffer.End);
            return last;
        }
        finally
        {
            lock (_gate)
            {
                _isUsing = false;
                _left?.SetResult();
            }
        }
    }

    /// <summary>Opens every whole frame of <paramref name="stream"/>, up to the one that ends this direction.</summary>
    private SessionEvent OpenFrames(ReadOnlySequence<byte> stream, out SequencePosition consumed)
    {
        SessionEvent last = SessionEvent.Data;
        while (last is not (SessionEvent.Closed or SessionEvent.Failed))
        {
            FrameStatus status = Frame.TryRead(stream, session.MaxBody, out int length);
            if (status == FrameStatus.Truncated)
            {
                break;
            }

            last = status == FrameStatus.Ok ? OpenFrame(stream.Slice(0, length)) : session.OnBadFrame(status);
            if (last == SessionEvent.KeyUpdateRequested)
            {
                sender.AnswerKeyUpdate();
            }

            stream = stream.Slice(length);
            BytesReceived += length;
        }

        consumed = stream.Start;
        return last;
    }

    private SessionEvent OpenFrame(in ReadOnlySequence<byte> source)
    {
        int length = (int)source.Length;
        Span<byte> frame = _opened.Writer.GetSpan(length)[..length];
        source.CopyTo(frame);
        SessionEvent what = session.OnFrame(frame, time.Milliseconds(), out ReadOnlySpan<byte> content);
        if (what == SessionEvent.Data)
        {
            content.CopyTo(frame);
            _opened.Writer.Advance(content.Length);
            sender.OnReceived();
        }

        return what;
    }
}

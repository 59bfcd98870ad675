using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.SecureTunnel;

/// <summary>
/// What is flushed, on its way to the transport. One at a time has the turn to seal and to send: the flush that finds the transport free, or a work item of the thread pool. What is flushed meanwhile waits, up to
/// the send buffer, and leaves together behind it, in as few records as the peer's max_record allows [ST-510]. Nothing waits for company: while anything is queued, somebody has the turn.
/// </summary>
/// <remarks>
/// The lock guards the fields; whoever has the turn seals and sends outside it. A flush that answers something received sends by itself, so that request and response cost no change of threads. A flush behind another
/// one, with nothing received between them, is part of a stream: the pool sends, and the next ones gather while it does. A run of the pool that has gathered nothing is not repeated for a while.
/// </remarks>
internal sealed partial class TunnelSender(IDuplexPipe transport, RecordWriter records, TunnelSession session, int sendBuffer, TimeProvider time) : IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    private readonly LinkedList<WaitingMessage> _line = []; // first come, first served: a long message is not overtaken for ever
    private PooledBuffer _queued = new();
    private PooledBuffer _leaving = new(); // of whoever has the turn
    private int _sealed; // of _leaving
    private int _slice; // sealed, and not yet taken by the transport
    private bool _isSealed; // something is: that slice, a KeyUpdate, Close
    private long _taken; // bytes of the application so far
    private long _sent; // of these, the transport has taken
    private long _updatesSealed;
    private long _updatesSent;
    private bool _hasTurn;
    private bool _updateAsked;
    private bool _requestPeer;
    private bool _closeSealed;
    private bool _closeSent;
    private bool _isDropped; // nothing more is sealed
    private bool _isAbandoned;
    private bool _isAlerted; // of a dead tunnel, or it is too late for that
    private bool _transportIsOver; // its reader takes no more
    private bool _cancelWait;
    private bool _restWhenDone;
    private bool _isStream; // the run under way is of the pool
    private bool _hasGathered;
    private int _alone; // flushes that send by themselves before the pool is tried again
    private int _patience = 1;
    private volatile bool _isClosed; // for writers
    private volatile bool _answerDue;
    private volatile bool _hasHeard = true;
    private ExceptionDispatchInfo? _failure;
    private TaskCompletionSource? _progress;
    private ConfiguredValueTaskAwaitable<FlushResult>.ConfiguredValueTaskAwaiter _sending;
    private Action? _onSent;

    /// <summary>True when nothing more may be written.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Why the transport has not taken what was flushed; null while it takes it.</summary>
    public ExceptionDispatchInfo? Failure
    {
        get
        {
            lock (_gate)
            {
                return _failure;
            }
        }
    }

    /// <summary>
    /// Queues <paramref name="written"/>, and behind it <paramref name="message"/> as soon as that fits the send buffer or nothing else is in it; sends, or leaves it to who sends already. Ends when no more than the
    /// send buffer is unsent of what was queued until then.
    /// </summary>
    public ValueTask<FlushResult> SendAsync(PooledBuffer written, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        long end = -1;
        return !cancellationToken.IsCancellationRequested && TryQueueNow(written, message.Span, out end) && HasRoomNow(end)
            ? new ValueTask<FlushResult>(new FlushResult(isCanceled: false, _transportIsOver))
            : SendWaitingAsync(written, message, end, cancellationToken);
    }

    /// <summary>Ends one wait of <see cref="SendAsync"/>, or else the next one before it begins.</summary>
    public void CancelWait()
    {
        lock (_gate)
        {
            if (_line.First is { } first)
            {
                Admit(first.Value, isCanceled: true);
            }
            else
            {
                _cancelWait = true;
                Signal();
            }
        }
    }

    /// <summary>Something was received: the next flush answers it.</summary>
    public void OnReceived() => _hasHeard = true;

    /// <summary>
    /// The peer asks for a KeyUpdate: it goes out before this side's next Data, if there is any [ST-319]. The reader, who says so, never waits for the writer.
    /// </summary>
    public void AnswerKeyUpdate() => _answerDue = true;

    /// <summary>Moves to the next key; ends when the transport has taken the KeyUpdate. Two that are asked for before one is sealed are one.</summary>
    public async ValueTask UpdateKeyAsync(bool request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        long mine;
        Turn turn;
        lock (_gate)
        {
            ThrowIfClosed();
            _updateAsked = true;
            _requestPeer |= request;
            mine = _updatesSealed + 1;
            turn = TryTakeTurn() ? Turn.Caller : Turn.None;
        }

        Take(turn);
        await WaitAsync(mine, static (sender, mine) => sender.IsUpdateSent(mine), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Takes nothing more, and sends Close behind what is queued and <paramref name="written"/>.</summary>
    public void Close(PooledBuffer written)
    {
        Turn turn = Turn.None;
        lock (_gate)
        {
            if (!_isClosed)
            {
                _isClosed = true;
                _hasHeard = true; // no need for the pool
                turn = Queue(written, default, out _);
                turn = turn == Turn.None && TryTakeTurn() ? Turn.Caller : turn;
                Dismiss(); // whoever waits for room is too late
            }
        }

        Take(turn);
    }

    /// <summary>Ends when the transport has taken Close, or nothing more is to be sent.</summary>
    public ValueTask WaitForCloseAsync(CancellationToken cancellationToken) =>
        WaitAsync(0L, static (sender, _) => sender.IsCloseSent(), cancellationToken);

    /// <summary>What is queued is not sent any more, and nothing is taken after it.</summary>
    public void Drop()
    {
        lock (_gate)
        {
            _isClosed = true;
            _isDropped = true;
            Empty();
            Dismiss();
            Signal();
        }
    }

    /// <summary>The tunnel is disposed: whoever waits is told so, and nothing more is sealed.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _isAbandoned = true;
        }

        Drop();
    }

    /// <summary>
    /// Waits until nobody is in the transport, and at a <paramref name="flush"/> until it has taken what stands in it, such as an alert; otherwise the flush of who is in it is cancelled. A transport that does not do so
    /// in a second is left, and completed under the feet of who is in it. Nothing is sent afterwards: the tunnel is abandoned already.
    /// </summary>
    /// <returns>Why it is left; null where it has let go.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever a transport throws, the rest of the end is due all the same.")]
    public async ValueTask<Exception?> LeaveTransportAsync(bool flush = false)
    {
        using var patience = new CancellationTokenSource(HandshakePipe.AlertPatience, time);
        try
        {
            if (!flush)
            {
                transport.Output.CancelPendingFlush(); // of a record that the peer does not take
            }

            await WaitAsync(0L, static (sender, _) => !sender._hasTurn, patience.Token).ConfigureAwait(false);
            if (flush)
            {
                await transport.Output.FlushAsync(patience.Token).ConfigureAwait(false);
            }

            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    /// <summary>Sends the alert of a tunnel that this side failed; a peer that does not take it within a second changes nothing.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "The failure that led here is the one to report, whatever a transport throws.")]
    public async ValueTask TrySendAlertAsync()
    {
        using var patience = new CancellationTokenSource(HandshakePipe.AlertPatience, time);
        bool hasTurn = false;
        try
        {
            await WaitAsync(0L, static (sender, _) => sender.TryTakeTurnUnlessAbandoned(), patience.Token).ConfigureAwait(false);
            hasTurn = true;
            records.WriteAlert();
            await transport.Output.FlushAsync(patience.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // as above
        }
        finally
        {
            lock (_gate)
            {
                _isAlerted = true;
                if (hasTurn)
                {
                    LeaveWithNothing();
                }
                else
                {
                    Dismiss(); // the transport is stuck, and the tunnel is dead
                    Signal();
                }
            }
        }
    }

    /// <summary>The reader waits: the cipher gives its native memory back, now or when what is being sent is sent.</summary>
    public void RestIfIdle()
    {
        lock (_gate)
        {
            _restWhenDone = true;
            RestIfDone();
        }
    }

    /// <summary>As <see cref="SendAsync"/>, where something has to be waited for or reported.</summary>
    /// <param name="written">As there.</param>
    /// <param name="message">As there.</param>
    /// <param name="end">Where they end, if they are queued; -1 if not.</param>
    /// <param name="cancellationToken">As there.</param>
    private async ValueTask<FlushResult> SendWaitingAsync(PooledBuffer written, ReadOnlyMemory<byte> message, long end, CancellationToken cancellationToken)
    {
        bool isCanceled = false;
        if (end < 0)
        {
            cancellationToken.ThrowIfCancellationRequested(); // what is not queued leaves nothing behind
            if (!TryQueue(written, message, ref isCanceled, out end, out LinkedListNode<WaitingMessage> place))
            {
                (end, isCanceled) = await WaitInLineAsync(place, cancellationToken).ConfigureAwait(false);
            }
        }

        while (!HasRoom(end, ref isCanceled, out Task progress))
        {
            await progress.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return new FlushResult(isCanceled, _transportIsOver);
    }

    /// <returns>False where it has to wait, or to report something; nothing is queued.</returns>
    private bool TryQueueNow(PooledBuffer written, ReadOnlySpan<byte> message, out long end)
    {
        Turn turn;
        lock (_gate)
        {
            end = -1;
            if (_isClosed || _cancelWait || IsOver() || !MayGo(message.Length))
            {
                return false;
            }

            turn = Queue(written, message, out end);
        }

        Take(turn);
        return true;
    }

    /// <returns>False where it has to wait at <paramref name="place"/>.</returns>
    private bool TryQueue(PooledBuffer written, ReadOnlyMemory<byte> message, ref bool isCanceled, out long end, out LinkedListNode<WaitingMessage> place)
    {
        Turn turn;
        lock (_gate)
        {
            ThrowIfClosed();
            end = -1;
            place = new LinkedListNode<WaitingMessage>(new WaitingMessage(written, message));
            if (!MayGo(message.Length) && !TakeCancel(ref isCanceled))
            {
                _line.AddLast(place);
                return false;
            }

            turn = Queue(written, message.Span, out end);
        }

        Take(turn);
        return true;
    }

    /// <summary>Waits until the message is queued by who has made room for it. Cancelled before that, it gives up its place.</summary>
    /// <returns>Where it ends, and whether <see cref="CancelWait"/> has ended the wait.</returns>
    private async ValueTask<(long End, bool IsCanceled)> WaitInLineAsync(LinkedListNode<WaitingMessage> place, CancellationToken cancellationToken)
    {
        try
        {
            await place.Value.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            lock (_gate)
            {
                if (place.List is not null)
                {
                    _line.Remove(place);
                    AdmitWhatFits();
                    throw;
                }
            }
        }

        lock (_gate)
        {
            if (place.Value.End < 0)
            {
                ThrowIfClosed();
            }
        }

        return (place.Value.End, place.Value.IsCanceled);
    }

    /// <summary>Queues those who wait, as far as there is room. Somebody has the turn, or nobody waits.</summary>
    private void AdmitWhatFits()
    {
        while (_line.First is { } first && Fits(first.Value.Message.Length))
        {
            Admit(first.Value, isCanceled: false);
        }
    }

    private void Admit(WaitingMessage first, bool isCanceled)
    {
        Append(first.Written, first.Message.Span);
        _line.RemoveFirst(); // not before: where there is no memory it is dismissed like the others
        first.Admit(_taken, isCanceled);
    }

    /// <summary>Nothing is taken any more.</summary>
    private void Dismiss()
    {
        foreach (WaitingMessage waiting in _line)
        {
            waiting.TrySetResult();
        }

        _line.Clear();
    }

    private bool HasRoomNow(long end)
    {
        lock (_gate)
        {
            return !_cancelWait && (_sent >= end || (_sent >= end - sendBuffer && !IsOver()));
        }
    }

    /// <returns>False while it has to wait for <paramref name="progress"/>.</returns>
    private bool HasRoom(long end, ref bool isCanceled, out Task progress)
    {
        lock (_gate)
        {
            bool goes = TakeCancel(ref isCanceled) || _sent >= end;
            if (!goes)
            {
                ThrowIfOver();
                goes = _sent >= end - sendBuffer;
            }

            progress = goes ? Task.CompletedTask : Progress();
            return goes;
        }
    }

    private bool MayGo(int length) => length == 0 || (_line.Count == 0 && Fits(length));

    private bool Fits(int length) => length == 0 || _taken == _sent || _taken - _sent + length <= sendBuffer;

    /// <returns>Whether the caller has got the turn, and who is to use it.</returns>
    private Turn Queue(PooledBuffer written, ReadOnlySpan<byte> message, out long end)
    {
        Append(written, message);
        end = _taken;
        if (_taken == _sent || !TryTakeTurn())
        {
            return Turn.None;
        }

        _isStream = IsInStream();
        return _isStream ? Turn.Pool : Turn.Caller;
    }

    private void Append(PooledBuffer written, ReadOnlySpan<byte> message)
    {
        int more = written.Length + message.Length;
        if (written.Length > 0 || message.IsEmpty)
        {
            _queued.Take(written); // otherwise it may be room that another one fills
        }

        if (!message.IsEmpty)
        {
            _queued.Append(message);
        }

        _taken += more;
        _hasGathered |= _hasTurn;
    }

    private void Take(Turn turn)
    {
        if (turn == Turn.Caller)
        {
            Run(isCaller: true);
        }
        else if (turn == Turn.Pool)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private bool TakeCancel(ref bool isCanceled)
    {
        isCanceled |= _cancelWait;
        _cancelWait = false;
        return isCanceled;
    }

    private bool IsUpdateSent(long mine)
    {
        bool isSent = _updatesSent >= mine;
        if (!isSent)
        {
            ThrowIfOver();
        }

        return isSent;
    }

    private bool IsCloseSent()
    {
        // Who has the turn may never come back, and who came back has sent no Close.
        ObjectDisposedException.ThrowIf(_isAbandoned && !_closeSent && session.State != SessionState.Dead, typeof(SecureTunnelConnection));
        if (_closeSent || _hasTurn)
        {
            return _closeSent;
        }

        _failure?.Throw();
        return _isDropped || session.State == SessionState.Dead;
    }

    /// <summary>Ends when <paramref name="condition"/> holds; asked under the lock whenever something has changed.</summary>
    private async ValueTask WaitAsync(long state, Func<TunnelSender, long, bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task progress;
            lock (_gate)
            {
                if (condition(this, state))
                {
                    return;
                }

                progress = Progress();
            }

            await progress.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private Task Progress() => (_progress ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    private void Signal()
    {
        _progress?.TrySetResult();
        _progress = null;
    }

    private void ThrowIfClosed()
    {
        ThrowIfOver();
        if (_isClosed)
        {
            throw SessionErrors.Closed();
        }
    }

    /// <summary>What is queued is lost.</summary>
    private void ThrowIfOver()
    {
        if (!IsOver())
        {
            return;
        }

        ObjectDisposedException.ThrowIf(_isAbandoned, typeof(SecureTunnelConnection));
        _failure?.Throw();
        throw session.State == SessionState.Dead ? SessionErrors.From(session.Failure) : SessionErrors.Closed();
    }

    private bool IsOver() => _isDropped || _failure is not null || session.State == SessionState.Dead;

    private enum Turn
    {
        None,
        Caller,
        Pool,
    }
}

using System;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.SecureTunnel;

/// <summary>The turn: who has it, what he seals and sends, and how he leaves it.</summary>
internal sealed partial class TunnelSender
{
    /// <summary>On the thread pool: sends what has gathered.</summary>
    void IThreadPoolWorkItem.Execute() => Run(isCaller: false);

    /// <returns>
    /// True where the pool is to send: nothing was received since the last flush, something could gather, and the pool has gathered something lately or was not tried for a while.
    /// </returns>
    private bool IsInStream()
    {
        bool answers = _hasHeard;
        _hasHeard = false;
        if (answers || _alone > 0 || sendBuffer == 0)
        {
            _alone -= _alone == 0 || answers ? 0 : 1;
            return false;
        }

        return true;
    }

    /// <exception cref="ObjectDisposedException">The transport is being completed.</exception>
    private bool TryTakeTurnUnlessAbandoned()
    {
        ObjectDisposedException.ThrowIf(_isAbandoned, typeof(SecureTunnelConnection));
        return TryTakeTurn();
    }

    private bool TryTakeTurn()
    {
        bool taken = !_hasTurn;
        _hasTurn = true;
        return taken;
    }

    /// <summary>
    /// Seals and sends until nothing is queued; has the turn, and leaves it. A caller's thread does so once, and the pool goes on; where the transport has to wait, whoever ends that goes on.
    /// </summary>
    [SuppressMessage("Design", "CA1031", Justification = "On the thread pool an exception would end the process; it is thrown again by the next flush.")]
    private void Run(bool isCaller)
    {
        try
        {
            while (TrySealNext())
            {
                ValueTask<FlushResult> sending = transport.Output.FlushAsync(CancellationToken.None); // a record is sent whole or not at all
                if (!sending.IsCompleted)
                {
                    _sending = sending.ConfigureAwait(false).GetAwaiter();
                    _sending.UnsafeOnCompleted(_onSent ??= OnSent);
                    return;
                }

                Sent(sending.GetAwaiter().GetResult());
                if (isCaller && GoesOn())
                {
                    return;
                }
            }
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "As above.")]
    private void OnSent()
    {
        try
        {
            Sent(_sending.GetResult());
        }
        catch (Exception e)
        {
            Fail(e);
            return;
        }

        Run(isCaller: false);
    }

    private void Sent(FlushResult result)
    {
        lock (_gate)
        {
            _transportIsOver |= result.IsCompleted;
            if (!result.IsCanceled) // otherwise the next flush sends it
            {
                _sent += _slice;
                _slice = 0;
                _isSealed = false;
                _updatesSent = _updatesSealed;
                _closeSent = _closeSealed;
                AdmitWhatFits();
            }

            Signal();
        }
    }

    /// <returns>True where the pool has taken over, since more was queued meanwhile.</returns>
    private bool GoesOn()
    {
        lock (_gate)
        {
            if (_taken == _sent)
            {
                return false;
            }
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        return true;
    }

    /// <summary>Seals the next slice of what is queued, with the KeyUpdate and the Close that are due.</summary>
    /// <returns>False where there is nothing to send: the turn is left.</returns>
    private bool TrySealNext()
    {
        int length;
        bool update;
        bool request;
        bool close;
        lock (_gate)
        {
            bool isDead = session.State == SessionState.Dead;
            if (isDead && _taken > _sent)
            {
                _failure ??= ExceptionDispatchInfo.Capture(SessionErrors.From(session.Failure));
            }

            if (_isDropped || isDead)
            {
                LeaveWithNothing();
                return false;
            }

            if (_leaving.Length == 0)
            {
                (_leaving, _queued) = (_queued, _leaving);
            }

            length = Math.Min(_leaving.Length - _sealed, records.MaxSlice);
            request = _requestPeer;
            update = _updateAsked || (_answerDue && length > 0);
            close = _isClosed && !_closeSealed && _taken - _sent == length + _slice;
            if (length == 0 && !_isSealed && !update && !close)
            {
                Leave();
                return false;
            }

            if (update)
            {
                (_updateAsked, _requestPeer) = (false, false);
                _answerDue = false;
                _updatesSealed++;
            }

            _closeSealed |= close;
        }

        if (update)
        {
            records.WriteKeyUpdate(request);
        }

        if (length > 0)
        {
            records.WriteData(_leaving.Span.Slice(_sealed, length));
        }

        if (close)
        {
            records.WriteClose();
        }

        _sealed += length;
        if (_sealed == _leaving.Length)
        {
            _leaving.Release();
            _sealed = 0;
        }

        lock (_gate)
        {
            _slice += _isDropped ? 0 : length;
            _isSealed = true;
        }

        return true;
    }

    /// <summary>The transport has failed, or the tunnel: nothing more is sent, and a reader that would wait for the answer is told.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "As above; and the failure is on record.")]
    private void Fail(Exception e)
    {
        bool isNews;
        lock (_gate)
        {
            isNews = !_isAbandoned;
            _failure ??= ExceptionDispatchInfo.Capture(e);
            _isDropped = true;
            LeaveWithNothing();
        }

        if (!isNews)
        {
            return;
        }

        try
        {
            transport.Input.CancelPendingRead();
        }
        catch (Exception)
        {
            // A reader that cannot be told learns it at his next wait.
        }
    }

    /// <summary>Likewise, and what is queued goes.</summary>
    private void LeaveWithNothing()
    {
        _leaving.Release();
        _sealed = 0;
        Empty();
        Dismiss();
        Leave();
    }

    /// <summary>Lets the next one send; the key of a dead tunnel goes with the last one who may have used it.</summary>
    private void Leave()
    {
        if (_isAlerted)
        {
            session.EraseIfDead(); // not before: the alert is sealed under it
        }

        _hasTurn = false;
        if (_isStream)
        {
            _patience = _hasGathered ? 1 : Math.Min(2 * _patience, MaxPatience);
            _alone = _hasGathered ? 0 : _patience;
        }

        _isStream = false;
        _hasGathered = false;
        RestIfDone();
        Signal();
    }

    private void RestIfDone()
    {
        if (_restWhenDone && !_hasTurn)
        {
            _restWhenDone = false;
            session.RestSending();
        }
    }

    /// <summary>Forgets what is queued; what is sealed already cannot be called back.</summary>
    private void Empty()
    {
        _queued.Release();
        _taken = _sent;
        _slice = 0;
        _isSealed = false;
    }

    private const int MaxPatience = 64;
}

using System;

namespace Flint.Coap;

public sealed partial class CoapObservers
{
    /// <summary>Takes a change of a resource: every observer is to be told, as soon as the pace allows.</summary>
    public void Notify(int resource, TimeSpan now)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(resource);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(resource, _resources);
        NextSequence(resource);
        foreach (int place in _ofResource.Of(resource))
        {
            Advance(ref _entries[place], CoapObserverInput.Change);
            Schedule(place, now.Ticks);
        }
    }

    /// <summary>Does what time asks for: makes notifications ready that had to wait.</summary>
    public void OnDeadline(TimeSpan now)
    {
        while (_deadlines.Earliest <= now.Ticks)
        {
            int place = _deadlines.EarliestPlace;
            _deadlines.Remove(place);
            _ready.Append(0, place);
        }
    }

    /// <summary>
    /// Gives the next notification to send. The caller then calls, for its observer, one of <see cref="OnSentConfirmable"/>, <see cref="OnSentNonConfirmable"/>, <see cref="OnReplaced"/>,
    /// <see cref="OnNotSent"/> and <see cref="Remove(CoapObserverHandle)"/>.
    /// </summary>
    /// <returns>False where there is none.</returns>
    public bool TryTakeNotification(TimeSpan now, out CoapNotification notification)
    {
        int place = _ready.Head(0);
        if (place == PlaceLists.None)
        {
            notification = default;
            return false;
        }

        _ready.Remove(0, place);
        ref Entry entry = ref _entries[place];
        bool replaces = entry.State == CoapObserverState.Superseding;
        notification = new CoapNotification(
            new CoapObserverHandle(place, entry.Version),
            entry.Peer,
            ((ReadOnlySpan<byte>)entry.Token)[..entry.TokenLength],
            entry.Resource,
            entry.UserState,
            (uint)_sequences[entry.Resource],
            replaces || IsConfirmableDue(entry, now.Ticks),
            replaces ? entry.Send : null);
        return true;
    }

    /// <summary>The notification is under way in a confirmable message; the layer was given an object as its state, so that it tells the end.</summary>
    public void OnSentConfirmable(CoapObserverHandle observer, CoapSendHandle message, TimeSpan now)
    {
        if (!Contains(observer))
        {
            return;
        }

        ref Entry entry = ref _entries[observer.Index];
        Advance(ref entry, CoapObserverInput.SendCon);
        entry.Send = message;
        entry.NonConfirmables = 0;
        entry.LastSent = entry.LastConfirmable = now.Ticks;
        if (message.Index >= _observerOfSend.Length)
        {
            Array.Resize(ref _observerOfSend, Math.Max(message.Index + 1, _observerOfSend.Length * 2));
        }

        _observerOfSend[message.Index] = observer.Index;
    }

    /// <summary>The notification went out in a non-confirmable message.</summary>
    public void OnSentNonConfirmable(CoapObserverHandle observer, ushort messageId, TimeSpan now)
    {
        if (!Contains(observer))
        {
            return;
        }

        ref Entry entry = ref _entries[observer.Index];
        Advance(ref entry, CoapObserverInput.SendNon);
        entry.MessageIds[entry.NonConfirmables % RememberedMessageIds] = messageId + 1;
        entry.NonConfirmables++;
        entry.LastSent = now.Ticks;
    }

    /// <summary>The notification has taken the place of the one under way.</summary>
    public void OnReplaced(CoapObserverHandle observer)
    {
        if (Contains(observer))
        {
            Advance(ref _entries[observer.Index], CoapObserverInput.Replace);
        }
    }

    /// <summary>The notification could not be sent now, for a limit: it is given again after a second.</summary>
    public void OnNotSent(CoapObserverHandle observer, TimeSpan now)
    {
        if (Contains(observer))
        {
            _deadlines.Set(observer.Index, now.Ticks + RetryDelay);
        }
    }

    /// <summary>
    /// [C-122] Takes the end of a confirmable notification. Acknowledged, the observer stays; a reset, a time-out or an unreachable peer removes it (sections 3.6 and 4.5).
    /// </summary>
    /// <returns>Whether the message was a notification of this table.</returns>
    public bool OnEnded(CoapEnded ended, TimeSpan now)
    {
        int place = ended.Message.Index < _observerOfSend.Length ? _observerOfSend[ended.Message.Index] : PlaceLists.None;
        if ((uint)place >= (uint)_used || _entries[place].Send != ended.Message
            || _entries[place].State is not (CoapObserverState.Transmitting or CoapObserverState.Superseding))
        {
            return false;
        }

        switch (ended.Reason)
        {
            case CoapEndReason.Acknowledged:
                Advance(ref _entries[place], CoapObserverInput.Acknowledged);
                Schedule(place, now.Ticks);
                break;
            case CoapEndReason.AcknowledgedBeforeReplacement:
                Advance(ref _entries[place], CoapObserverInput.AcknowledgedOld);
                Schedule(place, now.Ticks);
                break;
            case CoapEndReason.TimedOut or CoapEndReason.Unreachable or CoapEndReason.PeerRemoved:
                RemovePeer(ended.Peer);
                break;
            default:
                Remove(place);
                break;
        }

        return true;
    }

    /// <summary>Puts an observer that has something to be told among the ready, now or when the pace allows.</summary>
    private void Schedule(int place, long now)
    {
        ref Entry entry = ref _entries[place];
        if (entry.State is not (CoapObserverState.Pending or CoapObserverState.Superseding) || _ready.Contains(place))
        {
            return;
        }

        // [C-124] The pace of non-confirmable notifications (section 4.5.1); an acknowledgement sets that of the others.
        bool waits = entry.State == CoapObserverState.Pending && entry.LastSent != 0 && !IsConfirmableDue(entry, now);
        long due = waits ? entry.LastSent + _options.NonConfirmableInterval.Ticks : now;
        if (due > now)
        {
            _deadlines.Set(place, due);
        }
        else
        {
            _deadlines.Remove(place);
            _ready.Append(0, place);
        }
    }

    private bool IsConfirmableDue(in Entry entry, long now) =>
        entry.NonConfirmables >= _options.ConfirmableEvery - 1 || now - entry.LastConfirmable >= _options.ConfirmableAfter.Ticks;

    // Implementation.
    private const long RetryDelay = TimeSpan.TicksPerSecond;
}

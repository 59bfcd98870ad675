using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>
/// A server's events: takes what devices publish, gives it to the program's subscribers in bounded queues, and to peers that observe the newest (docs/spec/device-mapping.md section 4). Its members may be
/// called from any thread.
/// </summary>
public sealed partial class DeviceEventHub
{
    private readonly DeviceEventHubOptions _options;
    private readonly Lock _gate = new();
    private readonly List<Subscriber> _subscribers = [];
    private readonly Queue<(DeviceEvent Event, TimeSpan Expires)> _remembered = new();
    private readonly long _start;
    private ulong _last;

    /// <summary>A hub without events and subscribers.</summary>
    /// <exception cref="ArgumentException">The options do not validate.</exception>
    public DeviceEventHub(DeviceEventHubOptions? options = null)
    {
        _options = options ?? new DeviceEventHubOptions();
        _options.Validate();
        _start = _options.TimeProvider.GetTimestamp();
    }

    /// <summary>How many subscribers the program has.</summary>
    public int SubscriberCount
    {
        get
        {
            lock (_gate)
            {
                return _subscribers.Count;
            }
        }
    }

    /// <summary>Gives an event to everybody whom it concerns. It does not wait for any of them.</summary>
    /// <returns>The event with its number.</returns>
    /// <exception cref="ArgumentException">Its name is none, its data is longer than 1024 bytes, or its time to live is negative.</exception>
    public DeviceEvent Publish(DeviceEvent published)
    {
        ArgumentNullException.ThrowIfNull(published);
        DeviceText.ThrowUnlessEventName(published.Name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(published.Data.Length, DeviceEvent.MaxDataLength, nameof(published));
        ArgumentOutOfRangeException.ThrowIfLessThan(published.TimeToLive, TimeSpan.Zero, nameof(published));
        DeviceEvent numbered;
        lock (_gate)
        {
            TimeSpan lives = published.TimeToLive < _options.MaxTimeToLive ? published.TimeToLive : _options.MaxTimeToLive;
            numbered = published with { Number = ++_last, Data = published.Data.ToArray(), TimeToLive = lives, Missed = 0 };
            if (!numbered.IsPrivate)
            {
                if (_remembered.Count == _options.MaxRemembered)
                {
                    _remembered.Dequeue();
                }

                _remembered.Enqueue((numbered, Now() + lives));
            }

            foreach (Subscriber subscriber in _subscribers)
            {
                subscriber.Offer(numbered);
            }
        }

        if (!numbered.IsPrivate)
        {
            TellObservers(numbered.Name);
        }

        return numbered;
    }

    /// <summary>
    /// Each event from the first step of the enumeration on, private ones too, whose name begins with a prefix. Who reads too slowly misses the oldest that wait, and sees how many
    /// (<see cref="DeviceEvent.Missed"/>).
    /// </summary>
    /// <param name="prefix">The beginning of the names; "" for all.</param>
    /// <param name="publisher">Only what this device has published; null for everybody.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArgumentException">No event's name begins so.</exception>
    /// <exception cref="InvalidOperationException">There are too many subscribers; thrown by the first step.</exception>
    public IAsyncEnumerable<DeviceEvent> SubscribeAsync(string prefix = "", string? publisher = null, CancellationToken cancellationToken = default)
    {
        DeviceText.ThrowUnlessEventPrefix(prefix);
        return ReadAsync(new Subscriber(prefix, publisher, _options.QueueLength), cancellationToken);
    }

    private async IAsyncEnumerable<DeviceEvent> ReadAsync(Subscriber subscriber, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_subscribers.Count >= _options.MaxSubscribers)
            {
                throw new InvalidOperationException($"There are {_subscribers.Count} subscribers already.");
            }

            _subscribers.Add(subscriber);
        }

        try
        {
            while (true)
            {
                yield return await subscriber.TakeAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            lock (_gate)
            {
                _subscribers.Remove(subscriber);
            }
        }
    }

    /// <summary>The newest public event that a prefix covers and that still lives, and how long it will; null where there is none.</summary>
    private (DeviceEvent Event, TimeSpan Remaining)? Newest(string prefix)
    {
        lock (_gate)
        {
            TimeSpan now = Now();
            (DeviceEvent, TimeSpan)? newest = null;
            foreach ((DeviceEvent one, TimeSpan expires) in _remembered)
            {
                if (expires > now && one.Name.StartsWith(prefix, StringComparison.Ordinal))
                {
                    newest = (one, expires - now);
                }
            }

            return newest;
        }
    }

    private TimeSpan Now() => _options.TimeProvider.GetElapsedTime(_start);

    private sealed class Subscriber
    {
        private readonly string _prefix;
        private readonly string? _publisher;
        private readonly Channel<(DeviceEvent Event, long Number)> _queue;
        private long _offered;
        private long _taken;

        public Subscriber(string prefix, string? publisher, int length)
        {
            _prefix = prefix;
            _publisher = publisher;
            _queue = Channel.CreateBounded<(DeviceEvent, long)>(new BoundedChannelOptions(length) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        }

        /// <summary>Under the lock of the hub, so that the numbers are in the order of the queue.</summary>
        public void Offer(DeviceEvent published)
        {
            if (published.Name.StartsWith(_prefix, StringComparison.Ordinal) && (_publisher is null || _publisher == published.Publisher))
            {
                _queue.Writer.TryWrite((published, ++_offered));
            }
        }

        public async ValueTask<DeviceEvent> TakeAsync(CancellationToken cancellationToken)
        {
            (DeviceEvent next, long number) = await _queue.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            long missed = number - _taken - 1;
            _taken = number;
            return missed == 0 ? next : next with { Missed = missed };
        }
    }
}

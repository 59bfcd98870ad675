namespace Flint.SecureTunnel.Tests.Support;

/// <summary>The system's clock with timers that can be hurried, and fired late by hand.</summary>
internal sealed class WarpedTime : TimeProvider
{
    private readonly List<Action> _timers = [];
    private int _live;

    /// <summary>How many times sooner than asked a timer fires.</summary>
    public int Speed { get; set; } = 1;

    public int Timers => _timers.Count;

    /// <summary>Timers that are not disposed.</summary>
    public int LiveTimers => Volatile.Read(ref _live);

    /// <summary>Runs every timer's callback once more, as a timer does that fired just before it was disposed.</summary>
    public void FireEveryTimer() => _timers.ForEach(fire => fire());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _timers.Add(() => callback(state));
        Interlocked.Increment(ref _live);
        return new Counted(this, base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / Speed : dueTime, period));
    }

    private sealed class Counted(WarpedTime owner, ITimer inner) : ITimer
    {
        private int _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(dueTime > TimeSpan.Zero ? dueTime / owner.Speed : dueTime, period);

        public void Dispose()
        {
            inner.Dispose();
            Interlocked.Add(ref owner._live, Interlocked.Exchange(ref _disposed, 1) - 1);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}

namespace Flint.SecureTunnel.Tests.Support;

/// <summary>The system's clock with timers that can be hurried, and fired late by hand.</summary>
internal sealed class WarpedTime : TimeProvider
{
    private readonly List<Action> _timers = [];

    /// <summary>How many times sooner than asked a timer fires.</summary>
    public int Speed { get; set; } = 1;

    /// <summary>Runs every timer's callback once more, as a timer does that fired just before it was disposed.</summary>
    public void FireEveryTimer() => _timers.ForEach(fire => fire());

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        _timers.Add(() => callback(state));
        return base.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / Speed : dueTime, period);
    }
}

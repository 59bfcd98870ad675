namespace Flint.SecureTunnel.Tests.Support;

/// <summary>The system's clock with timers that never fire by themselves, so that however busy the machine is, nobody gives up.</summary>
internal sealed class PatientTime : TimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
}

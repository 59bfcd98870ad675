using System;

namespace Flint.SecureTunnel;

/// <summary>The clock that the state machines are given.</summary>
internal static class TimeProviderExtensions
{
    /// <summary>Milliseconds of a monotonic clock.</summary>
    public static long Milliseconds(this TimeProvider time) => (long)time.GetElapsedTime(0, time.GetTimestamp()).TotalMilliseconds;
}

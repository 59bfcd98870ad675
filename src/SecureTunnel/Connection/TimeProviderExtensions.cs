using System;

namespace Flint.SecureTunnel;

/// <summary>The clocks that the state machines are given.</summary>
internal static class TimeProviderExtensions
{
    /// <summary>Milliseconds of a monotonic clock.</summary>
    public static long Milliseconds(this TimeProvider time) => (long)time.GetElapsedTime(0, time.GetTimestamp()).TotalMilliseconds;

    /// <summary>What a handshake is given.</summary>
    public static TunnelTime Now(this TimeProvider time) => new(time.Milliseconds(), time.GetUtcNow().ToUnixTimeSeconds());
}

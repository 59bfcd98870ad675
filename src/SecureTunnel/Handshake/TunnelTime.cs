namespace Flint.SecureTunnel;

/// <summary>The time that a state machine is given.</summary>
/// <param name="Milliseconds">Of a monotonic clock: for deadlines.</param>
/// <param name="UnixSeconds">Since 1970-01-01T00:00Z: for tickets.</param>
internal readonly record struct TunnelTime(long Milliseconds, long UnixSeconds);

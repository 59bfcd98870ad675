using System;
using System.Net;
using System.Threading;

namespace Flint.SecureTunnel;

/// <summary>
/// A token bucket for each source and one for the listener (section 11): ask before <see cref="SecureTunnelServer.AcceptAsync(System.IO.Pipelines.IDuplexPipe, SecureTunnelServerOptions, CancellationToken)"/>,
/// and close a connection that is not admitted. A source is an IPv4 address or an IPv6 prefix of 64 bits. Memory is fixed: sources that fall into the same of 4096 buckets share it.
/// Safe for concurrent use.
/// </summary>
public sealed class SecureTunnelSourceLimiter
{
    private readonly Lock _gate = new();
    private readonly Bucket[] _sources = new Bucket[Buckets];
    private readonly TimeProvider _time;
    private readonly double _perSource;
    private readonly double _burst;
    private readonly double _perListener;
    private Bucket _listener;

    /// <param name="perSource">Handshakes a second that a source may begin in the long run.</param>
    /// <param name="burst">Handshakes that a source may begin at once.</param>
    /// <param name="perListener">Handshakes a second, and at once (but one at least), of all sources together.</param>
    /// <param name="time">The clock; the system's by default.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive.</exception>
    public SecureTunnelSourceLimiter(double perSource, int burst, double perListener, TimeProvider? time = null)
    {
        ArgumentOutOfRangeException.ThrowIfEqual(perSource > 0, false, nameof(perSource)); // NaN is refused as well: it would admit everybody
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(burst);
        ArgumentOutOfRangeException.ThrowIfEqual(perListener > 0, false, nameof(perListener));
        _time = time ?? TimeProvider.System;
        (_perSource, _burst, _perListener) = (perSource, burst, perListener);
        long now = _time.GetTimestamp();
        _listener = new Bucket(Math.Max(1, perListener), now);
        Array.Fill(_sources, new Bucket(burst, now));
    }

    /// <summary>Takes a token of the source and one of the listener.</summary>
    /// <returns>False where either has none: close the connection without an answer.</returns>
    public bool TryAdmit(IPAddress source) // [ST-703]
    {
        ArgumentNullException.ThrowIfNull(source);
        Span<byte> address = stackalloc byte[16];
        source.TryWriteBytes(address, out int length);
        ReadOnlySpan<byte> prefix = length == 4 ? address[..4] : source.IsIPv4MappedToIPv6 ? address[12..] : address[..8];
        var hash = default(HashCode); // seeded for each process: nobody outside knows who shares a bucket
        hash.AddBytes(prefix);
        int index = hash.ToHashCode() & (Buckets - 1);
        long now = _time.GetTimestamp();
        lock (_gate)
        {
            return _sources[index].TryTake(_perSource, _burst, Seconds(_sources[index], now), now)
                && _listener.TryTake(_perListener, Math.Max(1, _perListener), Seconds(_listener, now), now);
        }
    }

    private double Seconds(in Bucket bucket, long now) => _time.GetElapsedTime(bucket.At, now).TotalSeconds;

    private const int Buckets = 4096;

    private struct Bucket(double tokens, long at)
    {
        private double _tokens = tokens;

        public long At { get; private set; } = at;

        public bool TryTake(double rate, double most, double seconds, long now)
        {
            _tokens = Math.Min(most, _tokens + (seconds * rate));
            At = now;
            if (_tokens < 1)
            {
                return false;
            }

            _tokens -= 1;
            return true;
        }
    }
}

using System;

namespace Flint.Coap;

/// <summary>What one peer may ask of a server that is in front of a <see cref="CoapPeerLimiter"/>.</summary>
public sealed class CoapPeerLimits
{
    /// <summary>Requests of one peer that are handled at the same time, over all of its connections.</summary>
    public int MaxConcurrent { get; init; } = 16;

    /// <summary>Requests of one peer in a second, in the long run.</summary>
    public double RequestsPerSecond { get; init; } = 50;

    /// <summary>Requests of one peer at once, before the rate holds.</summary>
    public int Burst { get; init; } = 100;

    /// <summary>How many peers are remembered. Beyond it the one that has been quiet for longest is forgotten, and with it what it has used up.</summary>
    public int MaxPeers { get; init; } = 16384;

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Checks the values; <see cref="CoapPeerLimiter"/> calls it.</summary>
    /// <exception cref="ArgumentException">A limit is not positive.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConcurrent, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(RequestsPerSecond, double.Epsilon);
        ArgumentOutOfRangeException.ThrowIfLessThan(Burst, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPeers, 1);
        ArgumentNullException.ThrowIfNull(TimeProvider);
    }
}

using System;

namespace Flint.Coap;

/// <summary>The limits of a <see cref="DeviceEventHub"/> (docs/spec/device-mapping.md section 6).</summary>
public sealed class DeviceEventHubOptions
{
    /// <summary>How many of the newest public events are remembered, each no longer than it lives.</summary>
    public int MaxRemembered { get; init; } = 256;

    /// <summary>How many events wait for one subscriber of the program; then the oldest gives way.</summary>
    public int QueueLength { get; init; } = 128;

    /// <summary>How many subscribers the program may have.</summary>
    public int MaxSubscribers { get; init; } = 1024;

    /// <summary>The longest time to live; a longer one is cut.</summary>
    public TimeSpan MaxTimeToLive { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How much one peer may publish; beyond it, 4.29.</summary>
    public CoapPeerLimits PublisherLimits { get; init; } = new() { RequestsPerSecond = 10, Burst = 100 };

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Checks the values; <see cref="DeviceEventHub"/> calls it.</summary>
    /// <exception cref="ArgumentException">A limit is not positive.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRemembered, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(QueueLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSubscribers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(MaxTimeToLive, TimeSpan.Zero);
        ArgumentNullException.ThrowIfNull(PublisherLimits);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        PublisherLimits.Validate();
    }
}

using System;

namespace Flint.Coap;

/// <summary>The bounds of <see cref="CoapObservers"/>, and how notifications are sent.</summary>
public sealed class CoapObserversOptions
{
    /// <summary>How many observers are kept. Who comes later is answered without being added (RFC 7641 section 4.1).</summary>
    public int MaxObservers { get; init; } = 65536;

    /// <summary>The same for one peer.</summary>
    public int MaxObserversPerPeer { get; init; } = 64;

    /// <summary>How many resources can be observed.</summary>
    public int MaxResources { get; init; } = 65536;

    /// <summary>Every so many notifications to an observer, one is confirmable (RFC 7641 section 4.5). 1: every one.</summary>
    public int ConfirmableEvery { get; init; } = 10;

    /// <summary>After this time without one, a notification is confirmable; at most 24 hours (RFC 7641 section 4.5).</summary>
    public TimeSpan ConfirmableAfter { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The least time between two non-confirmable notifications to an observer: 3 s where the round-trip time is not known (RFC 7641 section 4.5.1).</summary>
    public TimeSpan NonConfirmableInterval { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The first number of each resource, 0 to 2^24 - 1. Taken from a clock, it goes on where a server that restarts has left off.</summary>
    public int FirstSequence { get; init; } = 1;

    /// <summary>Checks every value against its range; <see cref="CoapObservers"/> calls it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value lies outside.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxObservers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxObserversPerPeer, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxResources, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(ConfirmableEvery, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ConfirmableAfter, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ConfirmableAfter, TimeSpan.FromHours(24));
        ArgumentOutOfRangeException.ThrowIfLessThan(NonConfirmableInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(FirstSequence);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(FirstSequence, MaxSequence);
    }

    // Specification: RFC 7641 section 2.
    internal const int MaxSequence = (1 << 24) - 1;
}

namespace Flint.Testing;

/// <summary>What a <see cref="VirtualNetwork"/> does to datagrams. Probabilities lie between 0 and 1.</summary>
public sealed record VirtualNetworkFaults
{
    /// <summary>The probability that a datagram is lost.</summary>
    public double Loss { get; init; }

    /// <summary>The probability that a datagram arrives twice.</summary>
    public double Duplication { get; init; }

    /// <summary>The probability that one bit of a datagram is flipped.</summary>
    public double Corruption { get; init; }

    /// <summary>Whether each datagram goes with the checksum of UDP (RFC 1071), and one that arrives with another is dropped, as a system's network stack does.</summary>
    public bool Checksummed { get; init; }

    /// <summary>The least time on the way.</summary>
    public TimeSpan MinDelay { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>The greatest time on the way; above the least, datagrams overtake each other.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMilliseconds(10);
}

namespace Flint.Benchmarks.Ratios;

/// <summary>
/// One operation, timed against the physical limit and a peer in the same run. Each delegate does the operation
/// <c>n</c> times; what it computes must be consumed, so that the compiler keeps it.
/// </summary>
/// <param name="Group">The package, for example "Coap".</param>
/// <param name="Operation">What is done, for example "decode GET".</param>
/// <param name="Ours">Our code.</param>
/// <param name="LimitName">What the physical limit is, for example "bare AES-GCM".</param>
/// <param name="Limit">The physical limit.</param>
public sealed record RatioCase(string Group, string Operation, Action<int> Ours, string LimitName, Action<int> Limit)
{
    /// <summary>What the peer is, where there is one.</summary>
    public string? PeerName { get; init; }

    /// <summary>The same operation by the peer, where there is one.</summary>
    public Action<int>? Peer { get; init; }

    /// <summary>The ticks that ours has spent so far on what has to be there before each operation; they are not counted.</summary>
    public Func<long>? Aside { get; init; }

    /// <summary>The most that ours may cost, as a multiple of the limit; printed beside the ratio, never a reason to fail (machines are noisy).</summary>
    public double? Bar { get; init; }

    /// <summary>Bytes that one operation may allocate; one byte more and the run fails. Null: allocations are printed only.</summary>
    public double? AllocationBar { get; init; } = 0;

    /// <summary>How long a round is. All rounds of a case together take the same time: the shorter they are, the more there are.</summary>
    public double RoundMilliseconds { get; init; } = 4;

    /// <summary>Whether other threads take part in the operation, so that what the whole process allocates counts.</summary>
    public bool RunsOnSeveralThreads { get; init; }
}

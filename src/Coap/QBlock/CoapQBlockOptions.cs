using System;

namespace Flint.Coap;

/// <summary>
/// Bodies in bursts of non-confirmable messages (Q-Block, RFC 9177): the parameters of its section 7.2 and the bounds of the stores. A server takes part whenever it is asked; a client asks only where
/// <see cref="Use"/> says so. Both sides must have the same <see cref="MaxPayloads"/>.
/// </summary>
public sealed class CoapQBlockOptions
{
    /// <summary>
    /// Whether a client uses Q-Block for bodies larger than a block and for GET and FETCH. It asks the server first, with a confirmable request, and does without where the server does not know it
    /// (section 4.1). Off: worth it where much is lost, or the round trip is long.
    /// </summary>
    public bool Use { get; init; }

    /// <summary>MAX_PAYLOADS: how many messages are sent at once.</summary>
    public int MaxPayloads { get; init; } = 10;

    /// <summary>NON_TIMEOUT: the least pause after a set of MAX_PAYLOADS that the other side does not confirm.</summary>
    public TimeSpan NonTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>ACK_RANDOM_FACTOR: NON_TIMEOUT_RANDOM lies between NON_TIMEOUT and this many times NON_TIMEOUT.</summary>
    public double RandomFactor { get; init; } = 1.5;

    /// <summary>NON_RECEIVE_TIMEOUT: how long to wait for a missing message before it is asked for; doubled each time. At least a second above NON_TIMEOUT_RANDOM.</summary>
    public TimeSpan NonReceiveTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>NON_MAX_RETRANSMIT: how often something is asked for without an answer.</summary>
    public int NonMaxRetransmit { get; init; } = 4;

    /// <summary>MAX_LATENCY (RFC 7252 section 4.8.2).</summary>
    public TimeSpan MaxLatency { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>How many bodies may be arriving at a server, and how many it may be sending. Beyond: 5.03.</summary>
    public int MaxBodies { get; init; } = 64;

    /// <summary>The same for one peer.</summary>
    public int MaxBodiesPerPeer { get; init; } = 4;

    /// <summary>How many bytes the bodies that are arriving may have together, as their Size1 tells, and as many those that are being sent. Beyond: 5.03.</summary>
    public long MaxBytes { get; init; } = 64L << 20;

    /// <summary>
    /// How many answers to bodies that have arrived a server remembers, so that nothing is acted on twice. When there are so many, those to idempotent methods are forgotten; without any of these, new
    /// bodies are refused with 5.03.
    /// </summary>
    public int MaxAnswered { get; init; } = 1024;

    /// <summary>For how long an answer is remembered: as long as NON_PARTIAL_TIMEOUT, and as a sender may repeat a block.</summary>
    internal TimeSpan AnswerTimeout
    {
        get
        {
            TimeSpan repeating = (NonReceiveTimeout * (1 << NonMaxRetransmit)) + (2 * MaxLatency);
            return repeating > NonPartialTimeout ? repeating : NonPartialTimeout;
        }
    }

    /// <summary>NON_PARTIAL_TIMEOUT: how long a part of a body is kept (section 7.2).</summary>
    public TimeSpan NonPartialTimeout => Span + (2 * MaxLatency) + NonTimeout;

    /// <summary>NON_PROBING_WAIT: for how long at most a peer that did not answer is sent no other body in bursts (section 7.2). The greatest value that chance gives it.</summary>
    public TimeSpan NonProbingWait => Span + (2 * MaxLatency) + (NonTimeout * RandomFactor);

    private TimeSpan Span => NonTimeout * ((1 << NonMaxRetransmit) - 1) * RandomFactor;

    /// <summary>Checks every value against its range; whoever takes the options calls it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value lies outside.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxPayloads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxPayloads, MostPayloads);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(NonTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(NonTimeout, TimeSpan.FromHours(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(RandomFactor, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(RandomFactor, MostRandomFactor);
        ArgumentOutOfRangeException.ThrowIfLessThan(NonReceiveTimeout, (NonTimeout * RandomFactor) + TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(NonReceiveTimeout, TimeSpan.FromHours(1));
        ArgumentOutOfRangeException.ThrowIfNegative(NonMaxRetransmit);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(NonMaxRetransmit, MostRetransmit);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxLatency, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxLatency, TimeSpan.FromDays(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBodies, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBodiesPerPeer, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBytes, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxAnswered, 1);
    }

    // Implementation.
    private const int MostPayloads = 64;
    private const int MostRandomFactor = 16;
    private const int MostRetransmit = 16;
}

using System;

namespace Flint.Coap;

/// <summary>The transmission parameters of RFC 7252 section 4.8 and the bounds of every store of a <see cref="CoapMessageLayer"/>.</summary>
public sealed class CoapMessageLayerOptions
{
    /// <summary>ACK_TIMEOUT: the least time before the first retransmission. At least 1 s is asked for on the open internet (section 4.8.1).</summary>
    public TimeSpan AckTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>ACK_RANDOM_FACTOR: the first time-out lies between ACK_TIMEOUT and this many times ACK_TIMEOUT. 1 to 16.</summary>
    public double AckRandomFactor { get; init; } = 1.5;

    /// <summary>MAX_RETRANSMIT: how often a confirmable message is sent again, 0 to 16.</summary>
    public int MaxRetransmit { get; init; } = 4;

    /// <summary>NSTART: how many interactions may be outstanding with one peer; the others wait (section 4.7). More than 1 leaves congestion control to the caller.</summary>
    public int NStart { get; init; } = 1;

    /// <summary>
    /// PROBING_RATE in bytes a second: a non-confirmable request that is not answered stops counting as outstanding when its bytes have been
    /// sent at this rate (section 4.7).
    /// </summary>
    public int ProbingRate { get; init; } = 1;

    /// <summary>MAX_LATENCY: the longest that a datagram is expected to be on its way (section 4.8.2).</summary>
    public TimeSpan MaxLatency { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>How long a handler may take before its request is acknowledged by itself and its response becomes a separate one (section 5.2.2). Below ACK_TIMEOUT.</summary>
    public TimeSpan AcknowledgementDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Leisure: a response to a multicast request is sent after a random part of this time (section 8.2).</summary>
    public TimeSpan Leisure { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest datagram that is sent, in bytes (section 4.6).</summary>
    public int MaxMessageSize { get; init; } = 1152;

    /// <summary>The longest token that is accepted; more than 8 only with RFC 8974.</summary>
    public int MaxTokenLength { get; init; } = CoapHeader.MaxTokenLength;

    /// <summary>How many peers are known at a time.</summary>
    public int MaxPeers { get; init; } = 65536;

    /// <summary>How many messages may be under way: requests without a response, confirmable responses without an acknowledgement.</summary>
    public int MaxSends { get; init; } = 4096;

    /// <summary>The same for one peer, those that wait for NSTART among them.</summary>
    public int MaxSendsPerPeer { get; init; } = 64;

    /// <summary>How many requests may be waiting for their handlers.</summary>
    public int MaxExchanges { get; init; } = 4096;

    /// <summary>The same for one peer.</summary>
    public int MaxExchangesPerPeer { get; init; } = 256;

    /// <summary>
    /// How many bytes the memory of requests with other than idempotent methods may take. Nothing is forgotten before its time (section 4.5):
    /// when it is full, such requests are refused with 5.03. 32 MiB remember 262144 of them: 1000 a second for EXCHANGE_LIFETIME. Memory grows as it is needed.
    /// </summary>
    public int DeduplicationBytes { get; init; } = 32 << 20;

    /// <summary>How many of those requests one peer may have in that memory.</summary>
    public int MaxDeduplicatedPerPeer { get; init; } = 16384;

    /// <summary>How many bytes the memory of requests with idempotent methods, and of responses, may take. When it is full, the oldest is forgotten (section 4.5).</summary>
    public int IdempotentDeduplicationBytes { get; init; } = 2 << 20;

    /// <summary>How many bytes of datagrams may wait to be taken.</summary>
    public int MaxOutputBytes { get; init; } = 256 << 10;

    /// <summary>Which critical options are understood in responses; others cause the response to be rejected (section 5.4.1).</summary>
    public Func<CoapOptionNumber, bool> IsRecognized { get; init; } = static number => number
        is CoapOptionNumber.IfMatch or CoapOptionNumber.UriHost or CoapOptionNumber.IfNoneMatch or CoapOptionNumber.UriPort
        or CoapOptionNumber.UriPath or CoapOptionNumber.UriQuery or CoapOptionNumber.Accept or CoapOptionNumber.Block1
        or CoapOptionNumber.Block2 or CoapOptionNumber.ProxyUri or CoapOptionNumber.ProxyScheme;

    /// <summary>MAX_TRANSMIT_SPAN: from the first transmission of a confirmable message to its last (section 4.8.2).</summary>
    public TimeSpan MaxTransmitSpan => AckTimeout * ((1 << MaxRetransmit) - 1) * AckRandomFactor;

    /// <summary>MAX_TRANSMIT_WAIT: from the first transmission of a confirmable message to giving up (section 4.8.2).</summary>
    public TimeSpan MaxTransmitWait => AckTimeout * ((2 << MaxRetransmit) - 1) * AckRandomFactor;

    /// <summary>EXCHANGE_LIFETIME: how long a message id may still be met, and is not used again (section 4.8.2).</summary>
    public TimeSpan ExchangeLifetime => MaxTransmitSpan + (2 * MaxLatency) + AckTimeout;

    /// <summary>NON_LIFETIME: the same for a non-confirmable message (section 4.8.2).</summary>
    public TimeSpan NonLifetime => MaxTransmitSpan + MaxLatency;

    /// <summary>Checks every value against its range; the layer calls it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value lies outside.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(AckTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(AckTimeout, TimeSpan.FromHours(1));
        ThrowIfOutside(AckRandomFactor, 1, 16, nameof(AckRandomFactor));
        ThrowIfOutside(MaxRetransmit, 0, 16, nameof(MaxRetransmit));
        ThrowIfOutside(NStart, 1, ushort.MaxValue, nameof(NStart));
        ThrowIfOutside(ProbingRate, 1, int.MaxValue, nameof(ProbingRate));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxLatency, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxLatency, TimeSpan.FromDays(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(AcknowledgementDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(AcknowledgementDelay, AckTimeout);
        ArgumentOutOfRangeException.ThrowIfLessThan(Leisure, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Leisure, TimeSpan.FromHours(1));
        ThrowIfOutside(MaxTokenLength, 0, LongestToken, nameof(MaxTokenLength));
        ThrowIfOutside(MaxMessageSize, CoapHeader.Length + Math.Max(MaxTokenLength, CoapHeader.MaxTokenLength), ushort.MaxValue, nameof(MaxMessageSize));
        ThrowIfOutside(MaxPeers, 1, MaxTable, nameof(MaxPeers));
        ThrowIfOutside(MaxSends, 1, MaxTable, nameof(MaxSends));
        ThrowIfOutside(MaxSendsPerPeer, 1, MaxTable, nameof(MaxSendsPerPeer));
        ThrowIfOutside(MaxExchanges, 1, MaxTable, nameof(MaxExchanges));
        ThrowIfOutside(MaxExchangesPerPeer, 1, MaxTable, nameof(MaxExchangesPerPeer));
        ThrowIfOutside(MaxDeduplicatedPerPeer, 1, MaxTable, nameof(MaxDeduplicatedPerPeer));
        ThrowIfOutside(DeduplicationBytes, 16 * MaxMessageSize, MaxStore, nameof(DeduplicationBytes));
        ThrowIfOutside(IdempotentDeduplicationBytes, 16 * MaxMessageSize, MaxStore, nameof(IdempotentDeduplicationBytes));
        ThrowIfOutside(MaxOutputBytes, 2 * MaxMessageSize, MaxStore, nameof(MaxOutputBytes));
        ArgumentNullException.ThrowIfNull(IsRecognized);
    }

    private static void ThrowIfOutside<T>(T value, T least, T most, string name)
        where T : IComparable<T>
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, most, name);
    }

    // Implementation.
    private const int LongestToken = 1024;
    private const int MaxTable = 1 << 24;
    private const int MaxStore = 1 << 30;
}

using System;
using System.Collections.Generic;

namespace Flint.Coap;

/// <summary>The limits and the surroundings of a <see cref="CoapConnection"/>.</summary>
public sealed class CoapConnectionOptions
{
    /// <summary>The largest message that is accepted and sent, in bytes, header included: our Max-Message-Size (RFC 8323 section 5.3.1).</summary>
    public int MaxMessageSize { get; init; } = 64 * 1024;

    /// <summary>Requests of ours that wait for a response at the same time; more wait for their turn.</summary>
    public int MaxRequestsInFlight { get; init; } = 32;

    /// <summary>
    /// Requests of the peer that are handled at the same time. At the limit the connection stops reading, or, while requests of our own wait for responses
    /// that have to be read, answers 5.03.
    /// </summary>
    public int MaxHandlers { get; init; } = 32;

    /// <summary>How large a body in memory may become that arrives in blocks, of a request or of a response (RFC 7959). A body that is read or written in parts has no limit here.</summary>
    public long MaxBody { get; init; } = 16L << 20;

    /// <summary>How many bodies of the peer may be arriving in blocks at the same time, and how many large responses are kept for it until their last block is asked for.</summary>
    public int MaxBodies { get; init; } = 8;

    /// <summary>The most bytes of large responses that are kept until their last block is asked for; a body that is read in parts (<see cref="CoapMessage.Body"/>) counts nothing.</summary>
    public long MaxServedBytes { get; init; } = 16L << 20;

    /// <summary>How long the peer may take from one block of a body to the next.</summary>
    public TimeSpan BodyTimeout { get; init; } = TimeSpan.FromSeconds(247);

    /// <summary>How many resources the peer may observe at the same time (RFC 7641); a request for more is answered without being added.</summary>
    public int MaxObservers { get; init; } = 64;

    /// <summary>How many resources of the peer this end may observe at the same time.</summary>
    public int MaxObservations { get; init; } = 64;

    /// <summary>How long a request waits for its response.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the peer may take until its CSM.</summary>
    public TimeSpan CsmTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the transport may take to accept a message before the connection counts as lost.</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a graceful close waits for what is under way.</summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Accept a peer that begins without a CSM, against RFC 8323 section 5.3; some old ones do.</summary>
    public bool AllowMissingCsm { get; init; }

    /// <summary>Answers the peer's requests; null answers 4.04 to each.</summary>
    public CoapHandler? Handler { get; init; }

    /// <summary>
    /// The router that the handler passes its requests to, where the handler is not its <see cref="CoapRouter.HandleAsync"/> itself: its routes say which bodies are read as they come
    /// (<see cref="CoapRouter.MapUpload"/>). The handler passes on the very request that it was given.
    /// </summary>
    public CoapRouter? Router { get; init; }

    /// <summary>Who the peer is, for handlers.</summary>
    public ICoapPeer Peer { get; init; } = CoapPeer.Anonymous;

    /// <summary>
    /// Critical options that the handler understands, besides Uri-Host, Uri-Port, Uri-Path, Uri-Query, Accept, Block1 and Block2. A request with any other critical option is
    /// answered 4.02 and does not reach the handler (RFC 7252 section 5.4.1).
    /// </summary>
    public IReadOnlySet<CoapOptionNumber> CriticalOptions { get; init; } = new HashSet<CoapOptionNumber>();

    /// <summary>Told about each exception that a handler threw; the peer gets 5.00 without details.</summary>
    public Action<CoapRequest, Exception>? HandlerFailed { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Checks the values; <see cref="CoapConnection.Start"/> calls it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A limit is not positive, or Max-Message-Size is below the base value 1152.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxMessageSize, CoapTcpLimits.BaseMaxMessageSize);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRequestsInFlight, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxHandlers, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxBody);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBodies, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxServedBytes);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(BodyTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxObservers);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxObservations);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RequestTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CsmTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(SendTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CloseTimeout, TimeSpan.Zero);
    }
}

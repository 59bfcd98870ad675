namespace Flint.Coap;

/// <summary>What a <see cref="CoapMessageLayer"/> has counted since it was made.</summary>
public sealed class CoapMessageCounters
{
    private readonly long[] _malformed = new long[(int)CoapReadStatus.MessageTooLarge + 1];

    /// <summary>Datagrams that came in.</summary>
    public long Received { get; internal set; }

    /// <summary>Datagrams from a peer that the layer does not know (any more).</summary>
    public long FromUnknownPeer { get; internal set; }

    /// <summary>Messages that had been received before (RFC 7252 section 4.5).</summary>
    public long Duplicates { get; internal set; }

    /// <summary>Responses, acknowledgements and resets that belong to nothing under way.</summary>
    public long Unmatched { get; internal set; }

    /// <summary>Responses rejected for a critical option (RFC 7252 section 5.4.1).</summary>
    public long Unrecognized { get; internal set; }

    /// <summary>Requests refused with 4.29 or 5.03, or in silence, because a limit was reached.</summary>
    public long Refused { get; internal set; }

    /// <summary>Confirmable messages sent again.</summary>
    public long Retransmissions { get; internal set; }

    /// <summary>Empty acknowledgements sent.</summary>
    public long Acknowledgements { get; internal set; }

    /// <summary>Resets sent.</summary>
    public long Resets { get; internal set; }

    /// <summary>Datagrams that could not be given out, because earlier ones were not taken.</summary>
    public long OutputDropped { get; internal set; }

    /// <summary>How many malformed datagrams had the fault <paramref name="status"/>.</summary>
    public long Malformed(CoapReadStatus status) => _malformed[(int)status];

    internal void CountMalformed(CoapReadStatus status) => _malformed[(int)status]++;
}

using System.Linq;

namespace Flint.Coap;

/// <summary>What an endpoint has counted (by status of a malformed datagram, and in all), and what it holds.</summary>
internal readonly record struct CoapEndpointFigures(
    long[] Malformed, long Retransmissions, long Duplicates, long Refused, long Exchanges, long Observers, long Bodies, long Peers)
{
    /// <summary>Nothing.</summary>
    public static CoapEndpointFigures None { get; } = new(new long[Kinds], 0, 0, 0, 0, 0, 0, 0);

    public CoapEndpointFigures Plus(in CoapEndpointFigures other) => new(
        [.. Malformed.Zip(other.Malformed, (a, b) => a + b)],
        Retransmissions + other.Retransmissions,
        Duplicates + other.Duplicates,
        Refused + other.Refused,
        Exchanges + other.Exchanges,
        Observers + other.Observers,
        Bodies + other.Bodies,
        Peers + other.Peers);

    /// <summary>What was counted, of an endpoint that holds nothing any more.</summary>
    public CoapEndpointFigures WithoutStores() => this with { Exchanges = 0, Observers = 0, Bodies = 0, Peers = 0 };

    public const int Kinds = (int)CoapReadStatus.MessageTooLarge + 1;
}

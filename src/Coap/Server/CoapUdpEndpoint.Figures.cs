using System.Linq;

namespace Flint.Coap;

// What the meter wants to know, looked at only when it asks.
internal sealed partial class CoapUdpEndpoint
{
    public CoapEndpointFigures Figures()
    {
        lock (_gate)
        {
            CoapMessageCounters counters = _layer.Counters;
            return new CoapEndpointFigures(
                [.. Enumerable.Range(0, CoapEndpointFigures.Kinds).Select(status => counters.Malformed((CoapReadStatus)status))],
                counters.Retransmissions,
                counters.Duplicates,
                counters.Refused,
                _layer.SendCount + _layer.ExchangeCount,
                _observers.Count,
                _bodies?.Count ?? 0,
                _layer.PeerCount);
        }
    }
}

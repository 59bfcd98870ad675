namespace Flint.Coap;

/// <summary>A request that arrived and is to be answered: what <see cref="CoapMessageLayer"/> gives for it. Valid until it is answered.</summary>
public readonly record struct CoapExchangeHandle
{
    internal CoapExchangeHandle(int index, uint version)
    {
        Index = index;
        Version = version;
    }

    /// <summary>The place in the layer's table, from 0; reused after the exchange is over. A caller may use it as an index of its own.</summary>
    public int Index { get; }

    internal uint Version { get; }
}

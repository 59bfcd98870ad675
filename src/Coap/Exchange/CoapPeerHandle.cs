namespace Flint.Coap;

/// <summary>
/// A peer as a <see cref="CoapMessageLayer"/> knows it: opaque, and valid until the peer is removed. Which address or which authenticated
/// identity stands behind it is the caller's affair, so that a peer may change its address and stay the same peer.
/// </summary>
public readonly record struct CoapPeerHandle
{
    internal CoapPeerHandle(int index, uint generation)
    {
        Index = index;
        Generation = generation;
    }

    /// <summary>The place in the layer's table, from 0; reused after the peer is removed. A caller may use it as an index of its own.</summary>
    public int Index { get; }

    /// <summary>Tells apart the peers that had this place one after another; never 0 for a handle that a layer gave.</summary>
    internal uint Generation { get; }
}

namespace Flint.Coap;

/// <summary>A message on its way out that <see cref="CoapMessageLayer"/> watches over: a request, or a confirmable response. Valid until it ends.</summary>
public readonly record struct CoapSendHandle
{
    internal CoapSendHandle(int index, uint version)
    {
        Index = index;
        Version = version;
    }

    /// <summary>The place in the layer's table, from 0; reused after the message has ended. A caller may use it as an index of its own.</summary>
    public int Index { get; }

    internal uint Version { get; }
}

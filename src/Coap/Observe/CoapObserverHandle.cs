namespace Flint.Coap;

/// <summary>An observer that <see cref="CoapObservers"/> keeps. Valid until it is removed.</summary>
public readonly record struct CoapObserverHandle
{
    internal CoapObserverHandle(int index, uint version)
    {
        Index = index;
        Version = version;
    }

    /// <summary>The place in the table, from 0; reused after the observer is removed. A caller may use it as an index of its own.</summary>
    public int Index { get; }

    internal uint Version { get; }
}

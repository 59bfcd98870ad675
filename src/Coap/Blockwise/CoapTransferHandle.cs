namespace Flint.Coap;

/// <summary>A body that arrives in blocks, in <see cref="CoapUploads"/>. Valid until it is complete or abandoned.</summary>
public readonly record struct CoapTransferHandle
{
    internal CoapTransferHandle(int index, uint version)
    {
        Index = index;
        Version = version;
    }

    /// <summary>The place in the table, from 0; reused after the transfer is over.</summary>
    public int Index { get; }

    internal uint Version { get; }
}

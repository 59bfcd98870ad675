namespace Flint.Coap;

/// <summary>The limits and parameters of a <see cref="CoapClient"/>, for each transport.</summary>
public sealed class CoapClientOptions
{
    /// <summary>Over UDP.</summary>
    public CoapUdpOptions Udp { get; init; } = new();

    /// <summary>Over TCP.</summary>
    public CoapConnectionOptions Tcp { get; init; } = new();
}

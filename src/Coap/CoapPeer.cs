namespace Flint.Coap;

/// <summary>A peer that is known by nothing but a name.</summary>
/// <param name="Identity">The name.</param>
public sealed record CoapPeer(string Identity) : ICoapPeer
{
    /// <summary>The peer of a transport whose owner named none.</summary>
    public static ICoapPeer Anonymous { get; } = new CoapPeer("anonymous");
}

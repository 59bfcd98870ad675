using System.Net;

namespace Flint.Coap;

/// <summary>A peer that is known by nothing but the address its datagrams come from. Nobody has shown who is there: an address can be forged, and changes behind NAT.</summary>
public sealed class CoapUdpPeer : ICoapPeer
{
    private string? _identity;

    internal CoapUdpPeer(IPEndPoint address) => Address = address;

    /// <summary>The address.</summary>
    public IPEndPoint Address { get; }

    /// <summary>The address as text, such as "[2001:db8::1]:5683".</summary>
    public string Identity => _identity ??= Address.ToString();
}

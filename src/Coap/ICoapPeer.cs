namespace Flint.Coap;

/// <summary>
/// Who is at the other end. The owner of the transport supplies it: an authenticated device, a certificate, an address.
/// It is never an IP endpoint by itself, because devices change theirs behind NAT.
/// </summary>
public interface ICoapPeer
{
    /// <summary>A name for logs and for keys of dictionaries; the same peer has the same name on each of its connections.</summary>
    string Identity { get; }
}

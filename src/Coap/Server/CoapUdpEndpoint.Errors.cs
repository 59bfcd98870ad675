using System;
using System.Net;
using System.Net.Sockets;

namespace Flint.Coap;

// What the network reports (RFC 7252 section 4.2): a peer that cannot be reached.
internal sealed partial class CoapUdpEndpoint
{
    private readonly byte[] _quoted = new byte[MaxQuoted];
    private bool _hasErrors;

    /// <summary>The receiving or the sending of a datagram failed, which tells of one that was sent before. Under the lock.</summary>
    private void OnSocketError(TimeSpan now)
    {
        _hasErrors = false;
        if (_only is not null)
        {
            // The system has held the error against both addresses and ports.
            if (_peers.TryGetValue(_only, out CoapPeerHandle only))
            {
                OnUnreachable(only, now);
            }
        }
        else if (_errors is not null)
        {
            TakeErrors(_errors, now);
        }
    }

    /// <summary>Takes the errors that wait with the socket: to whom the datagram went, and how it began. Bounded, since each of them costs a system call under the lock.</summary>
    private void TakeErrors(Socket errors, TimeSpan now)
    {
        var address = new SocketAddress(errors.AddressFamily);
        try
        {
            for (int i = 0; i < MaxErrorsAtOnce && errors.Poll(0, SelectMode.SelectError); i++)
            {
                address.Size = address.Buffer.Length;
                int length = errors.ReceiveFrom(_quoted, CoapUdpSocket.ErrorQueue, address);
                if (_peers.TryGetValue(address, out CoapPeerHandle peer) && IsOurs(peer, _quoted.AsSpan(0, length)))
                {
                    OnUnreachable(peer, now);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The queue was empty after all.
        }
    }

    /// <summary>
    /// [C-141] An ICMP error counts only if it quotes a message that is under way to that peer, or one of the last notifications: anybody can make one up who knows no more than two addresses.
    /// </summary>
    private bool IsOurs(CoapPeerHandle peer, ReadOnlySpan<byte> quoted) =>
        CoapHeader.TryRead(quoted, out CoapHeader header) == CoapReadStatus.Ok
        && (_layer.IsUnderWay(peer, header.MessageId) || _observers.HasSent(peer, header.MessageId) || _burstsOut.HasSent(peer, header.MessageId));

    private void OnUnreachable(CoapPeerHandle peer, TimeSpan now)
    {
        _layer.OnUnreachable(peer, now);
        _observers.RemovePeer(peer);
        _bodies?.RemovePeer(peer);
        _burstsIn.RemovePeer(peer);
        _burstsOut.RemovePeer(peer);
    }

    // Implementation.
    private const int MaxQuoted = 1280;
    private const int MaxErrorsAtOnce = 64;
}

using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;

namespace Flint.Coap;

// Groups, on both sides (RFC 7252 section 8).
internal sealed partial class CoapUdpEndpoint
{
    /// <summary>
    /// Sends a request to a group and gives every response that comes within the time. Those that come in blocks are completed from their senders (RFC 7959 section 2.8).
    /// </summary>
    public async IAsyncEnumerable<CoapMulticastResponse> RequestGroupAsync(
        IPEndPoint group, CoapRequest request, TimeSpan time, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var pending = new PendingGroup(this);
        CoapSendHandle handle = BeginGroup(group.Serialize(), request, pending, time);
        try
        {
            await foreach ((CoapUdpPeer peer, SocketAddress address, CoapResponse response) in pending.Responses.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return new CoapMulticastResponse(peer, await CompleteAsync(address, request, response, cancellationToken).ConfigureAwait(false));
            }
        }
        finally
        {
            lock (_gate)
            {
                _layer.Cancel(handle, Now());
                Drain();
            }
        }
    }

    /// <summary>Asks one of the group alone: for the rest of its response, or with the value that it wants to see before it sends much (RFC 9175).</summary>
    private async Task<CoapResponse> CompleteAsync(SocketAddress address, CoapRequest request, CoapResponse response, CancellationToken cancellationToken)
    {
        if (response.Code == CoapCode.Unauthorized && WithEcho(request, response.Options.View) is CoapRequest again)
        {
            response = await ExchangeOnceAsync(address, again.AsConfirmable(), cancellationToken).ConfigureAwait(false);
        }

        return await CoapBodyTransfer.CompleteAsync(
            request, response, _options.BlockSizes, part => ExchangeAsync(address, part.AsConfirmable(), cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    private CoapSendHandle BeginGroup(SocketAddress address, CoapRequest request, PendingGroup pending, TimeSpan time)
    {
        lock (_gate)
        {
            TimeSpan now = Now();
            if (!_layer.TryAddGroup(now, out CoapPeerHandle group))
            {
                throw new CoapException(CoapError.TooManyRequests, "The request could not be sent: too many peers.");
            }

            Place(group, new PeerPlace { Address = address });
            if (!request.TryWriteDatagram(_outgoing, CoapType.NonConfirmable, request.Method, pending.Token, out int length))
            {
                throw new CoapException(CoapError.MessageTooLarge, $"The request is larger than a datagram of {_outgoing.Length} bytes.");
            }

            CoapSendStatus status = _layer.TryRequest(group, _outgoing.AsSpan(0, length), keepOpen: true, time, pending, now, out CoapSendHandle handle);
            Drain();
            return status == CoapSendStatus.Ok
                ? handle
                : throw new CoapException(CoapError.TooManyRequests, $"The request could not be sent: {status}.");
        }
    }

    /// <summary>Receives with the address that a datagram was sent to, which alone tells a request to a group from one to this server.</summary>
    private void ReceiveWithGroups(byte[] buffer)
    {
        EndPoint from = _socket.AddressFamily == AddressFamily.InterNetworkV6 ? AnyV6 : AnyV4;
        SocketFlags flags = SocketFlags.None;
        int length = _socket.ReceiveMessageFrom(buffer, ref flags, ref from, out IPPacketInformation information);
        bool multicast = information.Address is IPAddress to && CoapMulticastGroup.Contains(to);
        OnDatagram(buffer.AsSpan(0, length), from.Serialize(), multicast);
    }

    /// <summary>Bodies in blocks and observations are between two (RFC 7959 section 2.8, RFC 7641 section 4.1): of a request to a group nothing is kept but its exchange.</summary>
    private IncomingRequest? BeginMulticast(IncomingRequest incoming, TimeSpan now)
    {
        if ((_options.Echo.BeforeUnsafeMethods && !incoming.Request.Method.IsSafe() && !IsVerified(incoming.Request.Options.View, incoming.Peer, now))
            || incoming.Request.Options.TryFind(CoapOptionNumber.Block1, out _) || incoming.Request.Options.TryFind(CoapOptionNumber.QBlock1, out _)
            || incoming.Request.Options.TryFind(CoapOptionNumber.QBlock2, out _))
        {
            _layer.RespondNothing(incoming.Exchange, now);
            Free(incoming);
            return null;
        }

        incoming.Request.Options.Remove(CoapOptionNumber.Observe);
        return incoming;
    }

    /// <summary>Section 8.1: a server need not respond "if it doesn't have anything useful to respond (e.g., if it only has an empty payload or an error response)".</summary>
    private static bool IsOfNoUseToAGroup(CoapResponse response) =>
        !response.Code.IsSuccess() || (response.Code == CoapCode.Content && response.Payload.IsEmpty);

    /// <summary>A request of ours to a group: it takes the responses of all, up to a number, until its time is over.</summary>
    private sealed class PendingGroup(CoapUdpEndpoint endpoint) : PendingExchange
    {
        private readonly Channel<(CoapUdpPeer Peer, SocketAddress Address, CoapResponse Response)> _responses =
            Channel.CreateBounded<(CoapUdpPeer, SocketAddress, CoapResponse)>(new BoundedChannelOptions(MaxResponses) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

        public byte[] Token { get; } = System.Security.Cryptography.RandomNumberGenerator.GetBytes(CoapHeader.MaxTokenLength);

        public ChannelReader<(CoapUdpPeer Peer, SocketAddress Address, CoapResponse Response)> Responses => _responses.Reader;

        public override void OnResponse(in CoapReceived received, TimeSpan now)
        {
            ref PeerPlace place = ref endpoint._places[From.Index];
            _responses.Writer.TryWrite((place.Peer!, place.Address!, Copy(received.Message)));
        }

        public override void OnEnded(CoapEndReason reason)
        {
            // Only its time can be over: nobody acknowledges or resets a request to a group.
            _responses.Writer.TryComplete(reason == CoapEndReason.NoResponse ? null : ExceptionFor(reason));
        }
    }

    // Implementation.
    private const int MaxResponses = 4096;
}

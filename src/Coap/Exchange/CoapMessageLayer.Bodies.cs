using System;

namespace Flint.Coap;

// Bodies in bursts (RFC 9177): many non-confirmable requests that are one interaction.
public sealed partial class CoapMessageLayer
{
    /// <summary>
    /// Opens an interaction of many requests, whose tokens have eight bytes and begin with the same four (RFC 9177 section 6). It does not count against NSTART, since the pace of a body is its own
    /// (section 7.2). Each response is told as <see cref="CoapReceivedKind.Notification"/>, until <see cref="Cancel"/>.
    /// </summary>
    internal CoapSendStatus TryOpenBody(CoapPeerHandle peer, ReadOnlySpan<byte> prefix, object state, TimeSpan now, out CoapSendHandle handle)
    {
        handle = default;
        if (!_peers.Contains(peer))
        {
            return CoapSendStatus.UnknownPeer;
        }

        if (_sends.FindBodyToken(peer, prefix) != SendTable.None)
        {
            return CoapSendStatus.TokenInUse;
        }

        CoapSendStatus status = Open(peer, prefix, CoapSendInput.OpenBody, state, long.MaxValue, now.Ticks, out int place);
        if (status == CoapSendStatus.Ok)
        {
            ref SendEntry entry = ref _sends[place];
            entry.IsKeptOpen = true;
            entry.IsBody = true;
            entry.TakesQBlocks = true;
            entry.WasSent = true;
            _sends.SetBodyToken(place);
            handle = _sends.HandleOf(place);
        }

        return status;
    }

    /// <summary>Sends one of the requests of a body, at once and once.</summary>
    /// <param name="handle">The body.</param>
    /// <param name="request">A whole non-confirmable request, whose token begins as the body's do; its message id is filled in.</param>
    /// <param name="now">Now.</param>
    /// <param name="messageId">Its message id, by which a reset would name it.</param>
    internal CoapSendStatus TrySendOfBody(CoapSendHandle handle, ReadOnlySpan<byte> request, TimeSpan now, out ushort messageId)
    {
        ReadTokenLength(request, true, out _);
        if (!_sends.Contains(handle))
        {
            messageId = 0;
            return CoapSendStatus.UnknownExchange;
        }

        return EmitOnce(_sends[handle.Index].Peer, request, now, out messageId);
    }

    /// <summary>Lets the responses to a request have Q-Block options, which are critical and otherwise not understood.</summary>
    internal void TakeQBlocks(CoapSendHandle handle)
    {
        if (_sends.Contains(handle))
        {
            _sends[handle.Index].TakesQBlocks = true;
        }
    }
}

using System;

namespace Flint.Coap;

// Addresses that show themselves before much is done for them (RFC 9175).
internal sealed partial class CoapUdpEndpoint
{
    private readonly CoapEcho _echo;

    /// <summary>
    /// [C-142] Answers a request with an unsafe method from an address that has not shown itself, before anything is remembered of it. Nor is the answer remembered: whoever asks again is answered again.
    /// </summary>
    /// <returns>Whether the datagram is dealt with.</returns>
    private bool IsAskedToEcho(ReadOnlySpan<byte> datagram, CoapPeerHandle peer, TimeSpan now)
    {
        if (!_options.Echo.BeforeUnsafeMethods || _handler is null
            || CoapMessageReader.TryRead(datagram, _options.MessageLayer.MaxTokenLength, out CoapMessageReader message) != CoapReadStatus.Ok
            || !message.Code.IsRequest() || message.Code.IsSafe() || IsVerified(message.Options, peer, now))
        {
            return false;
        }

        int length = WriteEcho(message.MessageId, message.Token, peer, now);
        if (message.Type == CoapType.Confirmable)
        {
            Send(_places[peer.Index], _outgoing.AsSpan(0, length));
        }
        else
        {
            _layer.TrySendNonConfirmable(peer, _outgoing.AsSpan(0, length), now, out _);
        }

        return true;
    }

    /// <summary>[C-143] Whether a request is to be answered 4.01 before its handler runs: what is observed by a forged address is sent to it again and again.</summary>
    private bool MustEchoToObserve(in CoapReceived received, CoapPeerHandle peer, TimeSpan now) =>
        _options.Echo.MaxAmplification != 0
        && received.Message.Options.TryFind(CoapOptionNumber.Observe, out CoapOption observe) && observe.TryGetUInt32(out uint wish) && wish == Register
        && !IsVerified(received.Message.Options, peer, now);

    /// <summary>[C-143] Whether a response has more bytes than an address may be sent that has not shown itself.</summary>
    private bool IsTooLargeForStranger(IncomingRequest incoming, long responseLength, TimeSpan now)
    {
        int most = _options.Echo.MaxAmplification;
        return most != 0 && incoming.Request.Method.IsSafe()
            && responseLength + LowerHeaders > most * ((long)incoming.DatagramLength + LowerHeaders)
            && !IsVerified(incoming.Request.Options.View, incoming.Peer, now);
    }

    /// <summary>Whether an address receives what is sent to it: it is trusted, has shown itself not long ago, or does so with this request.</summary>
    private bool IsVerified(CoapOptions request, CoapPeerHandle peer, TimeSpan now)
    {
        ref PeerPlace place = ref _places[peer.Index];
        if (place.IsTrusted || now < place.VerifiedUntil)
        {
            return true;
        }

        if (_echo.Check(request, IdentityOf(place), now, _options.Echo.MaxAge) != CoapEchoStatus.Fresh)
        {
            return false;
        }

        place.VerifiedUntil = now + _options.Echo.VerifiedFor;
        return true;
    }

    /// <summary>[C-144] Whether nobody knows if a peer is there at all: such a one gives way where the table of peers is full, so that forged addresses shut nobody out.</summary>
    private bool IsStranger(CoapPeerHandle peer)
    {
        ref PeerPlace place = ref _places[peer.Index];
        return !place.IsTrusted && place.VerifiedUntil == default;
    }

    /// <summary>Writes 4.01 with an Echo option to the place of what goes out next.</summary>
    /// <returns>Its length.</returns>
    private int WriteEcho(ushort messageId, ReadOnlySpan<byte> token, CoapPeerHandle peer, TimeSpan now)
    {
        Span<byte> value = stackalloc byte[CoapEcho.ValueLength];
        _echo.Write(IdentityOf(_places[peer.Index]), now, value);
        var writer = new CoapMessageWriter(_outgoing);
        writer.WriteHeader(CoapType.Acknowledgement, CoapCode.Unauthorized, messageId, token);
        writer.WriteOption(CoapOptionNumber.Echo, value);
        writer.TryComplete(out int length);
        return length;
    }

    private static ReadOnlySpan<byte> IdentityOf(in PeerPlace place) => place.Address!.Buffer.Span[..place.Address.Size];

    /// <summary>Takes the value that a server asks a request to be repeated with (RFC 9175 section 2.3).</summary>
    /// <returns>The same request with it; null where the response asks for nothing.</returns>
    private static CoapRequest? WithEcho(CoapRequest request, CoapOptions response)
    {
        if (!response.TryFind(CoapOptionNumber.Echo, out CoapOption echo) || !CoapOptionNumber.Echo.AllowsLength(echo.Value.Length))
        {
            return null;
        }

        var again = (CoapRequest)request.Copy();
        again.Options.Remove(CoapOptionNumber.Echo);
        again.Options.Add(CoapOptionNumber.Echo, echo.Value);
        return again;
    }

    // Implementation: the headers of IPv4 and UDP, which the smallest datagram has too.
    private const int LowerHeaders = 28;
}

namespace Flint.Coap;

/// <summary>What <see cref="CoapMessageLayer.OnDatagram"/> found: views into the datagram, valid as long as the datagram is unchanged.</summary>
public readonly ref struct CoapReceived
{
    internal CoapReceived(CoapReceivedKind kind, CoapMessageReader message, CoapExchangeHandle exchange = default, CoapSendHandle sent = default, object? state = null)
    {
        Kind = kind;
        Message = message;
        Exchange = exchange;
        Sent = sent;
        State = state;
    }

    /// <summary>What the datagram means.</summary>
    public CoapReceivedKind Kind { get; }

    /// <summary>The message; <c>default</c> where the kind is <see cref="CoapReceivedKind.None"/>.</summary>
    public CoapMessageReader Message { get; }

    /// <summary>The exchange to answer, where the kind is <see cref="CoapReceivedKind.Request"/>.</summary>
    public CoapExchangeHandle Exchange { get; }

    /// <summary>The request that the response belongs to.</summary>
    public CoapSendHandle Sent { get; }

    /// <summary>The caller's own object, as it was given with that request.</summary>
    public object? State { get; }
}

using System;

namespace Flint.Coap;

/// <summary>A notification that is to be sent now. The caller writes it with the state of the resource as it is now, sends it, and tells <see cref="CoapObservers"/>.</summary>
public readonly ref struct CoapNotification
{
    internal CoapNotification(
        CoapObserverHandle observer, CoapPeerHandle peer, ReadOnlySpan<byte> token, int resource, object? state, uint sequence, bool isConfirmable, CoapSendHandle? replaces)
    {
        Observer = observer;
        Peer = peer;
        Token = token;
        Resource = resource;
        State = state;
        Sequence = sequence;
        IsConfirmable = isConfirmable;
        Replaces = replaces;
    }

    /// <summary>For whom.</summary>
    public CoapObserverHandle Observer { get; }

    /// <summary>To whom.</summary>
    public CoapPeerHandle Peer { get; }

    /// <summary>The token of the request; valid until another member of <see cref="CoapObservers"/> is called.</summary>
    public ReadOnlySpan<byte> Token { get; }

    /// <summary>The resource that changed.</summary>
    public int Resource { get; }

    /// <summary>The caller's own object, as it was given at registration.</summary>
    public object? State { get; }

    /// <summary>The value of the Observe option.</summary>
    public uint Sequence { get; }

    /// <summary>Whether it is to be confirmable; then <see cref="CoapObservers.OnSentConfirmable"/> follows, otherwise <see cref="CoapObservers.OnSentNonConfirmable"/>.</summary>
    public bool IsConfirmable { get; }

    /// <summary>The confirmable notification under way whose place it takes: <see cref="CoapMessageLayer.TryReplace"/>, then <see cref="CoapObservers.OnReplaced"/>.</summary>
    public CoapSendHandle? Replaces { get; }
}

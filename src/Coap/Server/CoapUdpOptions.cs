using System;
using System.Collections.Generic;

namespace Flint.Coap;

/// <summary>What a <see cref="CoapServer"/> and a <see cref="CoapClient"/> need to know about CoAP over UDP.</summary>
public sealed class CoapUdpOptions
{
    /// <summary>The transmission parameters and the bounds of every store.</summary>
    public CoapMessageLayerOptions MessageLayer { get; init; } = new();

    /// <summary>How long a request waits for its response, retransmissions included; null for EXCHANGE_LIFETIME (RFC 7252 section 4.8.2).</summary>
    public TimeSpan? RequestTimeout { get; init; }

    /// <summary>A peer that is idle for so long is forgotten, and sooner where there are too many.</summary>
    public TimeSpan IdlePeerTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Answers requests of the server to a <see cref="CoapClient"/>; null rejects each with a reset. A <see cref="CoapServer"/> has its own handler and router.</summary>
    public CoapHandler? Handler { get; init; }

    /// <summary>
    /// The router that the handler passes its requests to, where the handler is not its <see cref="CoapRouter.HandleAsync"/> itself: its routes say which bodies are read as they come
    /// (<see cref="CoapRouter.MapUpload"/>). The handler passes on the very request that it was given.
    /// </summary>
    public CoapRouter? Router { get; init; }

    /// <summary>
    /// Critical options that the handler understands, besides Uri-Host, Uri-Port, Uri-Path, Uri-Query, Accept, Block1 and Block2. A request with any other critical option
    /// does not reach the handler (RFC 7252 section 5.4.1).
    /// </summary>
    public IReadOnlySet<CoapOptionNumber> CriticalOptions { get; init; } = new HashSet<CoapOptionNumber>();

    /// <summary>How large a block may be, and a body that goes or comes in blocks (RFC 7959). A block and its options must fit a datagram.</summary>
    public CoapBlockSizes BlockSizes { get; init; } = CoapBlockSizes.Datagram;

    /// <summary>How many bodies may be arriving in blocks at the same time. Their sizes in it are those of <see cref="BlockSizes"/>.</summary>
    public int MaxUploads { get; init; } = 64;

    /// <summary>The most bytes of large responses that are kept until their last block is asked for; a body that is read in parts (<see cref="CoapMessage.Body"/>) counts nothing.</summary>
    public long MaxServedBytes { get; init; } = 64L << 20;

    /// <summary>When an address must show that it receives what is sent to it, before much is sent to it (RFC 9175).</summary>
    public CoapEchoOptions Echo { get; init; } = new();

    /// <summary>
    /// Multicast groups whose requests a server answers (RFC 7252 section 8): none unless asked for, such as <see cref="CoapMulticastGroup.AllNodes"/>. It must listen at
    /// <see cref="System.Net.IPAddress.Any"/> or <see cref="System.Net.IPAddress.IPv6Any"/>. With groups, receiving a datagram allocates.
    /// </summary>
    public IReadOnlyList<CoapMulticastGroup> Groups { get; init; } = [];

    /// <summary>Bodies in bursts of non-confirmable messages (RFC 9177): a server takes part, a client only where it is told to.</summary>
    public CoapQBlockOptions QBlock { get; init; } = new();

    /// <summary>How many peers may observe, and how often a notification is confirmable (RFC 7641).</summary>
    public CoapObserversOptions Observers { get; init; } = new();

    /// <summary>Told about each exception that a handler threw; the peer gets 5.00 without details.</summary>
    public Action<CoapRequest, Exception>? HandlerFailed { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Checks the values; whoever takes the options calls it.</summary>
    /// <exception cref="ArgumentException">A value lies outside its range, or a group is none.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(MessageLayer);
        MessageLayer.Validate();
        ArgumentNullException.ThrowIfNull(BlockSizes);
        BlockSizes.Validate();
        ArgumentNullException.ThrowIfNull(QBlock);
        QBlock.Validate();
        ArgumentNullException.ThrowIfNull(Echo);
        Echo.Validate();
        ArgumentNullException.ThrowIfNull(Groups);
        foreach (CoapMulticastGroup group in Groups)
        {
            group.Validate();
        }

        ArgumentNullException.ThrowIfNull(Observers);
        Observers.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxUploads, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxServedBytes);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RequestTimeout ?? TimeSpan.MaxValue, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(IdlePeerTimeout, TimeSpan.Zero);
    }
}

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

    /// <summary>Answers requests of the server to a <see cref="CoapClient"/>; null rejects each with a reset. A <see cref="CoapServer"/> has its own handler.</summary>
    public CoapHandler? Handler { get; init; }

    /// <summary>
    /// Critical options that the handler understands, besides Uri-Host, Uri-Port, Uri-Path, Uri-Query and Accept. A request with any other critical option
    /// does not reach the handler (RFC 7252 section 5.4.1).
    /// </summary>
    public IReadOnlySet<CoapOptionNumber> CriticalOptions { get; init; } = new HashSet<CoapOptionNumber>();

    /// <summary>Told about each exception that a handler threw; the peer gets 5.00 without details.</summary>
    public Action<CoapRequest, Exception>? HandlerFailed { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Checks the values; whoever takes the options calls it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A value lies outside its range.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(MessageLayer);
        MessageLayer.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RequestTimeout ?? TimeSpan.MaxValue, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(IdlePeerTimeout, TimeSpan.Zero);
    }
}

using System;
using System.Collections.Generic;

namespace Flint.Coap;

/// <summary>The limits and parameters of a <see cref="CoapClient"/>, for each transport. The client reads them when it connects; they may be set until then, by code or by a container.</summary>
public sealed class CoapClientOptions
{
    /// <summary>Over UDP.</summary>
    public CoapUdpOptions Udp { get; set; } = new();

    /// <summary>Over TCP.</summary>
    public CoapConnectionOptions Tcp { get; set; } = new();

    /// <summary>What stands before the transport: the first sees a request first, and its response last. Events and observations pass none.</summary>
    public IList<CoapFilter> Filters { get; } = [];

    /// <summary>Checks the values; <see cref="CoapClient.ConnectAsync"/> calls it.</summary>
    /// <exception cref="ArgumentException">A value lies outside its range, or is null where it must not be.</exception>
    public void Validate()
    {
        ArgumentNullException.ThrowIfNull(Udp);
        ArgumentNullException.ThrowIfNull(Tcp);
        Udp.Validate();
        Tcp.Validate();
        foreach (CoapFilter filter in Filters)
        {
            ArgumentNullException.ThrowIfNull(filter, nameof(Filters));
        }
    }
}

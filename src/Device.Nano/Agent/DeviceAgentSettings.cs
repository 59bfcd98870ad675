using System;

namespace Flint.Device.Nano;

/// <summary>The agent's times and sizes; the defaults are for a device on the mains with Wi-Fi. All times in milliseconds.</summary>
public sealed class DeviceAgentSettings
{
    /// <summary>The tunnel's settings.</summary>
    public TunnelSettings Tunnel { get; set; } = new TunnelSettings();

    /// <summary>The longest CoAP message that is taken, in bytes: a chunk of 1 KiB with its frame and options. It is RAM.</summary>
    public int MaxMessage { get; set; } = 1152;

    /// <summary>How long a handshake may take, from the connection to Accept.</summary>
    public int HandshakeTimeout { get; set; } = 30000;

    /// <summary>After this silence of the server a Ping goes out; after as much again the connection is given up.</summary>
    public int KeepAlive { get; set; } = 60000;

    /// <summary>The first wait between attempts to connect; it doubles up to <see cref="MaxBackoff"/>, and each is a random part of that [ST-706].</summary>
    public int MinBackoff { get; set; } = 1000;

    /// <summary>The longest wait between attempts to connect.</summary>
    public int MaxBackoff { get; set; } = 600000;

    /// <summary>How often observed variables are read.</summary>
    public int ObserveInterval { get; set; } = 1000;

    /// <summary>How often the server is asked for an update.</summary>
    public int OfferInterval { get; set; } = 3600000;

    /// <summary>After this without its response a request is given up.</summary>
    public int RequestTimeout { get; set; } = 30000;

    /// <summary>How long an image on trial has to reach the server; then the watchdog is fed no more, and the boot stage rolls back.</summary>
    public int TrialTimeout { get; set; } = 900000;

    /// <exception cref="ArgumentException">A value makes no sense; the message says which.</exception>
    internal void Validate()
    {
        bool times = HandshakeTimeout > 0 && KeepAlive > 0 && MinBackoff > 0 && MaxBackoff >= MinBackoff && ObserveInterval > 0
            && OfferInterval > 0 && RequestTimeout > 0 && TrialTimeout > 0;
        if (!times || MaxMessage < LeastMessage || MaxMessage > MostMessage)
        {
            throw new ArgumentException("Agent settings: times are positive, MaxBackoff is at least MinBackoff, MaxMessage is 64 to 16384.");
        }

        Tunnel.Validate();
    }

    private const int LeastMessage = 64;
    private const int MostMessage = 16384;
}

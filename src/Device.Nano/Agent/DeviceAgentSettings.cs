using System;

namespace Flint.Device.Nano;

/// <summary>The agent's times and sizes; the defaults are for a device on the mains with Wi-Fi. All times in milliseconds.</summary>
public sealed class DeviceAgentSettings
{
    /// <summary>The tunnel's settings.</summary>
    public TunnelSettings Tunnel = new TunnelSettings();

    /// <summary>
    /// The longest CoAP message that is taken, in bytes: a chunk of 1 KiB with its frame and options. It is RAM. Below 1152, which a server may send before it has
    /// read the device's CSM (RFC 8323 section 5.3.1), such a message ends the connection, and the next one comes.
    /// </summary>
    public int MaxMessage = 1152;

    /// <summary>
    /// The longest body in blocks (RFC 7959), in bytes, in either direction: a function's argument, a pushed manifest; a value, an event. It is RAM while one of these is under
    /// way, and one of each kind may be; an argument takes four times its length more while it becomes text. At least 512; a value or a description above it is 5.00 even where it fits a message.
    /// </summary>
    public int MaxBody = 2048;

    /// <summary>
    /// How long a handshake may take, from the connection to Accept; 0: by the suite, 30 s in S1 and 90 s in S2, whose exchange takes a device most of
    /// the 60 s that the server waits for it [ST-704].
    /// </summary>
    public int HandshakeTimeout;

    /// <summary>After this silence of the server a Ping goes out; after as much again the connection is given up.</summary>
    public int KeepAlive = 60000;

    /// <summary>The first wait between attempts to connect; it doubles up to <see cref="MaxBackoff"/>, and each is a random part of that [ST-706].</summary>
    public int MinBackoff = 1000;

    /// <summary>The longest wait between attempts to connect.</summary>
    public int MaxBackoff = 600000;

    /// <summary>How often observed variables are read.</summary>
    public int ObserveInterval = 1000;

    /// <summary>How often the server is asked for an update.</summary>
    public int OfferInterval = 3600000;

    /// <summary>After this without its response a request is given up.</summary>
    public int RequestTimeout = 30000;

    /// <summary>How long an image on trial has to reach the server; then the device resets itself and the watchdog is fed no more, until the boot stage has rolled back. A gateway that is away for longer, in each attempt, loses a healthy image.</summary>
    public int TrialTimeout = 900000;

    internal int HandshakeSpan => HandshakeTimeout != 0 ? HandshakeTimeout : TunnelSuite.IsEphemeral(Tunnel.Suite) ? 90000 : 30000;

    /// <exception cref="ArgumentException">A value makes no sense; the message says which.</exception>
    internal void Validate()
    {
        bool times = HandshakeTimeout >= 0 && KeepAlive > 0 && MinBackoff > 0 && MaxBackoff >= MinBackoff && ObserveInterval > 0
            && OfferInterval > 0 && RequestTimeout > 0 && TrialTimeout > 0;
        if (!times || MaxBody < LeastBody || MaxMessage < LeastMessage || MaxMessage > MostMessage)
        {
            throw new ArgumentException("Agent settings: positive times, MinBackoff up to MaxBackoff, MaxMessage 64 to 16384, MaxBody from 512.");
        }

        Tunnel.Validate();
    }

    private const int LeastMessage = 64;
    private const int LeastBody = 512;
    private const int MostMessage = 16384;
}

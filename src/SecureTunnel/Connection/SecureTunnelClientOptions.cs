using System;

namespace Flint.SecureTunnel;

/// <summary>How a device makes tunnels. One instance serves any number of connections, one after the other.</summary>
public sealed class SecureTunnelClientOptions
{
    /// <summary>The suite, fixed by configuration: there is no negotiation.</summary>
    public SecureTunnelSuite Suite { get; init; } = SecureTunnelSuite.RsaOaepAes128Gcm;

    /// <summary>The server keys that the device trusts. Required.</summary>
    public SecureTunnelPinSet? Pins { get; init; }

    /// <summary>The device's identity. Required.</summary>
    public SecureTunnelDeviceId DeviceId { get; init; }

    /// <summary>The proof of the identity. Required.</summary>
    public SecureTunnelCredential? Credential { get; init; }

    /// <summary>0 to 32 bytes that both sides must agree on and that are never sent (section 8.1).</summary>
    public ReadOnlyMemory<byte> ApplicationContext { get; init; }

    /// <summary>The largest record that this side accepts, in bytes of type, content and padding: 256 to 16385.</summary>
    public int MaxRecord { get; init; } = 4096;

    /// <summary>Keeps the ticket between connections; null makes every handshake a full one.</summary>
    public SecureTunnelTicketSlot? Tickets { get; init; }

    /// <summary>
    /// Resumes with a fresh P-256 exchange: the session is forward secret even against someone who obtains the server's ticket keys later. False saves the
    /// exchange on a device that cannot afford it.
    /// </summary>
    public bool ResumeWithEphemeral { get; init; } = true;

    /// <summary>Pads each Data record to a multiple of this many bytes of inner plaintext; 0 pads nothing.</summary>
    public int PaddingBlock { get; init; }

    /// <summary>
    /// The most flushed bytes that wait for the transport before a flush waits for it, 0 to 1048576; a single message may be longer. 0 makes each flush wait until the transport has taken all of it.
    /// </summary>
    public int SendBuffer { get; init; } = OptionRules.DefaultSendBuffer;

    /// <summary>From the start to the verified Accept.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Clock and timers; a test gives its own.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Checks the options as a whole; each client method calls it.</summary>
    /// <exception cref="ArgumentException">An option is missing or outside its range; the message names it.</exception>
    public void Validate()
    {
        OptionRules.Require(Suite.IsImplemented(), nameof(Suite), $"suite {Suite} is not one of this version");
        OptionRules.Require(Pins is not null, nameof(Pins), "at least one pin is required");
        OptionRules.Require(Pins!.Current.Usage == Suite.KeyUsage(), nameof(Pins), $"suite {Suite} needs a pin for {Suite.KeyUsage()}"); // [ST-103]
        OptionRules.Require(!DeviceId.IsEmpty, nameof(DeviceId), "a device identity is required");
        OptionRules.Require(Credential is not null, nameof(Credential), "a credential is required");
        OptionRules.CheckCommon(ApplicationContext, MaxRecord, PaddingBlock, SendBuffer, TimeProvider);
        OptionRules.CheckTimeout(HandshakeTimeout, nameof(HandshakeTimeout));
    }
}

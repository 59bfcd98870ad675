using System;
using System.Collections.Generic;

namespace Flint.SecureTunnel;

/// <summary>How a server makes tunnels. One instance serves any number of connections; change nothing in it once in use.</summary>
public sealed class SecureTunnelServerOptions
{
    /// <summary>The private keys, each for one usage: normally the active and, during a rotation, the next. At least one.</summary>
    public IReadOnlyList<SecureTunnelServerKey> Keys { get; init; } = [];

    /// <summary>The suites that devices are configured with. Each needs a key of its usage.</summary>
    public IReadOnlyList<SecureTunnelSuite> Suites { get; init; } = [SecureTunnelSuite.RsaOaepAes128Gcm];

    /// <summary>The devices. Required.</summary>
    public IDeviceStore? Devices { get; init; }

    /// <summary>0 to 32 bytes that both sides must agree on and that are never sent, such as <c>"acme/coap/1"u8</c> (section 8.1).</summary>
    public ReadOnlyMemory<byte> ApplicationContext { get; init; }

    /// <summary>The largest record that this side accepts, in bytes of type, content and padding: 256 to 16385.</summary>
    public int MaxRecord { get; init; } = 4096;

    /// <summary>The keys of the tickets that let devices resume without a private-key operation; null gives no tickets and accepts none.</summary>
    public SecureTunnelTicketRing? Tickets { get; init; }

    /// <summary>Bounds the private-key operations of everything that shares it; by default of everything that shares these options.</summary>
    public SecureTunnelKeyGate KeyGate { get; init; } = new();

    /// <summary>Pads each Data record to a multiple of this many bytes of inner plaintext; 0 pads nothing.</summary>
    public int PaddingBlock { get; init; }

    /// <summary>
    /// The most flushed bytes that wait for the transport before a flush waits for it, 0 to 1048576; a single message may be longer. 0 makes each flush wait until the transport has taken all of it.
    /// </summary>
    public int SendBuffer { get; init; } = OptionRules.DefaultSendBuffer;

    /// <summary>From the connection to the whole ClientHello.</summary>
    public TimeSpan HelloTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From ServerHello to the whole ClientAuth in suites S1 and resumption.</summary>
    public TimeSpan ClientAuthTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From ServerHello to the whole ClientAuth in suites S2, where a small device computes for long.</summary>
    public TimeSpan SlowClientAuthTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Clock and timers; a test gives its own.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Checks the options as a whole; each server method calls it.</summary>
    /// <exception cref="ArgumentException">An option is missing or outside its range; the message names it.</exception>
    public void Validate()
    {
        OptionRules.Require(Devices is not null, nameof(Devices), "a device store is required");
        OptionRules.Require(Keys is { Count: > 0 }, nameof(Keys), "at least one key is required");
        OptionRules.Require(Suites is { Count: > 0 }, nameof(Suites), "at least one suite is required");
        OptionRules.Require(KeyGate is not null, nameof(KeyGate), "a gate is required");
        OptionRules.CheckCommon(ApplicationContext, MaxRecord, PaddingBlock, SendBuffer, TimeProvider);
        OptionRules.CheckTimeout(HelloTimeout, nameof(HelloTimeout));
        OptionRules.CheckTimeout(ClientAuthTimeout, nameof(ClientAuthTimeout));
        OptionRules.CheckTimeout(SlowClientAuthTimeout, nameof(SlowClientAuthTimeout));
        foreach (SecureTunnelSuite suite in Suites!)
        {
            OptionRules.Require(suite.IsImplemented(), nameof(Suites), $"suite {suite} is not one of this version");
            OptionRules.Require(HasKey(suite.KeyUsage()), nameof(Suites), $"suite {suite} needs a key for {suite.KeyUsage()}");
        }

        for (int i = 0; i < Keys!.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                OptionRules.Require(!Keys[i].KeyId.SequenceEqual(Keys[j].KeyId), nameof(Keys), "two keys share a key_id"); // [ST-103] [ST-108]
            }
        }
    }

    private bool HasKey(SecureTunnelKeyUsage usage)
    {
        foreach (SecureTunnelServerKey key in Keys)
        {
            if (key.Usage == usage)
            {
                return true;
            }
        }

        return false;
    }
}

using System.Security.Cryptography;

namespace Flint.SecureTunnel.Tests.Support;

/// <summary>The traffic secrets of a session with a known seed or device share and the PSK of <see cref="TestKeys"/>: what a hostile but authentic peer has.</summary>
internal sealed class KnownKeys
{
    private readonly Entropy _entropy = new ScriptedEntropy();
    private readonly byte[]? _ticketSecret;

    public KnownKeys(SecureTunnelTicketSlot tickets)
    {
        Suite = SecureTunnelSuite.RsaOaepAes128Gcm;
        Machines = new Machines(TestKeys.ClientOptions(tickets: tickets, ephemeral: false), entropy: _entropy);
    }

    public KnownKeys(SecureTunnelSuite suite = SecureTunnelSuite.RsaOaepAes128Gcm)
    {
        Suite = suite;
        var crypto = new ScriptedCrypto();
        crypto.Scalars.Enqueue(DeviceScalar);
        Machines = new Machines(TestKeys.ClientOptions(suite: suite), entropy: _entropy, clientCrypto: crypto);
    }

    private KnownKeys(SecureTunnelTicketSlot tickets, SecureTunnelTicketRing ring)
    {
        Suite = SecureTunnelSuite.RsaOaepAes128Gcm;
        SecureTunnelClientOptions client = TestKeys.ClientOptions(tickets: tickets, ephemeral: false);
        SecureTunnelServerOptions server = TestKeys.ServerOptions(tickets: ring);
        using (var first = new Machines(client, server))
        {
            first.Run();
        }

        DeviceTicket ticket = tickets.Take()!;
        _ticketSecret = ticket.Secret.ToArray();
        tickets.Put(ticket);
        Machines = new Machines(client, server, entropy: _entropy);
    }

    /// <summary>A resumption without an exchange, with a ticket of an earlier session.</summary>
    public static KnownKeys OfAResumption() => new(new SecureTunnelTicketSlot(), new SecureTunnelTicketRing(new byte[32]));

    public SecureTunnelSuite Suite { get; }

    public Machines Machines { get; }

    /// <summary>s_hs, once <see cref="Handshake"/> has been asked.</summary>
    public byte[] ServerHandshakeSecret { get; private set; } = [];

    /// <summary>c_hs and s_hs, from the two hellos.</summary>
    public (byte[] Client, byte[] Server) Handshake(byte[] clientHello, byte[] serverHello)
    {
        using KeySchedule schedule = Start(clientHello, serverHello);
        ServerHandshakeSecret = schedule.ServerHandshake.ToArray();
        return (schedule.ClientHandshake.ToArray(), ServerHandshakeSecret);
    }

    /// <summary>c_ap and s_ap, from everything up to ClientAuth.</summary>
    public (byte[] Client, byte[] Server) Application(byte[] clientHello, byte[] serverHello, byte[] serverAuth, byte[] clientAuth)
    {
        var (client, server) = Handshake(clientHello, serverHello);
        using KeySchedule schedule = Start(clientHello, serverHello);
        using Secret mix = PreSharedKey.Mix(TestKeys.Psk);
        schedule.SetMaster(_ticketSecret is null ? mix.Span : KeySchedule.Zero);
        schedule.SetApplication(SHA256.HashData([.. Hellos(clientHello, serverHello), .. Open(server, serverAuth), .. Open(client, clientAuth)]));
        return (schedule.ClientApplication.ToArray(), schedule.ServerApplication.ToArray());
    }

    /// <summary>A frame with this inner plaintext under a secret.</summary>
    public byte[] Seal(byte[] secret, byte[] inner, ulong sequence = 0)
    {
        using var sealer = new RecordSealer(SystemCrypto.Instance, Suite, secret);
        sealer.Sequence = sequence;
        byte[] frame = new byte[2 + inner.Length + 16];
        inner.CopyTo(frame, 2);
        sealer.SealInPlace(frame, inner.Length);
        return frame;
    }

    /// <summary>The inner plaintext of a direction's first record.</summary>
    public byte[] Open(byte[] secret, byte[] frame)
    {
        using var opener = new RecordOpener(SystemCrypto.Instance, Suite, secret, ProtocolLimits.MaxAuth);
        Assert.Equal(OpenStatus.Ok, opener.TryOpenInner((byte[])frame.Clone(), out Span<byte> inner));
        return inner.ToArray();
    }

    private KeySchedule Start(byte[] clientHello, byte[] serverHello)
    {
        var schedule = new KeySchedule(SystemCrypto.Instance);
        if (_ticketSecret is null)
        {
            schedule.SetEarly();
        }
        else
        {
            schedule.SetEarly(_ticketSecret);
        }

        schedule.SetHandshake(SharedSecret(serverHello), SHA256.HashData(Hellos(clientHello, serverHello)));
        return schedule;
    }

    private byte[] SharedSecret(byte[] serverHello)
    {
        byte[] secret = new byte[32];
        if (Suite.IsEphemeral())
        {
            using var own = new PlatformEphemeralKey(ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = DeviceScalar }));
            Assert.True(own.TryAgree(serverHello.AsSpan(42), secret));
        }
        else if (_ticketSecret is null)
        {
            _entropy.Fill(secret, EntropyUse.Seed);
        }

        return secret;
    }

    private byte[] Hellos(byte[] clientHello, byte[] serverHello) =>
        [.. "SecureTunnel v1\0"u8, 4, .. "test"u8, .. KeyHash, .. clientHello, .. serverHello];

    private ReadOnlySpan<byte> KeyHash => _ticketSecret is not null ? KeySchedule.Zero : (Suite.IsEphemeral() ? TestKeys.Signing : TestKeys.Encryption).KeyHash;

    private static readonly byte[] DeviceScalar = [.. Enumerable.Repeat((byte)0x31, 32)];
}

using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Flint.SecureTunnel.Tests.Support;

namespace Flint.SecureTunnel.Tests.Vectors;

/// <summary>
/// Runs both machines on the inputs of a vector and writes down every value of section 18, in order. The frames come from the machines; the
/// intermediate values are recomputed here from the frames, step by step as section 8 has them.
/// </summary>
internal sealed class HandshakeVector(JsonObject input)
{
    private readonly JsonObject _result = [];

    /// <summary>The signatures of the run, in order: server, device. To be recorded with the inputs, since PSS draws its own salt.</summary>
    public List<byte[]> Signatures { get; private set; } = [];

    public JsonObject Run()
    {
        var crypto = new ScriptedCrypto { OaepCiphertext = Optional("kem") };
        foreach (string scalar in new[] { "first_client_scalar", "client_scalar", "server_scalar" })
        {
            if (Optional(scalar) is byte[] value)
            {
                crypto.Scalars.Enqueue(value);
            }
        }

        foreach (JsonNode? signature in input["signatures"]?.AsArray() ?? [])
        {
            crypto.Signatures.Enqueue(Convert.FromHexString(signature!.GetValue<string>()));
        }

        long now = input["now"]?.GetValue<long>() ?? 1_790_000_000;
        using var machines = new Machines(ClientOptions(), ServerOptions(), crypto, Entropy(), now);
        byte[][] frames = machines.Run();
        Signatures = crypto.Signed;
        string[] names = frames.Length == 7
            ? ["first_hello", "retry", "client_hello", "server_hello", "server_auth", "client_auth", "accept"]
            : ["client_hello", "server_hello", "server_auth", "client_auth", "accept"];
        Assert.Equal(names.Length, frames.Length);
        for (int i = 0; i < names.Length; i++)
        {
            Put(names[i], frames[i]);
        }

        Schedule(frames);
        TunnelSession device = machines.Client.TakeSession();
        TunnelSession gateway = machines.Server.TakeSession();
        byte[] exported = new byte[48];
        device.Export("flint test"u8, "context"u8, exported);
        Put("exported", exported);
        _result["client_records"] = Records(device);
        _result["server_records"] = Records(gateway);
        return _result;
    }

    private void Schedule(byte[][] frames)
    {
        byte[] retried = frames.Length == 7 ? [0x00, 0x21, 0x04, .. SHA256.HashData(frames[0]), .. frames[1]] : [];
        frames = frames[^5..];
        byte[] context = Bytes("application_context");
        byte[] prologue = [.. "SecureTunnel v1\0"u8, (byte)context.Length, .. context, .. Mode == HandshakeMode.Full ? Key.KeyHash : KeySchedule.Zero];
        Put("prologue", prologue);
        using var schedule = new KeySchedule(SystemCrypto.Instance);
        if (Mode == HandshakeMode.Full)
        {
            schedule.SetEarly();
        }
        else
        {
            schedule.SetEarly(Bytes("rpsk"));
        }

        Put("early", schedule.EarlySecret);

        byte[] transcript = [.. prologue, .. retried, .. frames[0], .. frames[1]];
        byte[] th1 = Put("th1", SHA256.HashData(transcript));
        schedule.SetHandshake(SharedSecret(frames[1]), th1);
        Put("hs", schedule.HandshakeSecret);
        byte[] clientSecret = Put("c_hs", schedule.ClientHandshake);
        byte[] serverSecret = Put("s_hs", schedule.ServerHandshake);
        PutKeys("c_hs", clientSecret);
        PutKeys("s_hs", serverSecret);

        byte[] serverAuth = Put("server_auth_inner", Open(serverSecret, frames[2]));
        transcript = [.. transcript, .. serverAuth[..^32]];
        byte[] th2 = Put("th2", SHA256.HashData(transcript));
        byte[] finished = new byte[32];
        schedule.ServerFinished(th2, finished);
        Put("server_finished", finished);
        Assert.Equal(finished, serverAuth[^32..]);

        byte[] clientAuth = Put("client_auth_inner", Open(clientSecret, frames[3]));
        transcript = [.. transcript, .. serverAuth[^32..], .. clientAuth[..^32]];
        byte[] tha = Put("tha", SHA256.HashData(transcript));
        using Secret mix = Method == AuthMethod.Psk ? PreSharedKey.Mix(Bytes("psk")) : new Secret(32);
        Put("psk_mix", mix.Span);
        schedule.SetMaster(mix.Span);
        Put("master", schedule.Master);
        schedule.ClientFinished(tha, finished);
        Put("client_finished", finished);
        Assert.Equal(finished, clientAuth[^32..]);

        byte[] th3 = Put("th3", SHA256.HashData([.. transcript, .. clientAuth[^32..]]));
        schedule.SetApplication(th3);
        PutKeys("c_ap", Put("c_ap", schedule.ClientApplication));
        byte[] serverApplication = Put("s_ap", schedule.ServerApplication);
        PutKeys("s_ap", serverApplication);
        Put("exporter", schedule.Exporter);
        Put("res", schedule.Resumption);
        byte[] accept = Put("accept_inner", Open(serverApplication, frames[4]));
        byte[] rpsk = new byte[32];
        schedule.TicketSecret(accept.AsSpan(6, 8), rpsk);
        Put("rpsk", rpsk);
    }

    private byte[] SharedSecret(byte[] serverHello)
    {
        if (Optional("client_scalar") is not byte[] scalar)
        {
            return Mode == HandshakeMode.Resume ? new byte[32] : Bytes("seed");
        }

        byte[] secret = new byte[32];
        using var own = new PlatformEphemeralKey(ECDiffieHellman.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, D = scalar }));
        Assert.True(own.TryAgree(serverHello.AsSpan(42), secret));
        return secret;
    }

    /// <summary>Three records, a padded one, a KeyUpdate, a record behind it, Close: each as a frame.</summary>
    private static JsonArray Records(TunnelSession session)
    {
        byte[] frame = new byte[256];
        var list = new JsonArray();
        Add("data 'one'", session.SealData("one"u8, frame));
        Add("data without content", session.SealData(default, frame));
        Add("data of 100 bytes 0x5A", session.SealData(Enumerable.Repeat((byte)0x5A, 100).ToArray(), frame));
        Add("data 'padded' with 17 bytes of padding", session.SealPaddedData("padded"u8, 17, frame));
        Add("key update with request", session.SealKeyUpdate(request: true, now: 0, frame));
        Add("data 'two', next key", session.SealData("two"u8, frame));
        Add("close", session.SealClose(frame));
        return list;

        void Add(string comment, int length) =>
            list.Add(new JsonObject { ["comment"] = comment, ["frame"] = Convert.ToHexStringLower(frame.AsSpan(0, length)) });
    }

    private byte[] Open(byte[] secret, byte[] frame)
    {
        using var opener = new RecordOpener(SystemCrypto.Instance, Suite, secret, ProtocolLimits.MaxAuth);
        Assert.Equal(OpenStatus.Ok, opener.TryOpenInner((byte[])frame.Clone(), out Span<byte> inner));
        return inner.ToArray();
    }

    private void PutKeys(string name, byte[] secret)
    {
        byte[] block = new byte[28];
        Hkdf.Label(SystemCrypto.Instance, secret, "key"u8, default, block);
        Put(name + "_key", block.AsSpan(0, 16));
        Put(name + "_iv", block.AsSpan(16));
    }

    private byte[] Put(string name, ReadOnlySpan<byte> value)
    {
        _result[name] = Convert.ToHexStringLower(value);
        return value.ToArray();
    }

    private SecureTunnelSuite Suite => (SecureTunnelSuite)input["suite"]!.GetValue<int>();

    private HandshakeMode Mode => (HandshakeMode)input["mode"]!.GetValue<int>();

    private AuthMethod Method => (AuthMethod)input["method"]!.GetValue<int>();

    private SecureTunnelServerKey Key => Suite.KeyUsage() == SecureTunnelKeyUsage.Encryption ? TestKeys.Encryption : TestKeys.Signing;

    private SecureTunnelClientOptions ClientOptions()
    {
        SecureTunnelTicketSlot? slot = null;
        if (Optional("ticket_key") is not null)
        {
            slot = new SecureTunnelTicketSlot();
            if (Optional("ticket") is byte[] ticket)
            {
                slot.Put(new DeviceTicket(Suite, ticket, Bytes("rpsk"), Key.KeyHash.ToArray()));
            }
        }

        return new SecureTunnelClientOptions
        {
            Suite = Suite,
            Pins = new SecureTunnelPinSet(Key.ToPin()),
            DeviceId = new SecureTunnelDeviceId(Bytes("device_id")),
            Credential = Method == AuthMethod.DeviceRsa ? TestKeys.DeviceRsaCredential() : SecureTunnelCredential.FromPsk(Optional("psk") ?? new byte[32]),
            ApplicationContext = Bytes("application_context"),
            MaxRecord = input["client_max_record"]!.GetValue<int>(),
            Tickets = slot,
            ResumeWithEphemeral = (input["first_mode"] ?? input["mode"])!.GetValue<int>() != (int)HandshakeMode.Resume,
        };
    }

    private SecureTunnelServerOptions ServerOptions()
    {
        var store = new InMemoryDeviceStore();
        store.Set(new SecureTunnelDeviceId(Bytes("device_id")),
            Method == AuthMethod.DeviceRsa ? TestKeys.DeviceRsaEntry() : SecureTunnelDevice.FromPsk(Optional("psk") ?? new byte[32]));
        return new SecureTunnelServerOptions
        {
            Keys = [Key],
            Suites = [Suite],
            Devices = store,
            ApplicationContext = Bytes("application_context"),
            MaxRecord = input["server_max_record"]!.GetValue<int>(),
            Tickets = Optional("ticket_key") is byte[] key ? new SecureTunnelTicketRing(key) : null,
        };
    }

    private ScriptedEntropy Entropy()
    {
        var entropy = new ScriptedEntropy();
        foreach ((EntropyUse use, string name) in new[]
        {
            (EntropyUse.ClientRandom, "client_random"), (EntropyUse.Seed, "seed"), (EntropyUse.ServerRandom, "server_random"),
            (EntropyUse.TicketNonce, "ticket_nonce"), (EntropyUse.TicketSalt, "ticket_salt"),
        })
        {
            if (Optional(name) is byte[] value)
            {
                entropy.With(use, value);
            }
        }

        return entropy;
    }

    private byte[] Bytes(string name) => Optional(name) ?? throw new InvalidDataException($"The vector has no {name}.");

    private byte[]? Optional(string name) => input[name] is JsonNode node ? Convert.FromHexString(node.GetValue<string>()) : null;
}

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

    public JsonObject Run()
    {
        using var machines = new Machines(ClientOptions(), ServerOptions(), new ScriptedCrypto { OaepCiphertext = Bytes("kem") }, Entropy());
        byte[][] frames = machines.Run();
        string[] names = ["client_hello", "server_hello", "server_auth", "client_auth", "accept"];
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
        byte[] keyHash = Key.KeyHash.ToArray();
        byte[] context = Bytes("application_context");
        byte[] prologue = [.. "SecureTunnel v1\0"u8, (byte)context.Length, .. context, .. keyHash];
        Put("prologue", prologue);
        using var schedule = new KeySchedule(SystemCrypto.Instance);
        schedule.SetEarly(KeySchedule.Zero);
        Put("early", schedule.EarlySecret);

        byte[] transcript = [.. prologue, .. frames[0], .. frames[1]];
        byte[] th1 = Put("th1", SHA256.HashData(transcript));
        schedule.SetHandshake(Bytes("seed"), th1);
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
        using Secret mix = PreSharedKey.Mix(Bytes("psk"));
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

    private SecureTunnelServerKey Key => Suite.KeyUsage() == SecureTunnelKeyUsage.Encryption ? TestKeys.Encryption : TestKeys.Signing;

    private SecureTunnelClientOptions ClientOptions() => new()
    {
        Suite = Suite,
        Pins = new SecureTunnelPinSet(Key.ToPin()),
        DeviceId = new SecureTunnelDeviceId(Bytes("device_id")),
        Credential = SecureTunnelCredential.FromPsk(Bytes("psk")),
        ApplicationContext = Bytes("application_context"),
        MaxRecord = input["client_max_record"]!.GetValue<int>(),
    };

    private SecureTunnelServerOptions ServerOptions()
    {
        var store = new InMemoryDeviceStore();
        store.Set(new SecureTunnelDeviceId(Bytes("device_id")), SecureTunnelDevice.FromPsk(Bytes("psk")));
        return new SecureTunnelServerOptions
        {
            Keys = [Key],
            Suites = [Suite],
            Devices = store,
            ApplicationContext = Bytes("application_context"),
            MaxRecord = input["server_max_record"]!.GetValue<int>(),
        };
    }

    private ScriptedEntropy Entropy() => new ScriptedEntropy()
        .With(EntropyUse.ClientRandom, Bytes("client_random"))
        .With(EntropyUse.Seed, Bytes("seed"))
        .With(EntropyUse.ServerRandom, Bytes("server_random"))
        .With(EntropyUse.TicketNonce, Bytes("ticket_nonce"));

    private byte[] Bytes(string name) => Convert.FromHexString(input[name]!.GetValue<string>());
}

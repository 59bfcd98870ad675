using System.Text.Json;
using Flint.Device.Nano.Tests.Support;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.Tunnel;

/// <summary>The device's end gives every frame of docs/spec/vectors/tunnel that a device sends, and takes every one that a server sends.</summary>
public sealed class TunnelVectorTests
{
    public static TheoryData<string> Handshakes()
    {
        var data = new TheoryData<string>();
        using JsonDocument document = VectorFile.Open("tunnel/handshakes.json");
        foreach (JsonElement vector in document.RootElement.GetProperty("vectors").EnumerateArray().Where(IsForTheDevice))
        {
            data.Add(vector.GetProperty("id").GetString()!);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Handshakes))]
    public void Handshake_Vector_GivesItsFrames(string id)
    {
        JsonElement vector = Find(id);
        JsonElement input = vector.GetProperty("input");
        JsonElement result = vector.GetProperty("result");
        DeviceTunnel tunnel = Connect(input, result);

        AssertRecords(tunnel, result);
    }

    [Theory]
    [MemberData(nameof(Handshakes))]
    public void Schedule_Vector_HasItsSecrets(string id)
    {
        JsonElement input = Find(id).GetProperty("input");
        JsonElement result = Find(id).GetProperty("result");
        bool resumes = input.GetProperty("mode").GetInt32() != 0;
        var schedule = new TunnelSchedule(TunnelFixture.Crypto);
        byte[] mac = new byte[32];

        schedule.SetEarly(resumes ? input.Hex("rpsk") : TunnelSchedule.Zero);
        Assert.Equal(result.Hex("early"), schedule.Secret);
        schedule.SetHandshake(KemSecret(input, result), result.Hex("th1"));
        Assert.Equal(result.Hex("hs"), schedule.Secret);
        Assert.Equal(result.Hex("c_hs"), schedule.Client);
        Assert.Equal(result.Hex("s_hs"), schedule.Server);
        schedule.Mac(schedule.Server, "finished", result.Hex("th2"), mac, 0);
        Assert.Equal(result.Hex("server_finished"), mac);
        byte[] mix = resumes ? TunnelSchedule.Zero : TunnelPsk.Mix(TunnelFixture.Crypto, input.Hex("psk"));
        Assert.Equal(resumes ? mix : result.Hex("psk_mix"), mix);
        schedule.SetMaster(mix);
        Assert.Equal(result.Hex("master"), schedule.Secret);
        schedule.Mac(schedule.Secret, "c finished", result.Hex("tha"), mac, 0);
        Assert.Equal(result.Hex("client_finished"), mac);
        schedule.SetApplication(result.Hex("th3"));
        Assert.Equal(result.Hex("c_ap"), schedule.Client);
        Assert.Equal(result.Hex("s_ap"), schedule.Server);
        Assert.Equal(result.Hex("res"), schedule.Resumption);
        byte[] nonce = input.Hex("ticket_nonce");
        schedule.Label(schedule.Resumption, "ticket", nonce, nonce.Length, mac);
        Assert.Equal(result.Hex("rpsk"), mac);
        Assert.All(schedule.Secret, b => Assert.Equal(0, b));
    }

    [Theory]
    [InlineData("client")]
    [InlineData("session")]
    public void Transitions_EveryStateAndInput_AreTheCommittedTable(string table)
    {
        string[] expected = File.ReadAllLines(VectorFile.PathOf($"tunnel/{table}.transitions.txt"));
        Assert.Equal(
            expected.Where(line => line.Length > 0).Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))),
            table == "client" ? Rows(ClientStates, ClientInputs, "Connected") : Rows(SessionStates, SessionInputs, "Open"));
    }

    [Fact]
    public void Transitions_OfNeitherTable_AreNone()
    {
        var pairs =
            from state in Enum.GetValues<TunnelState>()
            from input in Enum.GetValues<TunnelInput>()
            where input != TunnelInput.Failure
            where !(ClientStates.Contains(state) && ClientInputs.Contains(input)) && !(SessionStates.Contains(state) && SessionInputs.Contains(input))
            select (state, input);

        Assert.All(pairs, pair => Assert.Equal(TunnelState.None, DeviceTunnel.Next(pair.state, pair.input)));
    }

    private static byte[] KemSecret(JsonElement input, JsonElement result)
    {
        if (!input.TryGetProperty("client_scalar", out _))
        {
            return input.GetProperty("mode").GetInt32() == 0 ? input.Hex("seed") : TunnelSchedule.Zero;
        }

        byte[] secret = new byte[32];
        Assert.True(new P256().TryAgree(input.Hex("client_scalar"), result.Hex("server_hello"), 42, secret));
        return secret;
    }

    private static DeviceTunnel Connect(JsonElement input, JsonElement result)
    {
        byte suite = input.GetProperty("suite").GetByte();
        TunnelSettings settings = TunnelFixture.Settings(suite);
        settings.DeviceId = input.Hex("device_id");
        settings.PskMix = input.TryGetProperty("psk", out _) ? TunnelPsk.Mix(TunnelFixture.Crypto, input.Hex("psk")) : new byte[32];
        settings.Context = input.Hex("application_context");
        settings.MaxRecord = input.GetProperty("client_max_record").GetInt32();
        settings.ResumeWithExchange = FirstMode(input) == 2;
        var tunnel = new DeviceTunnel(settings, TunnelFixture.Crypto, new ScriptedEntropy([.. Draws(input, result)]));
        if (input.TryGetProperty("seed", out _))
        {
            tunnel.UsePrepared(input.Hex("seed"), input.Hex("kem"));
        }

        tunnel.Begin(input.TryGetProperty("ticket", out _) ? new TunnelTicket(suite, input.Hex("ticket"), input.Hex("rpsk"), 60) : null);
        if (result.TryGetProperty("retry", out _))
        {
            Assert.Equal(result.Hex("first_hello"), tunnel.TakeOutput());
            Assert.Equal(TunnelEvent.None, tunnel.Give(result.Hex("retry")));
        }

        Assert.Equal(result.Hex("client_hello"), tunnel.TakeOutput());
        Assert.Equal(TunnelEvent.None, tunnel.Give(result.Hex("server_hello"), 1));
        Assert.Equal(0, tunnel.OutputCount);
        Assert.Equal(TunnelEvent.None, tunnel.Give(result.Hex("server_auth"), 7));
        Assert.Equal(result.Hex("client_auth"), tunnel.TakeOutput());
        Assert.False(tunnel.IsConnected);
        Assert.Equal(TunnelEvent.Connected, tunnel.Give(result.Hex("accept")));
        Assert.True(tunnel.IsConnected);
        TunnelTicket? ticket = tunnel.TakeTicket();
        Assert.Equal(result.Hex("accept_inner").Length > 16, ticket is not null);
        Assert.Equal(ticket is null ? [] : result.Hex("rpsk"), ticket?.ResumptionKey ?? []);
        return tunnel;
    }

    /// <summary>What the device draws, in its order: a scalar where there is an exchange, then the hello's random; both again behind a Retry.</summary>
    private static IEnumerable<byte[]> Draws(JsonElement input, JsonElement result)
    {
        bool retries = result.TryGetProperty("retry", out _);
        if (retries && input.TryGetProperty("first_client_scalar", out _))
        {
            yield return input.Hex("first_client_scalar");
        }

        if (retries)
        {
            yield return result.Hex("first_hello")[9..41];
        }

        if (input.TryGetProperty("client_scalar", out _))
        {
            yield return input.Hex("client_scalar");
        }

        yield return input.Hex("client_random");
    }

    private static int FirstMode(JsonElement input) =>
        input.TryGetProperty("first_mode", out JsonElement first) ? first.GetInt32() : input.GetProperty("mode").GetInt32();

    /// <summary>The records behind the handshake, in the order that the vectors' README gives.</summary>
    private static void AssertRecords(DeviceTunnel tunnel, JsonElement result)
    {
        byte[][] server = Frames(result, "server_records");
        byte[][] client = Frames(result, "client_records");
        byte[] hundred = [.. Enumerable.Repeat((byte)0x5A, 100)];
        byte[][] contents = ["one"u8.ToArray(), [], hundred, "padded"u8.ToArray()];
        for (int i = 0; i < contents.Length; i++)
        {
            Assert.Equal(TunnelEvent.Data, tunnel.Give(server[i]));
            Assert.Equal(contents[i], tunnel.Data());
        }

        Assert.Equal(client[0], tunnel.Seal(contents[0]));
        Assert.Equal(client[1], tunnel.Seal(contents[1]));
        Assert.Equal(client[2], tunnel.Seal(contents[2]));
        Assert.Equal(TunnelEvent.None, tunnel.Give(server[4]));
        Assert.Equal(TunnelEvent.Data, tunnel.Give(server[5]));
        Assert.Equal("two"u8.ToArray(), tunnel.Data());

        // The server asked for a KeyUpdate in turn, which comes before data. The device never pads, so its own records part from the vector here.
        Assert.False(tunnel.CanSend(0));
        Assert.True(tunnel.Maintain(0));
        Assert.Equal(client[4].Length, tunnel.TakeOutput().Length);
        Assert.True(tunnel.CanSend(0));
        Assert.Equal(client[5], tunnel.Seal("two"u8.ToArray()));
        Assert.True(tunnel.Close());
        Assert.Equal(client[6], tunnel.TakeOutput());
        Assert.Equal(TunnelEvent.Closed, tunnel.Give(server[6]));
        Assert.Equal(TunnelEvent.Closed, tunnel.OnEndOfStream());
    }

    private static byte[][] Frames(JsonElement result, string name) => [.. result.GetProperty(name).EnumerateArray().Select(record => record.Hex("frame"))];

    /// <summary>All but method 2: the device has no RSA private key.</summary>
    private static bool IsForTheDevice(JsonElement vector) => vector.GetProperty("input").GetProperty("method").GetInt32() != 2;

    private static JsonElement Find(string id)
    {
        using JsonDocument document = VectorFile.Open("tunnel/handshakes.json");
        return document.RootElement.GetProperty("vectors").EnumerateArray().Single(vector => vector.GetProperty("id").GetString() == id).Clone();
    }

    /// <param name="states">The table's states.</param>
    /// <param name="inputs">The table's inputs.</param>
    /// <param name="open">What the table calls the state in which the two meet.</param>
    private static IEnumerable<string> Rows(TunnelState[] states, TunnelInput[] inputs, string open)
    {
        foreach (TunnelState state in states)
        {
            foreach (TunnelInput input in inputs)
            {
                // A failure behind Accept is in the other table.
                bool isOther = open == "Connected" && state == TunnelState.Open && input == TunnelInput.Failure;
                TunnelState next = isOther ? TunnelState.None : DeviceTunnel.Next(state, input);
                yield return $"{Name(state)} {input} {Name(next)}";
            }
        }

        string Name(TunnelState state) => state == TunnelState.Open ? open : state == TunnelState.None ? "-" : state.ToString();
    }

    private static readonly TunnelState[] ClientStates =
        [TunnelState.Start, TunnelState.WaitServerHello, TunnelState.WaitResumption, TunnelState.WaitServerAuth, TunnelState.WaitAccept, TunnelState.Open, TunnelState.Dead];

    private static readonly TunnelInput[] ClientInputs =
        [TunnelInput.BeginFull, TunnelInput.BeginResume, TunnelInput.Retry, TunnelInput.ServerHello, TunnelInput.ServerAuth, TunnelInput.Accept, TunnelInput.Failure];

    private static readonly TunnelState[] SessionStates =
        [TunnelState.Open, TunnelState.ReadClosed, TunnelState.WriteClosed, TunnelState.Closed, TunnelState.Dead];

    private static readonly TunnelInput[] SessionInputs =
        [TunnelInput.Data, TunnelInput.KeyUpdate, TunnelInput.PeerClose, TunnelInput.Send, TunnelInput.LocalClose, TunnelInput.Failure];
}

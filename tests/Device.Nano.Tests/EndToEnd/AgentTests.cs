using Flint.Coap;
using Flint.Device.Nano.Tests.Support;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.EndToEnd;

/// <summary>The agent against a gateway out of the server packages, over TCP on loopback.</summary>
public sealed class AgentTests : IDisposable
{
    private readonly Gateway _gateway = new();
    private readonly TestPlatform _platform;
    private readonly DeviceAgent _agent;
    private Thread? _thread;

    public AgentTests()
    {
        _platform = new TestPlatform(_gateway.Port);
        _agent = NewAgent(_platform, new DeviceAgentSettings());
    }

    [Fact]
    public async Task Agent_WithAGateway_ServesFunctionsVariablesAndDescription()
    {
        _agent.AddFunction("led", argument => argument == "on" ? 1 : 0);
        _agent.AddVariable("temperature", () => "22.3");
        Start();
        CoapConnection connection = await _gateway.Connection;

        Assert.Equal("1", (await connection.PostAsync("/f/led", "on"u8.ToArray())).EnsureSuccess().GetText());
        Assert.Equal("0", (await connection.PostAsync("/f/led", "off"u8.ToArray())).EnsureSuccess().GetText());
        Assert.Equal("22.3", (await connection.GetAsync("/v/temperature")).EnsureSuccess().GetText());
        Assert.Equal("</f/led>,</v/temperature>;obs", (await connection.GetAsync("/.well-known/core")).EnsureSuccess().GetText());
        Assert.Equal(Flint.Coap.CoapCode.NotFound, (await connection.GetAsync("/v/none")).Code);
        await connection.PingAsync();
        Assert.True(_agent.IsConnected);
        Assert.True(_platform.Fed > 0);
    }

    // [D-02]
    [Theory]
    [InlineData("POST", "/f/led", 0, Flint.Coap.CoapCode.Changed)]
    [InlineData("POST", "/f/led", 60, Flint.Coap.CoapCode.NotAcceptable)]
    [InlineData("GET", "/f/led", 60, Flint.Coap.CoapCode.MethodNotAllowed)]
    [InlineData("GET", "/v/temperature", 0, Flint.Coap.CoapCode.Content)]
    [InlineData("GET", "/v/temperature", 50, Flint.Coap.CoapCode.NotAcceptable)]
    [InlineData("GET", "/v/none", 50, Flint.Coap.CoapCode.NotFound)]
    [InlineData("GET", "/.well-known/core", 40, Flint.Coap.CoapCode.Content)]
    [InlineData("GET", "/.well-known/core", 0, Flint.Coap.CoapCode.NotAcceptable)]
    public async Task Accept_OfAFormatThatTheResourceHasNot_Is406AndNothingRuns(string method, string path, int accept, Flint.Coap.CoapCode expected)
    {
        int calls = 0;
        _agent.AddFunction("led", argument => ++calls);
        _agent.AddVariable("temperature", () => "22.3");
        Start();
        CoapConnection connection = await _gateway.Connection;

        CoapResponse response = await connection.SendAsync(
            new CoapRequest(method == "POST" ? Flint.Coap.CoapCode.Post : Flint.Coap.CoapCode.Get, path) { Accept = (CoapContentFormat)accept });

        Assert.Equal(expected, response.Code);
        Assert.Equal(expected == Flint.Coap.CoapCode.Changed ? 1 : 0, calls);
    }

    [Fact]
    public async Task Events_PublishedBeforeAndAfterTheConnection_Arrive()
    {
        _agent.Publish("motion/hall", "1");
        Start();
        await _gateway.Connection;
        _agent.Publish("motion/garden", "2");

        await Eventually.HoldsAsync(() => _gateway.Events.Count == 2);
        Assert.Equal(["motion/hall=1", "motion/garden=2"], _gateway.Events);
    }

    [Fact]
    public void Events_MoreThanWait_DropTheOldest()
    {
        for (int i = 0; i < 20; i++)
        {
            _agent.Publish("e", "x");
        }

        Assert.Equal(4, _agent.EventsDropped);
    }

    [Fact]
    public async Task Connection_CutAgainAndAgain_ComesBack()
    {
        _agent.AddFunction("add", argument => argument.Length);
        Start();
        for (int i = 0; i < 4; i++)
        {
            CoapConnection connection = await _gateway.Connection;
            Assert.Equal("3", (await connection.PostAsync("/f/add", "abc"u8.ToArray())).EnsureSuccess().GetText());
            _gateway.Cut();
        }

        await _gateway.Connection;
        await Eventually.HoldsAsync(() => _agent.Connections >= 5);
        Assert.Equal(_agent.Connections - 1, _agent.Resumptions);
    }

    [Fact]
    public async Task Function_ThatThrows_IsAnsweredAndTheConnectionLives()
    {
        _agent.AddFunction("bad", argument => throw new InvalidOperationException());
        _agent.AddFunction("good", argument => 7);
        Start();
        CoapConnection connection = await _gateway.Connection;

        Assert.Equal(Flint.Coap.CoapCode.InternalServerError, (await connection.PostAsync("/f/bad", default)).Code);
        Assert.Equal("7", (await connection.PostAsync("/f/good", default)).EnsureSuccess().GetText());
        Assert.Equal(1, _agent.Connections);
    }

    [Fact]
    public async Task WrongPsk_IsRetriedWithFullJitterUntilItIsRight()
    {
        _gateway.Psk = new byte[32];
        Start();
        await Eventually.HoldsAsync(() => _platform.Sleeps.Sum() > 10_000);
        Assert.Equal(TunnelFailure.AlertFromPeer, _agent.LastFailure);
        Assert.Equal(0, _agent.Connections);
        Assert.True(_platform.Sleeps.Max() <= 1000);

        _gateway.Psk = TunnelFixture.Psk;
        await _gateway.Connection;
        await Eventually.HoldsAsync(() => _agent.IsConnected);
    }

    [Fact]
    public async Task NoNetwork_IsWaitedFor()
    {
        _platform.HasNetwork = false;
        Start();
        await Eventually.HoldsAsync(() => _platform.Sleeps.Sum() > 60_000);
        int fed = _platform.Fed;
        _platform.HasNetwork = true;

        await _gateway.Connection;
        Assert.True(fed > 0);
    }

    [Fact]
    public async Task Watchdog_WhileAFunctionHangs_IsNotFed()
    {
        using var entered = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        _agent.AddFunction("hang", argument =>
        {
            entered.Set();
            goOn.Wait();
            return 3;
        });
        Start();
        CoapConnection connection = await _gateway.Connection;
        Task<CoapResponse> call = connection.PostAsync("/f/hang", default);
        await Eventually.HoldsAsync(() => entered.IsSet);
        int fed = _platform.Fed;
        await Task.Delay(300);
        Assert.Equal(fed, _platform.Fed);

        goOn.Set();
        Assert.Equal("3", (await call).EnsureSuccess().GetText());
        await Eventually.HoldsAsync(() => _platform.Fed > fed);
    }

    [Fact]
    public async Task Observation_OfAVariableThatChangesWithEachReading_LeavesTimeForEverythingElse()
    {
        int readings = 0;
        _agent.AddFunction("noisy", argument => 1);
        _agent.AddVariable("noise", () => Interlocked.Increment(ref readings).ToString(System.Globalization.CultureInfo.InvariantCulture));
        Start();
        CoapConnection connection = await _gateway.Connection;
        await using IAsyncEnumerator<CoapResponse> values = connection.ObserveAsync("/v/noise").GetAsyncEnumerator();
        for (int i = 0; i < 3; i++)
        {
            Assert.True(await values.MoveNextAsync());
            Assert.Equal("1", (await connection.PostAsync("/f/noisy", default)).EnsureSuccess().GetText());
        }

        // A look an interval, not as many as the connection takes.
        Assert.InRange(readings, 3, 100);
        int fed = _platform.Fed;
        await Eventually.HoldsAsync(() => _platform.Fed > fed);
    }

    [Fact]
    public async Task Function_WithAnArgumentThatIsNoText_Is400()
    {
        bool called = false;
        _agent.AddFunction("f", argument =>
        {
            called = true;
            return 0;
        });
        Start();
        CoapConnection connection = await _gateway.Connection;

        Assert.Equal(Flint.Coap.CoapCode.BadRequest, (await connection.PostAsync("/f/f", new byte[] { 0xC3, 0x28 })).Code);
        Assert.False(called);
    }

    [Theory]
    [InlineData(TunnelSuite.RsaOaepCcm, 0, 30_000)]
    [InlineData(TunnelSuite.P256RsaPssCcm, 0, 90_000)]
    [InlineData(TunnelSuite.P256RsaPssCcm, 5_000, 5_000)]
    public void HandshakeTimeout_Unset_IsTheSuites(byte suite, int set, int expected)
    {
        var settings = new DeviceAgentSettings { HandshakeTimeout = set, Tunnel = TunnelFixture.Settings(suite) };
        settings.Validate();

        Assert.Equal(expected, settings.HandshakeSpan);
    }

    [Fact]
    public async Task Fault_OfTheAgentItself_IsRecordedAndReported()
    {
        _platform.Storage["crash"] = "System.Exception: before\nat X"u8.ToArray();
        Start();
        await Eventually.HoldsAsync(() => _gateway.Events.Any(e => e.StartsWith("device/crash=System.Exception: before", StringComparison.Ordinal)));
        Assert.Empty(_platform.Storage["crash"]);
    }

    [Fact]
    public void Random_OfEachBoot_HasItsOwnCounter()
    {
        byte[] first = new byte[32];
        byte[] second = new byte[32];
        var dead = new ManagedCrypto(new DeadEntropy());
        var platform = new TestPlatform(0);
        platform.Storage["rng-secret"] = new byte[32];
        DeviceRandom.Create(platform, dead).Fill(first, 0, 32);
        DeviceRandom.Create(platform, dead).Fill(second, 0, 32);

        Assert.NotEqual(first, second);
        Assert.Equal(2, platform.Storage["boot-counter"][7]);
        platform.StorageFails = true;
        Assert.Throws<InvalidOperationException>(() => DeviceRandom.Create(platform, dead));
    }

    [Fact]
    public void Ticket_InStorage_IsTakenOutBeforeItIsUsed()
    {
        var ticket = new TunnelTicket(1, [1, 2, 3], [.. Enumerable.Range(0, 32).Select(i => (byte)i)], 77);
        ticket.Save(_platform);
        TunnelTicket taken = TunnelTicket.Take(_platform)!;

        Assert.Equal((ticket.Suite, ticket.LifetimeSeconds), (taken.Suite, taken.LifetimeSeconds));
        Assert.Equal(ticket.Ticket, taken.Ticket);
        Assert.Equal(ticket.ResumptionKey, taken.ResumptionKey);
        Assert.Null(TunnelTicket.Take(_platform));
        ticket.Save(_platform);
        _platform.StorageFails = true;
        Assert.Null(TunnelTicket.Take(_platform));
        _platform.Storage["ticket"] = [9, 1, 2];
        _platform.StorageFails = false;
        Assert.Null(TunnelTicket.Take(_platform));
    }

    public void Dispose()
    {
        _agent.Stop();
        _thread?.Join(5000);
        _gateway.Dispose();
    }

    internal static DeviceAgent NewAgent(TestPlatform platform, DeviceAgentSettings settings)
    {
        settings.Tunnel = TunnelFixture.Settings();
        var crypto = new ManagedCrypto(new SeededEntropy(Environment.TickCount & 0xFFFF));
        return new DeviceAgent(settings, platform, crypto, DeviceRandom.Create(platform, crypto));
    }

    private void Start()
    {
        _thread = new Thread(_agent.Run) { IsBackground = true };
        _thread.Start();
    }

    private sealed class DeadEntropy : IEntropySource
    {
        public void Fill(byte[] buffer, int offset, int count) => Array.Clear(buffer, offset, count);
    }
}

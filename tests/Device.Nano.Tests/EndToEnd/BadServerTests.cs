using Flint.Device.Nano.Tests.Support;

namespace Flint.Device.Nano.Tests.EndToEnd;

/// <summary>
/// Everything bad that a server, or who stands in for it, can say at the handshake and behind it: the agent gives the connection up and the next one is
/// good. On the board's own clock, so nothing waits.
/// </summary>
public sealed class BadServerTests
{
    private readonly ScriptedBoard _board;
    private readonly DeviceAgentSettings _settings = new() { Tunnel = TunnelFixture.Settings() };
    private readonly DeviceAgent _agent;

    public BadServerTests()
    {
        var crypto = new ManagedCrypto(new SeededEntropy(7));
        _board = new ScriptedBoard();
        _agent = new DeviceAgent(_settings, _board, crypto, DeviceRandom.Create(_board, crypto));
        _agent.AddFunction("led", argument => argument == "on" ? 1 : 0);
    }

    public static TheoryData<string, int, string> Handshakes => new()
    {
        { "rubbish in place of ServerHello", 0, "0010" + "5AA55AA55AA55AA55AA55AA55AA55AA5" },
        { "an empty frame", 0, "0000" },
        { "a frame that is too long", 0, "FFFF" + "02010100020000" },
        { "a request in plain CoAP", 0, "940200000001b166036c6564ff6f6e" },
        { "rubbish in place of Accept", 1, "0020" + "5AA55AA55AA55AA55AA55AA55AA55AA55AA55AA55AA55AA55AA55AA55AA55AA5" },
        { "a frame that is too short for a record", 1, "0001" + "13" },
    };

    [Theory]
    [MemberData(nameof(Handshakes))]
    public void Handshake_AnsweredBadly_IsLostAtOnceAndTheNextConnectionIsGood(string what, int frame, string answer)
    {
        _board.Instead = index => index == frame ? Convert.FromHexString(answer) : index > frame ? [] : null;
        long before = _board.Now;
        StepUntil(() => _agent.LastFailure != TunnelFailure.None);
        Assert.True(_board.Now - before < 1000, what);
        AssertComesBack();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Handshake_AnsweredByNothing_IsGivenUpAtItsDeadline(int frame)
    {
        _board.Instead = index => index >= frame ? [] : null;
        StepUntil(() => _board.OpenConnections == 1);
        long before = _board.Now;
        StepUntil(() => _board.OpenConnections == 0);

        Assert.InRange(_board.Now - before, 30_000, 31_000);
        AssertComesBack();
    }

    [Theory]
    [InlineData("a request before the CSM", "940200000001b166036c6564ff6f6e")]
    [InlineData("a CSM with a critical option that nobody knows", "10E1" + "90")]
    [InlineData("a message longer than the device takes", "00E1" + "E0FFFF02")]
    [InlineData("a reserved token length", "00E1" + "0F02")]
    [InlineData("an option that ends behind its message", "00E1" + "1002B5")]
    public void Coap_ThatIsNone_IsAbortedAndTheNextConnectionIsGood(string what, string greeting)
    {
        _board.Greeting = Convert.FromHexString(greeting);
        StepUntil(() => _agent.Connections == 1);
        StepUntil(() => _board.OpenConnections == 0);

        Assert.True(_board.Received.Count >= 2 && _board.Received[^2] == 0x00 && _board.Received[^1] == CoapCode.Abort, what);
        AssertComesBack();
    }

    [Theory]
    [InlineData("Release", "00E1" + "00E4")]
    [InlineData("Abort", "00E1" + "00E5")]
    public void Server_ThatSaysGoodbye_IsLeftAndComeBackTo(string what, string greeting)
    {
        _board.Greeting = Convert.FromHexString(greeting);
        StepUntil(() => _agent.Connections == 1);
        StepUntil(() => _board.OpenConnections == 0);
        Assert.False(_agent.IsConnected, what);
        AssertComesBack();
    }

    [Fact]
    public void Server_ThatIsSilentBehindTheHandshake_IsPingedAndLeft()
    {
        int pings = 0;
        _board.Takes = coap =>
        {
            pings += coap is [0x00, CoapCode.Ping] ? 1 : 0;
            return true;
        };
        StepUntil(() => _agent.IsConnected);
        long before = _board.Now;
        StepUntil(() => !_agent.IsConnected);

        Assert.Equal(1, pings);
        Assert.InRange(_board.Now - before, 120_000, 121_000);
        AssertComesBack();
    }

    [Fact]
    public void IdleServer_ThatAnswersThePing_IsKept()
    {
        int pings = 0;
        _board.Takes = coap =>
        {
            if (coap is [0x00, CoapCode.Ping])
            {
                pings++;
                _board.Send([0x00, CoapCode.Pong]);
            }

            return true;
        };
        StepUntil(() => _board.Now > 10 * 60_000);

        Assert.True(_agent.IsConnected);
        Assert.Equal(1, _agent.Connections);
        Assert.InRange(pings, 9, 10);
    }

    /// <summary>What takes long, the computation before a connection, feeds the watchdog on its way; without that it would have bitten.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Computation_BeforeAConnection_FeedsTheWatchdog(bool feeds)
    {
        RsaPublicKey pin = _settings.Tunnel.Pins[0];
        Action feed = pin.Yield!;
        long lastFed = 0;
        long hunger = 0;
        int fed = 1; // the turn itself feeds before it computes
        pin.Yield = () =>
        {
            _board.Sleep(400);
            if (feeds)
            {
                feed();
            }

            hunger = Math.Max(hunger, _board.Now - lastFed);
            lastFed = _board.Fed > fed ? _board.Now : lastFed;
            fed = _board.Fed;
        };
        _agent.Step();

        Assert.InRange(hunger, feeds ? 400 : 18 * 400, feeds ? 400 : 18 * 400);
    }

    private void AssertComesBack()
    {
        _board.Instead = index => null;
        _board.Greeting = [0x00, 0xE1];
        int connections = _agent.Connections;
        StepUntil(() => _agent.Connections > connections && _agent.IsConnected);
        _board.Received.Clear();
        _board.Send(Convert.FromHexString("940200000001b166036c6564ff6f6e"));
        StepUntil(() => _board.Received.Count >= 9);
        Assert.Contains("344400000001C0FF31", Convert.ToHexString([.. _board.Received]), StringComparison.Ordinal);
    }

    private void StepUntil(Func<bool> condition) => _board.StepUntil(_agent, condition);
}

using System.Globalization;
using Flint.Device.Nano.Tests.Support;
using Flint.Testing;

namespace Flint.Device.Nano.Tests.EndToEnd;

/// <summary>
/// Faults of the agent itself and of its board, which throws where it must not: nothing ends the agent or makes it spin, and what it had to say is kept.
/// On the board's own clock, so nothing waits.
/// </summary>
public sealed class FaultTests : IDisposable
{
    private const int Hour = 3_600_000;
    private const int MaxTurns = 400_000;
    private readonly ScriptedBoard _board;
    private readonly FaultyBoard _faulty;
    private readonly DeviceAgent _agent;
    private readonly SemaphoreSlim _stands = new(0);
    private readonly SemaphoreSlim _go = new(0);
    private Func<bool> _until = () => false;
    private long _limit = long.MaxValue;
    private int _turns;
    private volatile bool _ends;
    private Thread? _thread;

    public FaultTests()
    {
        var crypto = new ManagedCrypto(new SeededEntropy(7));
        _board = new ScriptedBoard();
        _faulty = new FaultyBoard(_board, crypto);
        _agent = new DeviceAgent(new DeviceAgentSettings { Tunnel = TunnelFixture.Settings() }, _faulty, _faulty, DeviceRandom.Create(_faulty, _faulty));
        _faulty.OnCall = OnMember;
    }

    public void Dispose()
    {
        _ends = true;
        _faulty.Fault = member => null;
        _agent.Stop();
        _go.Release();
        Assert.True(_thread is null || _thread.Join(Eventually.Limit));
        _go.Dispose();
        _stands.Dispose();
    }

    [Fact]
    public void Fault_Once_IsRecordedAndReportedOnceAndTheRecordIsGone()
    {
        int faults = 0;
        _faulty.Fault = member => member == "Connect" && faults++ == 0 ? new InvalidOperationException("the board's fault, ü") : null;
        RunUntil(() => Reports().Count == 1 && _board.Storage["crash"].Length == 0);

        Assert.StartsWith("device/crash=System.InvalidOperationException: the board's fault, ?\n", Reports()[0], StringComparison.Ordinal);
        Assert.Contains("\n   at Flint.Device.Nano.", Reports()[0], StringComparison.Ordinal);
        _board.Cut();
        RunUntil(() => _agent.Connections == 2);
        RunFor(10_000);
        Assert.Single(Reports());
    }

    [Theory]
    [InlineData("Connect")]
    [InlineData("Load")]
    [InlineData("Read")]
    [InlineData("Write")]
    [InlineData("HmacSha256")]
    [InlineData("FeedWatchdog")]
    public void Fault_ThatNeverEnds_NeitherEndsTheAgentNorSpinsItNorWearsTheFlash(string broken)
    {
        int turns = 0;
        int tries = 0;
        _faulty.Fault = member =>
        {
            turns += member == "Now" ? 1 : 0;
            tries += member == broken ? 1 : 0;
            return member == broken ? new InsufficientMemoryException() : null;
        };
        RunFor(Hour);

        // Waits of half a second at most each: an hour has 7200.
        Assert.InRange(turns, 1, 30_000);
        Assert.InRange(_faulty.Saved.Count(name => name == "crash"), broken == "Load" ? 0 : 1, 1);
        if (broken is "Connect" or "Write")
        {
            // A span that doubles up to ten minutes: about 17 attempts in an hour, by the random parts.
            Assert.InRange(tries, 5, 60);
        }

        _faulty.Fault = member => null;
        RunUntil(() => Reports().Count == 1 || broken == "Load");
        RunUntil(() => _agent.IsConnected);
    }

    [Theory]
    [InlineData("Now")]
    [InlineData("Sleep")]
    [InlineData("Connect")]
    [InlineData("Load")]
    [InlineData("Save")]
    [InlineData("FeedWatchdog")]
    [InlineData("CreateAes")]
    [InlineData("HmacSha256")]
    [InlineData("Read")]
    [InlineData("Write")]
    [InlineData("Close")]
    public void Fault_OfEachMemberFromAnyCallOn_IsSurvived(string broken)
    {
        int rounds = 0;
        for (int first = 0; first < 9; first++)
        {
            RunUntil(() => _agent.IsConnected);

            // Five calls in a row fail, so what the agent does about the first fault fails as well.
            int calls = 0;
            _faulty.Fault = member => member == broken && calls++ >= first && calls <= first + 5 ? new InsufficientMemoryException() : null;
            int connections = _agent.Connections;
            _board.Cut();
            RunUntil(() => _agent.Connections > connections && _agent.IsConnected);
            rounds += calls > first ? 1 : 0;
            _faulty.Fault = member => null;
        }

        Assert.NotEqual(0, rounds);
        RunUntil(() => _agent.IsConnected);
        Assert.True(_board.OpenConnections == 1 || broken == "Close", $"{_board.OpenConnections} sockets are open");
    }

    [Fact]
    public void Fault_WhoseOwnTextThrows_IsSurvived()
    {
        int faults = 0;
        _faulty.Fault = member => member == "Connect" && faults++ == 0 ? new MutteringException() : null;
        RunUntil(() => _agent.IsConnected);

        Assert.Empty(Reports());
    }

    [Fact]
    public void Record_TheNetworkDiesUnderIt_IsKeptUntilItWasSent()
    {
        _board.Storage["crash"] = "System.Exception: before\nat X"u8.ToArray();
        int refusals = 0;
        _board.Takes = coap => !IsEvent(coap) || refusals++ >= 3;
        RunUntil(() => refusals == 3 && !_agent.IsConnected);
        Assert.NotEmpty(_board.Storage["crash"]);

        RunUntil(() => Reports().Count == 1);
        RunFor(5000);
        Assert.Equal(["device/crash=System.Exception: before\nat X"], Reports());
        Assert.Empty(_board.Storage["crash"]);
    }

    [Fact]
    public void Events_TheNetworkDiesUnderThem_ArriveOnceAndInOrder()
    {
        int records = 0;
        _board.Takes = coap => !IsEvent(coap) || ++records % 4 != 0;
        int published = 0;
        for (int i = 0; i < 10; i++)
        {
            for (int j = 0; j < 5; j++)
            {
                _agent.Publish("count", (++published).ToString(CultureInfo.InvariantCulture));
            }

            RunFor(20_000);
        }

        RunUntil(() => DeviceEvents.Read(_board.Received).Count == 50);
        Assert.Equal(Enumerable.Range(1, 50).Select(i => $"count={i}"), DeviceEvents.Read(_board.Received));
        Assert.Equal(0, _agent.EventsDropped);
        Assert.InRange(_agent.Connections, 10, 40);
    }

    [Fact]
    public void Events_WithoutAServer_ArriveOrAreCounted()
    {
        _board.Takes = coap => !IsEvent(coap);
        for (int i = 0; i < 50; i++)
        {
            _agent.Publish("count", "1");
            RunFor(1000);
        }

        _board.Takes = coap => true;
        RunUntil(() => DeviceEvents.Read(_board.Received).Count == 16);
        Assert.Equal(50 - 16, _agent.EventsDropped);
    }

    [Fact]
    public void Event_ThatFitsIntoNoMessage_IsCountedAndTheNextArrives()
    {
        _agent.Publish(new string('x', 2000), "1");
        _agent.Publish("text", "\uD800");
        _agent.Publish("next", "1");
        RunUntil(() => DeviceEvents.Read(_board.Received).Count == 1);

        Assert.Equal(["next=1"], DeviceEvents.Read(_board.Received));
        Assert.Equal((2, 1), (_agent.EventsDropped, _agent.Connections));
    }

    [Fact]
    public void Publish_WithoutNameOrPayload_IsTheCallersMistake()
    {
        Assert.Throws<ArgumentNullException>(() => _agent.Publish(null!, "1"));
        Assert.Throws<ArgumentNullException>(() => _agent.Publish("name", null!));
    }

    private static bool IsEvent(byte[] coap) => coap.Length > 0 && DeviceEvents.Read(coap).Count != 0;

    private List<string> Reports() => DeviceEvents.Read(_board.Received).FindAll(e => e.StartsWith("device/crash=", StringComparison.Ordinal));

    private void RunFor(long milliseconds)
    {
        long end = _board.Now + milliseconds;
        RunUntil(() => _board.Now >= end);
    }

    /// <summary>Runs the agent's own loop until the condition holds at the start of a turn; in between it stands still.</summary>
    private void RunUntil(Func<bool> condition)
    {
        _until = condition;
        _turns = 0;
        _limit = _board.Now + (24L * Hour);
        if (_thread is null)
        {
            _thread = new Thread(_agent.Run) { IsBackground = true };
            _thread.Start();
        }
        else
        {
            _go.Release();
        }

        Assert.True(_stands.Wait(Eventually.Limit), "the agent's loop has ended");
        Assert.True(condition(), "the agent has not come back in a day, or in very many turns");
    }

    /// <summary>Every member of the board comes by here; a turn begins with the clock.</summary>
    private void OnMember(string member)
    {
        if (member == "Now" && !_ends && (_until() || _board.Now > _limit || ++_turns > MaxTurns))
        {
            _stands.Release();
            _go.Wait();
        }
    }

    private sealed class MutteringException : Exception
    {
        public override string Message => throw new InsufficientMemoryException();
    }
}

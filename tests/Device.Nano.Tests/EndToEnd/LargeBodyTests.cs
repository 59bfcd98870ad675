using System.Text;
using Flint.Coap;
using Flint.Device.Nano.Tests.Support;
using Flint.Testing;
using static Flint.Device.Nano.Tests.Support.LongText;

namespace Flint.Device.Nano.Tests.EndToEnd;

/// <summary>Bodies longer than a message between the agent and a gateway out of the server packages (docs/spec/device-agent.md section 2.1).</summary>
public sealed class LargeBodyTests : IDisposable
{
    private readonly Gateway _gateway = new();
    private readonly TestPlatform _platform;
    private readonly DeviceAgentSettings _settings = new() { MaxBody = 4096 };
    private readonly List<string> _arguments = [];
    private DeviceAgent? _agent;
    private Thread? _thread;

    public LargeBodyTests() => _platform = new TestPlatform(_gateway.Port);

    [Theory]
    [InlineData(1152)]
    [InlineData(128)]
    [InlineData(4000)]
    public async Task Function_WithALongArgument_GetsItWhole(int maxMessage)
    {
        _settings.MaxMessage = maxMessage;
        DeviceAgent agent = Start();
        agent.AddFunction("keep", argument =>
        {
            _arguments.Add(argument);
            return argument.Length;
        });
        CoapConnection connection = await _gateway.Connection;
        foreach (int length in new[] { 4096, 1025, 0, 3000, 1024, 1 })
        {
            string body = Text(length);
            Assert.Equal($"{length}", (await connection.PostAsync("/f/keep", Encoding.UTF8.GetBytes(body))).EnsureSuccess().GetText());
            Assert.Equal(body, _arguments[^1]);
        }

        Assert.Equal(6, _arguments.Count);
        Assert.Equal(Flint.Coap.CoapCode.RequestEntityTooLarge, (await connection.PostAsync("/f/keep", new byte[4097])).Code);
        Assert.Equal("3", (await connection.PostAsync("/f/keep", "abc"u8.ToArray())).EnsureSuccess().GetText());
        Assert.Equal(1, agent.Connections);
    }

    [Theory]
    [InlineData(511, false)]
    [InlineData(512, true)]
    public void MaxBody_TooSmallForARecordOfAFault_IsRefused(int maxBody, bool isTaken)
    {
        _settings.MaxBody = maxBody;
        Exception? thrown = Record.Exception(() => AgentTests.NewAgent(_platform, _settings));
        Assert.Equal(isTaken, thrown is null);
        Assert.True(isTaken || thrown is ArgumentException);
    }

    [Fact]
    public async Task Bodies_ToOneFunctionAtOnce_AreNotMixed()
    {
        DeviceAgent agent = Start();
        agent.AddFunction("keep", argument =>
        {
            _arguments.Add(argument);
            return argument.Length;
        });
        CoapConnection connection = await _gateway.Connection;
        string[] bodies = [.. Enumerable.Range(0, 4).Select(i => new string((char)('a' + i), 3000))];
        CoapResponse[] responses = await Task.WhenAll(bodies.Select(body => connection.PostAsync("/f/keep", Encoding.UTF8.GetBytes(body))));

        // A device has memory for one body: who comes meanwhile is told to come again. None is two halves.
        Assert.All(responses, response => Assert.Contains(response.Code, new[] { Flint.Coap.CoapCode.Changed, Flint.Coap.CoapCode.ServiceUnavailable }));
        Assert.All(_arguments, argument => Assert.Contains(argument, bodies));
        Assert.NotEmpty(_arguments);
        Assert.Equal(responses.Count(response => response.Code == Flint.Coap.CoapCode.Changed), _arguments.Count);
    }

    [Fact]
    public async Task Variable_WithALongValueThatChangesWithEachReading_IsFetchedWhole()
    {
        int readings = 0;
        DeviceAgent agent = Start();
        agent.AddVariable("log", () => $"{++readings}:{Text(4000)}");
        CoapConnection connection = await _gateway.Connection;

        Assert.Equal($"1:{Text(4000)}", (await connection.GetAsync("/v/log")).EnsureSuccess().GetText());
        Assert.Equal($"2:{Text(4000)}", (await connection.GetAsync("/v/log")).EnsureSuccess().GetText());
    }

    [Fact]
    public async Task Variable_WithALongValue_IsObserved()
    {
        int number = 0;
        _settings.ObserveInterval = 50;
        DeviceAgent agent = Start();
        agent.AddVariable("log", () => $"{Volatile.Read(ref number)}:{Text(3000)}");
        CoapConnection connection = await _gateway.Connection;
        await using IAsyncEnumerator<CoapResponse> values = connection.ObserveAsync("/v/log").GetAsyncEnumerator();
        for (int i = 0; i < 4; i++)
        {
            Assert.True(await values.MoveNextAsync());
            Assert.Equal($"{i}:{Text(3000)}", values.Current.GetText());
            Volatile.Write(ref number, i + 1);
        }
    }

    [Fact]
    public async Task Description_OfManyResources_IsWhole()
    {
        DeviceAgent agent = Start();
        for (int i = 0; i < 100; i++)
        {
            agent.AddVariable($"variable-{i}", () => "");
        }

        CoapConnection connection = await _gateway.Connection;
        string links = (await connection.GetAsync("/.well-known/core")).EnsureSuccess().GetText();
        Assert.Equal(string.Join(',', Enumerable.Range(0, 100).Select(i => $"</v/variable-{i}>;obs")), links);
    }

    [Fact]
    public async Task Event_LongerThanAMessage_ArrivesWholeAndInItsTurn()
    {
        DeviceAgent agent = Start();
        agent.Publish("a", "1");
        agent.Publish("log/boot", Text(4000));
        agent.Publish("b", "2");
        agent.Publish("log/boot", "ä" + Text(2000));
        await Eventually.HoldsAsync(() => _gateway.Events.Count == 4);

        Assert.Equal(["a=1", $"log/boot={Text(4000)}", "b=2", $"log/boot=ä{Text(2000)}"], _gateway.Events);
        Assert.Equal(0, agent.EventsDropped);
    }

    public void Dispose()
    {
        _agent?.Stop();
        _thread?.Join(5000);
        _gateway.Dispose();
    }

    private DeviceAgent Start()
    {
        _agent = AgentTests.NewAgent(_platform, _settings);
        _thread = new Thread(_agent.Run) { IsBackground = true };
        _thread.Start();
        return _agent;
    }
}

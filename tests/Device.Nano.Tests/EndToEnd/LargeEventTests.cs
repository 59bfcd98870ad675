using System.Text;
using Flint.Device.Nano.Tests.Support;
using static Flint.Device.Nano.Tests.Support.LongText;

namespace Flint.Device.Nano.Tests.EndToEnd;

/// <summary>Events in blocks before servers that refuse them, answer nothing, or want smaller ones. On the board's own clock, so nothing waits.</summary>
public sealed class LargeEventTests
{
    private readonly ScriptedBoard _board;
    private readonly DeviceAgentSettings _settings = new() { Tunnel = TunnelFixture.Settings() };
    private readonly DeviceAgent _agent;
    private readonly List<(string Path, uint Block, string Payload)> _blocks = [];
    private readonly List<string> _events = [];
    private bool _isCut;

    public LargeEventTests()
    {
        var crypto = new ManagedCrypto(new SeededEntropy(7));
        _board = new ScriptedBoard();
        _agent = new DeviceAgent(_settings, _board, crypto, DeviceRandom.Create(_board, crypto));
        _board.Takes = coap =>
        {
            _isCut = false;
            Read(coap);
            return !_isCut;
        };
        Answer = (block, token) => Reply(block % 16 >= 8 ? CoapCode.Continue : CoapCode.Changed, block, token);
    }

    private Action<uint, byte[]> Answer { get; set; }

    [Fact]
    public void Event_InBlocks_IsAcknowledgedBlockByBlockBeforeTheNextGoes()
    {
        _agent.Publish("log", Text(1000));
        _agent.Publish("b", "2");
        StepUntil(() => _events.Count == 1);

        Assert.Equal(Text(1000), string.Concat(_blocks.Select(block => block.Payload)));
        Assert.All(_blocks, block => Assert.Equal("e/log", block.Path));
        Assert.Equal(new uint[] { 0x0C, 0x1C, 0x2C, 0x34 }, _blocks.Select(block => block.Block));
        Assert.Equal(["e/b=2"], _events);
        Assert.Equal(0, _agent.EventsDropped);
    }

    [Theory]
    [InlineData(CoapCode.RequestEntityIncomplete)]
    [InlineData(CoapCode.RequestEntityTooLarge)]
    [InlineData(CoapCode.NotFound)]
    [InlineData(CoapCode.InternalServerError)]
    public void Event_RefusedInTheMiddle_IsDroppedAndCounted(byte code)
    {
        Answer = (block, token) => Reply(block >> 4 == 1 ? code : CoapCode.Continue, block, token);
        _agent.Publish("log", Text(1000));
        _agent.Publish("b", "2");
        StepUntil(() => _events.Count == 1);

        Assert.Equal(2, _blocks.Count);
        Assert.Equal(1, _agent.EventsDropped);
        Assert.True(_agent.IsConnected);
    }

    [Fact]
    public void Event_WhoseBlockIsNotAnswered_IsDroppedAfterItsTimeAndTheNextGoes()
    {
        Answer = (block, token) => { };
        _agent.Publish("log", Text(1000));
        _agent.Publish("b", "2");
        StepUntil(() => _blocks.Count == 1);
        long sent = _board.Now;
        StepUntil(() => _events.Count == 1);

        Assert.InRange(_board.Now - sent, 30_000, 34_000);
        Assert.Single(_blocks);
        Assert.Equal(1, _agent.EventsDropped);
        Assert.True(_agent.IsConnected);
    }

    /// <summary>The device itself had no time to listen, after some time without an answer; the answer lies in its socket.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(5_000)]
    public void Event_WhoseAnswerWaitsWhileTheDeviceStalls_IsNotDropped(int before)
    {
        uint asked = 0;
        byte[] answers = [];
        Answer = (block, token) => (asked, answers) = (block, token);
        _agent.Publish("log", Text(1000));
        _agent.Publish("b", "2");
        for (int i = 1; i <= 4; i++)
        {
            int wanted = i;
            StepUntil(() => _blocks.Count == wanted);
            long sent = _board.Now;
            StepUntil(() => _board.Now >= sent + before);
            _board.Sleep(40_000);
            Reply(asked % 16 >= 8 ? CoapCode.Continue : CoapCode.Changed, asked, answers);
        }

        StepUntil(() => _events.Count == 1);
        Assert.Equal(4, _blocks.Count);
        Assert.Equal(0, _agent.EventsDropped);
    }

    [Fact]
    public void Event_CutInTheMiddle_BeginsAnewAtTheNextConnection()
    {
        bool cuts = true;
        Answer = (block, token) =>
        {
            if (cuts && block >> 4 == 2)
            {
                cuts = false;
                _isCut = true;
                return;
            }

            Reply(block % 16 >= 8 ? CoapCode.Continue : CoapCode.Changed, block, token);
        };
        _agent.Publish("log", Text(1000));
        _agent.Publish("b", "2");
        StepUntil(() => _events.Count == 1);

        Assert.Equal(new uint[] { 0x0C, 0x1C, 0x2C, 0x0C, 0x1C, 0x2C, 0x34 }, _blocks.Select(block => block.Block));
        Assert.Equal(Text(1000), string.Concat(_blocks.Skip(3).Select(block => block.Payload)));
        Assert.Equal((2, 0), (_agent.Connections, _agent.EventsDropped));
    }

    /// <summary>The queue is full while an event goes in blocks: the oldest that waits is dropped, not the one under way.</summary>
    [Fact]
    public void Event_UnderWayInBlocks_IsNotTheOneThatAFullQueueDrops()
    {
        int published = 0;
        Answer = (block, token) =>
        {
            for (; block >> 4 == 1 && published < 17; published++)
            {
                _agent.Publish("n", $"{published}");
            }

            Reply(block % 16 >= 8 ? CoapCode.Continue : CoapCode.Changed, block, token);
        };
        _agent.Publish("log", Text(1000));
        StepUntil(() => _events.Count == 15);

        Assert.Equal(Text(1000), string.Concat(_blocks.Select(block => block.Payload)));
        Assert.Equal(Enumerable.Range(2, 15).Select(i => $"e/n={i}"), _events);
        Assert.Equal(2, _agent.EventsDropped);
    }

    /// <summary>A heap of 64 KB has no room for everything that a program publishes: what is longer than MaxBody is dropped, and the device lives.</summary>
    [Fact]
    public void Event_AboveTheLimit_IsDroppedAndCounted()
    {
        _settings.MaxBody = 1000;
        _agent.Publish("log", Text(1001));
        _agent.Publish("log", Text(1000));
        _agent.Publish("b", "2");
        StepUntil(() => _events.Count == 1);

        Assert.Equal(Text(1000), string.Concat(_blocks.Select(block => block.Payload)));
        Assert.Equal(1, _agent.EventsDropped);
    }

    [Fact]
    public void Event_OfAServerThatWantsSmallerBlocks_GoesOnInThese()
    {
        Answer = (block, token) => Reply(block % 16 >= 8 ? CoapCode.Continue : CoapCode.Changed, (block & ~7u) | 2, token);
        _agent.Publish("log", Text(1000));
        _agent.Publish("b", "2");
        StepUntil(() => _events.Count == 1);

        Assert.Equal(Text(1000), string.Concat(_blocks.Select(block => block.Payload)));
        Assert.Equal(0x0Cu, _blocks[0].Block);
        Assert.Equal(Enumerable.Range(4, 12).Select(i => (uint)((i << 4) | (i < 15 ? 8 : 0) | 2)), _blocks.Skip(1).Select(block => block.Block));
    }

    [Fact]
    public void CrashRecord_ThatFitsIntoNoRecord_GoesInBlocksAndIsLeftThen()
    {
        _board.MaxRecord = 256;
        _board.Storage["crash"] = Encoding.ASCII.GetBytes(Text(400));
        _agent.Publish("b", "2");
        StepUntil(() => _events.Count == 1);

        Assert.Equal(Text(400), string.Concat(_blocks.Select(block => block.Payload)));
        Assert.All(_blocks, block => Assert.Equal("e/device/crash", block.Path));
        Assert.Empty(_board.Storage["crash"]);
    }

    [Fact]
    public void Blocks_FitTheMaxMessageSizeOfTheServer()
    {
        _board.Greeting = [0x20, 0xE1, 0x21, 100];
        StepUntil(() => _agent.IsConnected);
        long connected = _board.Now;
        StepUntil(() => _board.Now > connected + 1000); // its CSM has been read
        _agent.Publish("log", Text(300));
        _agent.Publish("b", "2");
        StepUntil(() => _events.Count == 1);

        Assert.Equal(Text(300), string.Concat(_blocks.Select(block => block.Payload)));
        Assert.Equal(5, _blocks.Count);
    }

    [Theory]
    [InlineData(255, 0, 0)]
    [InlineData(256, 0, 1)]
    [InlineData(256, 1000, 1)]
    public void Name_WithASegmentThatNoServerTakes_IsDroppedAndCounted(int name, int payload, int dropped)
    {
        // RFC 7252 section 5.10: Uri-Path has 0 to 255 bytes.
        _agent.Publish(new string('n', name), Text(payload));
        _agent.Publish("b", "2");
        StepUntil(() => _events.Count == 2 - dropped);

        Assert.Equal(dropped, _agent.EventsDropped);
        Assert.Empty(_blocks);
    }

    [Fact]
    public void Payload_ThatIsNoText_IsDroppedAndCounted()
    {
        _agent.Publish("odd", "\uD800" + Text(1000));
        _agent.Publish("b", "2");
        StepUntil(() => _events.Count == 1);
        Assert.Equal(1, _agent.EventsDropped);
    }

    private void Read(byte[] coap)
    {
        var reader = new CoapReader();
        if (reader.ReadStream(coap, 0, coap.Length, 1152) != CoapReadStatus.Ok || reader.Code != CoapCode.Post)
        {
            return;
        }

        string path = "";
        uint block = uint.MaxValue;
        bool suppresses = false;
        while (reader.NextOption())
        {
            if (reader.OptionNumber == CoapOptionNumber.UriPath)
            {
                path += (path.Length == 0 ? "" : "/") + Encoding.UTF8.GetString(coap, reader.OptionOffset, reader.OptionLength);
            }

            if (reader.OptionNumber == CoapOptionNumber.Block1)
            {
                Assert.True(reader.TryGetOptionUInt(out block));
            }

            suppresses |= reader.OptionNumber == CoapOptionNumber.NoResponse;
        }

        string payload = Encoding.UTF8.GetString(coap, reader.PayloadOffset, reader.PayloadLength);
        Assert.Equal(block == uint.MaxValue, suppresses);
        if (suppresses)
        {
            _events.Add($"{path}={payload}");
            return;
        }

        _blocks.Add((path, block, payload));
        Answer(block, coap[reader.TokenOffset..(reader.TokenOffset + reader.TokenLength)]);
    }

    private void Reply(byte code, uint block, byte[] token)
    {
        var writer = new CoapWriter();
        byte[] buffer = new byte[64];
        writer.BeginStream(buffer, 0, buffer.Length, code, token, 0, token.Length);
        writer.WriteOption(CoapOptionNumber.Block1, block);
        Assert.Equal(CoapWriteStatus.Ok, writer.Complete());
        _board.Send(buffer[writer.Offset..(writer.Offset + writer.Length)]);
    }

    private void StepUntil(Func<bool> condition) => _board.StepUntil(_agent, condition);
}

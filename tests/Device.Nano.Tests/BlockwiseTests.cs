using System.Text;
using Flint.Device.Nano.Tests.Support;
using static Flint.Device.Nano.Tests.Support.LongText;

namespace Flint.Device.Nano.Tests;

/// <summary>Bodies longer than a message, block by block, as bytes (docs/spec/device-agent.md section 2.1, RFC 7959).</summary>
public sealed class BlockwiseTests
{
    private const uint More = 8;
    private readonly CoapPeer _peer = new();
    private readonly List<string> _arguments = [];
    private int _readings;

    public BlockwiseTests()
    {
        _peer.Give(Convert.FromHexString("00e1"));
        _peer.Resources.AddFunction("keep", argument =>
        {
            _arguments.Add(argument);
            return argument.Length;
        });
        _peer.Resources.AddVariable("log", () => Text(600, _readings++));
    }

    [Fact]
    public void Body_OfARequest_IsPutTogetherAndTheFunctionRunsOnce()
    {
        string body = Text(100, 1);
        for (uint block = 0; block < 6; block++)
        {
            CoapReader response = Post("f/keep", Part(body, block, 16), (CoapOptionNumber.Block1, (block << 4) | More));
            Assert.Equal(CoapCode.Continue, response.Code);
            Assert.Equal((block << 4) | More, _peer.Option(CoapOptionNumber.Block1));
            Assert.Empty(_arguments);
        }

        CoapReader last = Post("f/keep", Part(body, 6, 16), (CoapOptionNumber.Block1, 6 << 4));
        Assert.Equal(CoapCode.Changed, last.Code);
        Assert.Equal(6u << 4, _peer.Option(CoapOptionNumber.Block1));
        Assert.Equal("100", _peer.Payload(last));
        Assert.Equal([body], _arguments);
    }

    [Fact]
    public void Body_InBertBlocks_IsPutTogether()
    {
        // RFC 8323 section 6: several times 1024 bytes a block, counted in 1024 bytes; the endpoint here takes messages of 512, so only the last, short one can come.
        Assert.Equal(CoapCode.BadRequest, Post("f/keep", Text(300, 0), (CoapOptionNumber.Block1, More | 7)).Code);
        Assert.Equal(CoapCode.Changed, Post("f/keep", Text(300, 0), (CoapOptionNumber.Block1, 7)).Code);

        var body = new DeviceBody();
        byte[] bytes = new byte[5000];
        Random.Shared.NextBytes(bytes);
        Assert.Equal(CoapCode.Continue, body.Add(More | 7, 1, bytes, 0, 2048, 5000, 0));
        Assert.Equal(CoapCode.BadRequest, body.Add((2 << 4) | More | 7, 1, bytes, 2048, 1025, 5000, 0));
        Assert.Equal(CoapCode.BadRequest, body.Add((2 << 4) | More | 7, 1, bytes, 2048, 0, 5000, 0));
        Assert.Equal(CoapCode.Continue, body.Add((2 << 4) | More | 7, 1, bytes, 2048, 1024, 5000, 0));
        Assert.Equal(CoapCode.Empty, body.Add((3 << 4) | 7, 1, bytes, 3072, 1928, 5000, 0));
        Assert.Equal(bytes, body.Bytes);
        Assert.Equal(5000, body.Length);
    }

    [Fact]
    public void OneBlock_ThatIsTheWholeBody_NeedsNoMemory()
    {
        var body = new DeviceBody();
        Assert.Equal(CoapCode.Empty, body.Add(2, 1, new byte[64], 0, 64, 16, 0));
        Assert.Null(body.Bytes);
        CoapReader response = Post("f/keep", "abc", (CoapOptionNumber.Block1, 2));
        Assert.Equal(CoapCode.Changed, response.Code);
        Assert.Equal(2u, _peer.Option(CoapOptionNumber.Block1));
        Assert.Equal(["abc"], _arguments);
    }

    [Theory]
    [InlineData(17, 0u, CoapCode.BadRequest)]
    [InlineData(15, More, CoapCode.BadRequest)]
    [InlineData(17, More, CoapCode.BadRequest)]
    [InlineData(0, More, CoapCode.BadRequest)]
    [InlineData(16, (1 << 4) | More, CoapCode.RequestEntityIncomplete)]
    [InlineData(3, 1 << 4, CoapCode.RequestEntityIncomplete)]
    [InlineData(16, (0xFFFFFu << 4) | More, CoapCode.RequestEntityIncomplete)]
    public void Block_ThatIsNone_IsRefusedAndNothingRuns(int length, uint block, byte expected)
    {
        Assert.Equal(expected, Post("f/keep", Text(length, 0), (CoapOptionNumber.Block1, block)).Code);
        Assert.Empty(_arguments);
    }

    [Fact]
    public void Block_ThatDoesNotFollow_LeavesTheBodyAsItWas()
    {
        string body = Text(40, 3);
        Post("f/keep", Part(body, 0, 16), (CoapOptionNumber.Block1, More));
        foreach (uint block in new uint[] { (2 << 4) | More, (1 << 4) | 1, 7 << 4 })
        {
            Assert.Equal(CoapCode.RequestEntityIncomplete, Post("f/keep", Text(16, 9), (CoapOptionNumber.Block1, block)).Code);
        }

        Post("f/keep", Part(body, 1, 16), (CoapOptionNumber.Block1, (1 << 4) | More));
        Assert.Equal("40", _peer.Payload(Post("f/keep", Part(body, 2, 16), (CoapOptionNumber.Block1, 2 << 4))));
        Assert.Equal([body], _arguments);
    }

    [Fact]
    public void FirstBlock_OfAnotherBody_WaitsUntilNothingComesOfTheOneUnderWay()
    {
        Post("f/keep", Text(16, 1), (CoapOptionNumber.Block1, More), (RequestTag, 1));
        _peer.Now = 20_000;
        Post("f/keep", Text(16, 2), (CoapOptionNumber.Block1, (1 << 4) | More), (RequestTag, 1));
        _peer.Now = 49_999;
        Assert.Equal(CoapCode.ServiceUnavailable, Post("f/keep", Text(16, 3), (CoapOptionNumber.Block1, More), (RequestTag, 2)).Code);
        _peer.Now = 50_000;
        Assert.Equal(CoapCode.Continue, Post("f/keep", Text(16, 4), (CoapOptionNumber.Block1, More), (RequestTag, 2)).Code);
        Assert.Equal(CoapCode.RequestEntityIncomplete, Post("f/keep", "x", (CoapOptionNumber.Block1, 2 << 4), (RequestTag, 1)).Code);
        Assert.Equal("19", _peer.Payload(Post("f/keep", "end", (CoapOptionNumber.Block1, 1 << 4), (RequestTag, 2))));
        Assert.Equal([Text(16, 4) + "end"], _arguments);
    }

    [Fact]
    public void FirstBlock_OfTheSameBody_BeginsItAnew()
    {
        Post("f/keep", Text(16, 1), (CoapOptionNumber.Block1, More));
        Post("f/keep", Text(16, 2), (CoapOptionNumber.Block1, More));
        Post("f/keep", "end", (CoapOptionNumber.Block1, 1 << 4));
        Assert.Equal([Text(16, 2) + "end"], _arguments);
    }

    /// <summary>The attack of RFC 9175 section 3: blocks of two bodies to one resource must not become one.</summary>
    [Fact]
    public void Blocks_OfOtherOptions_AreOtherBodies()
    {
        Post("f/keep", Text(16, 1), (CoapOptionNumber.Block1, More), (RequestTag, 0x01020304));
        Assert.Equal(CoapCode.RequestEntityIncomplete, Post("f/keep", "end", (CoapOptionNumber.Block1, 1 << 4), (RequestTag, 0x01020305)).Code);
        Assert.Equal(CoapCode.RequestEntityIncomplete, Post("f/keep", "end", (CoapOptionNumber.Block1, 1 << 4)).Code);
        Assert.Equal(CoapCode.RequestEntityIncomplete, Post("f/double", "end", (CoapOptionNumber.Block1, 1 << 4), (RequestTag, 0x01020304)).Code);
        Assert.Empty(_arguments);

        // Size1 is no part of what they have in common (RFC 7252 section 5.4.2).
        Assert.Equal(CoapCode.Changed, Post("f/keep", "end", (CoapOptionNumber.Block1, 1 << 4), (CoapOptionNumber.Size1, 19), (RequestTag, 0x01020304)).Code);
        Assert.Equal([Text(16, 1) + "end"], _arguments);
    }

    [Fact]
    public void Body_AboveTheLimit_IsRefusedWithIt_BySizeOrByItsBlocks()
    {
        _peer.Resources.MaxBody = 40;
        CoapReader response = Post("f/keep", Text(16, 1), (CoapOptionNumber.Block1, More), (CoapOptionNumber.Size1, 41));
        Assert.Equal(CoapCode.RequestEntityTooLarge, response.Code);
        Assert.Equal(40u, _peer.Option(CoapOptionNumber.Size1));

        Post("f/keep", Text(16, 1), (CoapOptionNumber.Block1, More));
        Post("f/keep", Text(16, 1), (CoapOptionNumber.Block1, (1 << 4) | More));
        response = Post("f/keep", Text(9, 1), (CoapOptionNumber.Block1, 2 << 4));
        Assert.Equal(CoapCode.RequestEntityTooLarge, response.Code);
        Assert.Equal(40u, _peer.Option(CoapOptionNumber.Size1));

        // It is gone, and the next one is taken.
        Assert.Equal(CoapCode.RequestEntityIncomplete, Post("f/keep", Text(8, 1), (CoapOptionNumber.Block1, 2 << 4)).Code);
        Assert.Empty(_arguments);
        Post("f/keep", Text(16, 1), (CoapOptionNumber.Block1, More));
        Post("f/keep", Text(16, 1), (CoapOptionNumber.Block1, (1 << 4) | More));
        Assert.Equal("40", _peer.Payload(Post("f/keep", Text(8, 1), (CoapOptionNumber.Block1, 2 << 4))));
    }

    [Fact]
    public void Body_ForNothing_IsRefusedBeforeItsFirstBlockIsStored()
    {
        Post("f/keep", Text(16, 1), (CoapOptionNumber.Block1, More));
        Assert.Equal(CoapCode.NotFound, Post("f/none", Text(16, 1), (CoapOptionNumber.Block1, More)).Code);
        Assert.Equal(CoapCode.MethodNotAllowed, Post("v/log", Text(16, 1), (CoapOptionNumber.Block1, More)).Code);
        Assert.Equal(CoapCode.NotAcceptable, Post("f/keep", Text(16, 1), (CoapOptionNumber.Accept, 60), (CoapOptionNumber.Block1, More)).Code);
        Assert.Equal(CoapCode.Changed, Post("f/keep", "end", (CoapOptionNumber.Block1, 1 << 4)).Code);
    }

    [Fact]
    public void Body_UnderWay_EndsWithTheConnection()
    {
        Post("f/keep", Text(16, 1), (CoapOptionNumber.Block1, More));
        _peer.Resources.Forget();
        Assert.Equal(CoapCode.RequestEntityIncomplete, Post("f/keep", "end", (CoapOptionNumber.Block1, 1 << 4)).Code);
    }

    [Theory]
    [InlineData(null, 4)]
    [InlineData(2u, 2)]
    [InlineData(0u, 0)]
    [InlineData(6u, 4)]
    [InlineData(7u, 4)]
    public void Value_LongerThanAMessage_ComesInBlocksOfOneReading(uint? asked, int expected)
    {
        var text = new StringBuilder();
        uint etag = 0;
        uint next = asked ?? 0;
        for (int i = 0; ; i++)
        {
            CoapReader response = i == 0 && asked == null ? Get("v/log") : Get("v/log", (CoapOptionNumber.Block2, next));
            Assert.Equal(CoapCode.Content, response.Code);
            text.Append(_peer.Payload(response));
            uint tag = _peer.Option(CoapOptionNumber.ETag);
            uint block = _peer.Option(CoapOptionNumber.Block2);
            Assert.Equal((uint)expected, block & 7);
            Assert.Equal((uint)i, block >> 4);
            Assert.True(i == 0 || tag == etag);
            Assert.Equal(_peer.Payload(response).Length, (block & More) != 0 ? 16 << expected : 600 - (i * (16 << expected)));
            etag = tag;
            next = (uint)((i + 1) << 4) | (block & 7);
            if ((block & More) == 0)
            {
                break;
            }
        }

        Assert.Equal(Text(600, 0), text.ToString());
        Assert.Equal(1, _readings);

        // It is kept no longer: a later block is of another reading, and says so.
        CoapReader anew = Get("v/log", (CoapOptionNumber.Block2, (1u << 4) | 4));
        Assert.Equal(Text(600, 1).Substring(256, 256), _peer.Payload(anew));
        Assert.NotEqual(etag, _peer.Option(CoapOptionNumber.ETag));
        Assert.Equal(CoapCode.BadRequest, Get("v/log", (CoapOptionNumber.Block2, (3u << 4) | 4)).Code);
        Assert.Equal(CoapCode.BadRequest, Get("v/log", (CoapOptionNumber.Block2, (0xFFFFFu << 4) | 6)).Code);
    }

    [Fact]
    public void LaterBlock_OfAnotherResource_IsNotOfTheBodyThatIsKept()
    {
        _peer.Resources.AddVariable("other", () => Text(600, 77));
        Get("v/log");
        Assert.Equal(Text(600, 77).Substring(256, 256), _peer.Payload(Get("v/other", (CoapOptionNumber.Block2, (1u << 4) | 4))));
    }

    [Fact]
    public void BlockOption_OfFourBytes_Is402()
    {
        Assert.Equal(CoapCode.BadOption, Get("v/log", (CoapOptionNumber.Block2, 0x01000000)).Code);
        Assert.Equal(CoapCode.BadOption, Post("f/keep", "x", (CoapOptionNumber.Block1, 0x01000000)).Code);
    }

    [Theory]
    [InlineData(null, 4)]
    [InlineData(1u, 1)]
    public void Notification_LongerThanAMessage_IsItsFirstBlockAndTheRestIsFetched(uint? asked, int expected)
    {
        CoapReader response = asked is uint szx
            ? Get("v/log", (CoapOptionNumber.Observe, 0), (CoapOptionNumber.Block2, szx))
            : Get("v/log", (CoapOptionNumber.Observe, 0));
        Assert.Equal(0u, _peer.Option(CoapOptionNumber.Observe));

        Assert.True(_peer.Resources.Notify(_peer.Endpoint));
        CoapReader notification = _peer.Read();
        string text = _peer.Payload(notification);
        Assert.Equal(1u, _peer.Option(CoapOptionNumber.Observe));
        Assert.Equal(More | (uint)expected, _peer.Option(CoapOptionNumber.Block2));
        uint etag = _peer.Option(CoapOptionNumber.ETag);
        int count = 600 / (16 << expected);
        for (int i = 1; i <= count; i++)
        {
            CoapReader rest = Get("v/log", (CoapOptionNumber.Block2, (uint)(i << 4) | (uint)expected));
            text += _peer.Payload(rest);
            Assert.Equal(etag, _peer.Option(CoapOptionNumber.ETag));
        }

        Assert.Equal(Text(600, 1), text);
    }

    /// <summary>There is room for one long body: what observers were told of is served from what they were told.</summary>
    [Fact]
    public void Notifications_OfTwoLongValues_CanBothBeFetched()
    {
        int readings = 0;
        _peer.Resources.AddVariable("other", () => Text(600, 1000 + readings++));
        Get("v/log", (CoapOptionNumber.Observe, 0));
        _peer.Ask(CoapCode.Get, "v/other", "", [8], (CoapOptionNumber.Observe, 0));
        var told = new Dictionary<string, (string Text, uint Tag)>();
        for (int i = 0; i < 2; i++)
        {
            Assert.True(_peer.Resources.Notify(_peer.Endpoint));
            string first = _peer.Payload(_peer.Read());
            told[first.StartsWith("1000.", StringComparison.Ordinal) || first.StartsWith("1001.", StringComparison.Ordinal) ? "v/other" : "v/log"] = (first, _peer.Option(CoapOptionNumber.ETag));
        }

        for (uint i = 1; i <= 2; i++)
        {
            foreach (string path in new[] { "v/log", "v/other" })
            {
                string part = _peer.Payload(Get(path, (CoapOptionNumber.Block2, (i << 4) | 4)));
                Assert.Equal(told[path].Tag, _peer.Option(CoapOptionNumber.ETag));
                told[path] = (told[path].Text + part, told[path].Tag);
            }
        }

        Assert.Equal((Text(600, 1), Text(600, 1001)), (told["v/log"].Text, told["v/other"].Text));
    }

    [Fact]
    public void LaterBlock_WithObserve_RegistersNothing()
    {
        Get("v/log");
        CoapReader response = Get("v/log", (CoapOptionNumber.Observe, 0), (CoapOptionNumber.Block2, (1u << 4) | 4));
        Assert.Equal(CoapCode.Content, response.Code);
        Assert.Equal(uint.MaxValue, _peer.Option(CoapOptionNumber.Observe));
        Assert.False(_peer.Resources.Notify(_peer.Endpoint));
    }

    [Fact]
    public void Value_AboveTheLimit_Is500IsNotObservedAndEndsAnObservation()
    {
        _peer.Resources.MaxBody = 599;
        Assert.Equal(CoapCode.InternalServerError, Get("v/log", (CoapOptionNumber.Observe, 0)).Code);
        Assert.False(_peer.Resources.Notify(_peer.Endpoint));

        _peer.Resources.MaxBody = 600;
        Assert.Equal(CoapCode.Content, Get("v/log", (CoapOptionNumber.Observe, 0)).Code);
        _peer.Resources.MaxBody = 599;
        Assert.True(_peer.Resources.Notify(_peer.Endpoint));
        Assert.Equal(CoapCode.InternalServerError, _peer.Read().Code);
        Assert.False(_peer.Resources.Notify(_peer.Endpoint));
    }

    [Fact]
    public void Observation_OfAValueThatIsNoText_IsNotRegistered()
    {
        string value = "\uD800";
        _peer.Resources.AddVariable("odd", () => value);
        Assert.Equal(CoapCode.InternalServerError, Get("v/odd", (CoapOptionNumber.Observe, 0)).Code);
        value = "text";
        Assert.False(_peer.Resources.Notify(_peer.Endpoint));
    }

    /// <summary>Size1 is an estimate (RFC 7959 section 4): it refuses what is too long early, and is no promise.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(5)]
    public void Body_LongerThanItsSize_IsTakenUpToTheLimit(uint size)
    {
        Assert.Equal(CoapCode.Continue, Post("f/keep", Text(16, 1), (CoapOptionNumber.Block1, More), (CoapOptionNumber.Size1, size)).Code);
        Assert.Equal(CoapCode.Continue, Post("f/keep", Text(16, 2), (CoapOptionNumber.Block1, (1 << 4) | More)).Code);
        Assert.Equal(CoapCode.Changed, Post("f/keep", "end", (CoapOptionNumber.Block1, 2 << 4), (CoapOptionNumber.Size1, 2000)).Code);
        Assert.Equal([Text(16, 1) + Text(16, 2) + "end"], _arguments);
    }

    [Fact]
    public void Body_WithoutMemoryForIt_Is503AndTheNextIsTaken()
    {
        _peer.Resources.MaxBody = int.MaxValue; // more than an array may have
        Assert.Equal(CoapCode.ServiceUnavailable, Post("f/keep", Text(16, 1), (CoapOptionNumber.Block1, More)).Code);
        Assert.Equal(CoapCode.RequestEntityIncomplete, Post("f/keep", Text(16, 1), (CoapOptionNumber.Block1, (1 << 4) | More)).Code);
        _peer.Resources.MaxBody = 4096;
        Post("f/keep", Text(16, 1), (CoapOptionNumber.Block1, More));
        Assert.Equal("19", _peer.Payload(Post("f/keep", "end", (CoapOptionNumber.Block1, 1 << 4))));
    }

    [Fact]
    public void Value_ThatIsNoText_Is500AndEndsItsObservation()
    {
        string value = "a";
        _peer.Resources.AddVariable("odd", () => value);
        Get("v/odd", (CoapOptionNumber.Observe, 0));
        value = "\uD800";
        Assert.True(_peer.Resources.Notify(_peer.Endpoint));
        Assert.Equal(CoapCode.InternalServerError, _peer.Read().Code);
        Assert.Equal(CoapCode.InternalServerError, Get("v/odd").Code);
        Assert.Equal(CoapCode.InternalServerError, Get("v/odd", (CoapOptionNumber.Block2, 2)).Code);
        value = "b";
        Assert.False(_peer.Resources.Notify(_peer.Endpoint));
    }

    /// <summary>Any body and any sizes, the size made smaller on the way as a client may: what comes out is what went in.</summary>
    [Fact]
    public void Bodies_OfAnyLengthAndSizes_ArriveWhole()
    {
        var random = new Random(7);
        for (int run = 0; run < 300; run++)
        {
            string body = Text(random.Next(0, 1500), run);
            int exponent = random.Next(0, 5);
            int at = 0;
            _arguments.Clear();
            while (true)
            {
                int size = 16 << exponent;
                bool isLast = body.Length - at <= size;
                CoapReader response = Post("f/keep", isLast ? body[at..] : body.Substring(at, size), (CoapOptionNumber.Block1, (uint)((at >> exponent) | (isLast ? 0 : (int)More) | exponent)));
                if (isLast)
                {
                    Assert.Equal(CoapCode.Changed, response.Code);
                    break;
                }

                Assert.Equal(CoapCode.Continue, response.Code);
                at += size;
                exponent = random.Next(4) == 0 ? random.Next(0, exponent + 1) : exponent;
            }

            Assert.Equal([body], _arguments);
        }
    }

    private CoapReader Get(string path, params (int Number, uint Value)[] options) => _peer.Ask(CoapCode.Get, path, "", options);

    private CoapReader Post(string path, string payload, params (int Number, uint Value)[] options) => _peer.Ask(CoapCode.Post, path, payload, options);

    private static string Part(string body, uint number, int size) => body.Substring((int)number * size, Math.Min(size, body.Length - ((int)number * size)));

    private const int RequestTag = 292;
}

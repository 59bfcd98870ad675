using System.Text;
using Flint.Testing;

namespace Flint.Coap.Tests.Devices;

/// <summary>docs/spec/device-mapping.md section 4: the hub by itself, and its resources.</summary>
public sealed class EventHubTests
{
    private readonly ManualTime _time = new();
    private readonly CoapRouter _router = new();
    private readonly DeviceEventHub _hub;

    public EventHubTests()
    {
        _hub = new DeviceEventHub(new DeviceEventHubOptions { QueueLength = 3, MaxSubscribers = 2, MaxRemembered = 4, TimeProvider = _time });
        _hub.MapTo(_router, null);
    }

    [Theory]
    [InlineData("/e/", CoapCode.BadRequest)]
    [InlineData("/e/a//b", CoapCode.BadRequest)]
    [InlineData("/e/a%20b", CoapCode.BadRequest)]
    [InlineData("/e/a%2fb/c", CoapCode.Changed)]     // an event is named by its text: a slash in a segment separates like any other
    [InlineData("/e/1/2/3/4/5/6/7/8", CoapCode.Changed)]
    [InlineData("/e/1/2/3/4/5/6/7/8/9", CoapCode.BadRequest)]
    [InlineData("/E/a", CoapCode.Changed)]
    public async Task Publish_UnderAName_IsJudged(string path, CoapCode code) => Assert.Equal(code, (await PostAsync(path, "x"u8.ToArray())).Code);

    [Fact]
    public async Task Publish_WithTooMuchData_IsRefused()
    {
        Assert.Equal(CoapCode.Changed, (await PostAsync("/e/a", new byte[1024])).Code);
        Assert.Equal(CoapCode.RequestEntityTooLarge, (await PostAsync("/e/a", new byte[1025])).Code);
        Assert.Throws<ArgumentOutOfRangeException>(() => _hub.Publish(new DeviceEvent("a", new byte[1025])));
        Assert.Throws<ArgumentException>(() => _hub.Publish(new DeviceEvent("a b", "x")));
        Assert.Throws<ArgumentOutOfRangeException>(() => _hub.Publish(new DeviceEvent("a", "x") { TimeToLive = TimeSpan.FromSeconds(-1) }));
    }

    [Fact]
    public async Task Publisher_FasterThanAllowed_IsToldToWait()
    {
        var router = new CoapRouter();
        new DeviceEventHub(new DeviceEventHubOptions { PublisherLimits = new CoapPeerLimits { Burst = 1, RequestsPerSecond = 0.1, TimeProvider = _time } }).MapTo(router, null);

        Assert.Equal(CoapCode.Changed, (await router.HandleAsync(Request(CoapCode.Post, "/e/a", []), default)).Code);
        CoapResponse refused = await router.HandleAsync(Request(CoapCode.Post, "/E/a", []), default);

        Assert.Equal(CoapCode.TooManyRequests, refused.Code);
        Assert.True(refused.Options.TryGetUInt32(CoapOptionNumber.MaxAge, out uint wait));
        Assert.Equal(10u, wait);
        Assert.Equal(CoapCode.Content, (await router.HandleAsync(Request(CoapCode.Get, "/e", []), default)).Code);
    }

    [Fact]
    public async Task Subscriber_GetsWhatItsPrefixAndPublisherCover()
    {
        await using IAsyncEnumerator<DeviceEvent> motion = Subscribe("mo");
        await using IAsyncEnumerator<DeviceEvent> ofB = Subscribe("", "b");

        await PostAsync("/e/motion/hall", "1"u8.ToArray(), "a");
        await PostAsync("/e/door", "2"u8.ToArray(), "a");
        await PostAsync("/E/motion/garden", "3"u8.ToArray(), "b");

        Assert.Equal(("motion/hall", "1", "a", false), await NextAsync(motion));
        Assert.Equal(("motion/garden", "3", "b", true), await NextAsync(motion));
        Assert.Equal(("motion/garden", "3", "b", true), await NextAsync(ofB));
    }

    [Fact]
    public async Task Subscriber_ThatIsSlow_MissesTheOldestAndIsToldHowMany()
    {
        await using IAsyncEnumerator<DeviceEvent> slow = Subscribe("");
        for (int i = 0; i < 8; i++)
        {
            _hub.Publish(new DeviceEvent("e", $"{i}"));
        }

        // The first was waited for; of the others three had room.
        Assert.True(await slow.MoveNextAsync());
        Assert.Equal(("0", 0L), (slow.Current.GetText(), slow.Current.Missed));
        Assert.True(await slow.MoveNextAsync());
        Assert.Equal(("5", 4L), (slow.Current.GetText(), slow.Current.Missed));
        Assert.True(await slow.MoveNextAsync());
        Assert.Equal(("6", 0L), (slow.Current.GetText(), slow.Current.Missed));
    }

    [Fact]
    public async Task Subscribers_AboveTheLimit_AreRefusedUntilOneLeaves()
    {
        IAsyncEnumerator<DeviceEvent> one = Subscribe("");
        await using IAsyncEnumerator<DeviceEvent> two = Subscribe("");

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await _hub.SubscribeAsync().GetAsyncEnumerator().MoveNextAsync());
        Assert.Equal(2, _hub.SubscriberCount);
        _hub.Publish(new DeviceEvent("e", "x"));
        await one.MoveNextAsync();
        await two.MoveNextAsync();
        await one.DisposeAsync();
        Assert.Equal(1, _hub.SubscriberCount);
        Assert.Throws<ArgumentException>(() => _hub.SubscribeAsync("no prefix"));
    }

    [Fact]
    public async Task Subscriber_ThatIsCancelled_LeavesNothingBehind()
    {
        using var stop = new CancellationTokenSource();
        IAsyncEnumerator<DeviceEvent> one = _hub.SubscribeAsync(cancellationToken: stop.Token).GetAsyncEnumerator();
        ValueTask<bool> next = one.MoveNextAsync();
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
        Assert.Equal(0, _hub.SubscriberCount);
    }

    [Fact]
    public async Task Get_ShowsTheNewestPublicEventThatThePrefixCovers()
    {
        await PostAsync("/e/motion/hall", "1"u8.ToArray(), "3f00", 30, CoapContentFormat.TextPlain);
        await PostAsync("/E/motion/secret", "2"u8.ToArray(), "3f00");
        await PostAsync("/e/door", [0x80], "4a00", null, CoapContentFormat.Cbor);
        _time.Now += TimeSpan.FromSeconds(10);

        CoapResponse motion = await GetAsync("/e/motion/");
        Assert.Equal((CoapCode.Content, "1", CoapContentFormat.TextPlain), (motion.Code, motion.GetText(), motion.ContentFormat));
        Assert.Equal("4=01 8=65 8=6D6F74696F6E 8=68616C6C 12= 14=14 20=66726F6D3D33663030", Options(motion));
        Assert.Equal("4=03 8=65 8=646F6F72 12=3C 14=32 20=66726F6D3D34613030", Options(await GetAsync("/e")));
        Assert.Equal("4=00", Options(await GetAsync("/e/motion/s")));
    }

    [Fact]
    public async Task Get_AfterTheTimeToLive_ShowsNothing()
    {
        await PostAsync("/e/a", "1"u8.ToArray(), maxAge: 5);
        _time.Now += TimeSpan.FromSeconds(5);

        CoapResponse nothing = await GetAsync("/e/a");

        Assert.Equal((CoapCode.Content, 0, "4=00"), (nothing.Code, nothing.Payload.Length, Options(nothing)));
    }

    [Fact]
    public async Task Get_RemembersNoMoreThanAllowed()
    {
        for (int i = 0; i < 100; i++)
        {
            _hub.Publish(new DeviceEvent($"e{i}", "x"));
        }

        Assert.Equal("4=00", Options(await GetAsync("/e/e95")));
        Assert.NotEqual("4=00", Options(await GetAsync("/e/e96")));
    }

    [Theory]
    [InlineData("/E/a")]
    [InlineData("/E/motion/secret")]
    public async Task Get_OfPrivateEvents_IsNoMethodOfTheirs(string path) => Assert.Equal(CoapCode.MethodNotAllowed, (await GetAsync(path)).Code);

    [Fact]
    public async Task Get_WithAPrefixOfNothingOrAnotherAccept_IsRefused()
    {
        _hub.Publish(new DeviceEvent("a", "x"));
        CoapRequest request = Request(CoapCode.Get, "/e/a", []);
        request.Options.Add(CoapOptionNumber.Accept, (uint)CoapContentFormat.Cbor);

        Assert.Equal(CoapCode.NotAcceptable, (await _router.HandleAsync(request, default)).Code);
        Assert.Equal(CoapCode.BadRequest, (await GetAsync("/e/a%20b")).Code);
    }

    [Fact]
    public async Task Publisher_WithALongIdentity_IsNotNamed()
    {
        await PostAsync("/e/a", [], new string('x', 251));

        Assert.Equal("4=01 8=65 8=61 14=3C", Options(await GetAsync("/e/a")));
    }

    [Fact]
    public void Data_ThatItsOwnerChangesLater_StaysAsItWas()
    {
        byte[] data = "1"u8.ToArray();
        DeviceEvent published = _hub.Publish(new DeviceEvent("a", data));
        data[0] = (byte)'2';

        Assert.Equal(("1", 1ul), (published.GetText(), published.Number));
    }

    [Fact]
    public void Limits_OutOfRange_AreRefused()
    {
        Assert.ThrowsAny<ArgumentException>(() => new DeviceEventHub(new DeviceEventHubOptions { QueueLength = 0 }));
        Assert.ThrowsAny<ArgumentException>(() => new DeviceEventHub(new DeviceEventHubOptions { MaxSubscribers = 0 }));
        Assert.ThrowsAny<ArgumentException>(() => new DeviceEventHub(new DeviceEventHubOptions { MaxRemembered = 0 }));
        Assert.ThrowsAny<ArgumentException>(() => new DeviceEventHub(new DeviceEventHubOptions { MaxTimeToLive = TimeSpan.Zero }));
    }

    private static string Options(CoapResponse response)
    {
        var text = new StringBuilder();
        foreach (CoapOption option in response.Options)
        {
            text.Append($" {(int)option.Number}={Convert.ToHexString(option.Value)}");
        }

        return text.ToString().Trim();
    }

    private static async Task<(string Name, string Text, string? Publisher, bool IsPrivate)> NextAsync(IAsyncEnumerator<DeviceEvent> events)
    {
        Assert.True(await events.MoveNextAsync().AsTask().WaitAsync(Eventually.Limit));
        DeviceEvent next = events.Current;
        return (next.Name, next.GetText(), next.Publisher, next.IsPrivate);
    }

    private static CoapRequest Request(CoapCode method, string path, byte[] payload, string publisher = "device")
    {
        var request = new CoapRequest(method, path);
        return new CoapRequest(method, request.Options, payload, new CoapPeer(publisher));
    }

    private ValueTask<CoapResponse> GetAsync(string path) => _router.HandleAsync(Request(CoapCode.Get, path, []), default);

    private ValueTask<CoapResponse> PostAsync(string path, byte[] payload, string publisher = "device", uint? maxAge = null, CoapContentFormat? format = null)
    {
        CoapRequest request = Request(CoapCode.Post, path, payload, publisher);
        request.ContentFormat = format;
        if (maxAge is uint seconds)
        {
            request.Options.Add(CoapOptionNumber.MaxAge, seconds);
        }

        return _router.HandleAsync(request, default);
    }

    /// <summary>Subscribed from now on: the first step is under way, as far as the queue.</summary>
    private SubscribedEvents Subscribe(string prefix, string? publisher = null) => new(_hub.SubscribeAsync(prefix, publisher).GetAsyncEnumerator());

    private sealed class SubscribedEvents : IAsyncEnumerator<DeviceEvent>
    {
        private readonly IAsyncEnumerator<DeviceEvent> _inner;
        private Task<bool>? _first;

        public SubscribedEvents(IAsyncEnumerator<DeviceEvent> inner)
        {
            _inner = inner;
            _first = inner.MoveNextAsync().AsTask();
        }

        public DeviceEvent Current => _inner.Current;

        public ValueTask<bool> MoveNextAsync()
        {
            Task<bool> next = _first ?? _inner.MoveNextAsync().AsTask();
            _first = null;
            return new(next);
        }

        public ValueTask DisposeAsync() => _inner.DisposeAsync();
    }

    private sealed class ManualTime : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}

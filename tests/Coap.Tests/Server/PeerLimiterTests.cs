namespace Flint.Coap.Tests.Server;

public sealed class PeerLimiterTests
{
    private readonly ManualTime _time = new();
    private readonly TaskCompletionSource<CoapResponse> _slow = new();

    [Fact]
    public async Task Peer_AboveItsRate_IsToldToWait()
    {
        var limiter = new CoapPeerLimiter(new CoapPeerLimits { Burst = 2, RequestsPerSecond = 0.5, TimeProvider = _time });

        Assert.Equal(CoapCode.Content, (await AskAsync(limiter, "a")).Code);
        Assert.Equal(CoapCode.Content, (await AskAsync(limiter, "a")).Code);
        CoapResponse refused = await AskAsync(limiter, "a");

        Assert.Equal(CoapCode.TooManyRequests, refused.Code);
        Assert.True(refused.Options.TryGetUInt32(CoapOptionNumber.MaxAge, out uint wait));
        Assert.Equal(2u, wait);
        Assert.Equal(CoapCode.Content, (await AskAsync(limiter, "b")).Code);
        _time.Now += TimeSpan.FromSeconds(2);
        Assert.Equal(CoapCode.Content, (await AskAsync(limiter, "a")).Code);
        Assert.Equal(CoapCode.TooManyRequests, (await AskAsync(limiter, "a")).Code);
    }

    [Fact]
    public async Task Peer_WithTooManyRequestsAtOnce_IsRefusedUntilOneEnds()
    {
        var limiter = new CoapPeerLimiter(new CoapPeerLimits { MaxConcurrent = 1, TimeProvider = _time });
        ValueTask<CoapResponse> slow = limiter.FilterAsync(From("a"), (_, _) => new(_slow.Task), default);

        Assert.Equal(CoapCode.TooManyRequests, (await AskAsync(limiter, "a")).Code);
        _slow.SetResult(CoapResponse.Content("slow"));
        Assert.Equal("slow", (await slow).GetText());
        Assert.Equal(CoapCode.Content, (await AskAsync(limiter, "a")).Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Handler_ThatThrows_GivesItsPlaceBack(bool atOnce)
    {
        var limiter = new CoapPeerLimiter(new CoapPeerLimits { MaxConcurrent = 1, TimeProvider = _time });

        await Assert.ThrowsAsync<InvalidDataException>(async () => await limiter.FilterAsync(From("a"), Fail, default));
        Assert.Equal(CoapCode.Content, (await AskAsync(limiter, "a")).Code);

        ValueTask<CoapResponse> Fail(CoapRequest request, CancellationToken token) =>
            atOnce ? throw new InvalidDataException() : new(Task.FromException<CoapResponse>(new InvalidDataException()));
    }

    [Fact]
    public async Task Peers_WithoutEnd_TakeNoMoreMemoryThanAllowed()
    {
        var limiter = new CoapPeerLimiter(new CoapPeerLimits { MaxPeers = 3, Burst = 1, RequestsPerSecond = 0.001, TimeProvider = _time });
        await AskAsync(limiter, "kept");
        for (int i = 0; i < 1000; i++)
        {
            await AskAsync(limiter, $"forged {i}");
            Assert.Equal(CoapCode.TooManyRequests, (await AskAsync(limiter, "kept")).Code);
        }

        Assert.Equal(3, limiter.PeerCount);
    }

    [Fact]
    public void Limits_OutOfRange_AreRefused()
    {
        Assert.ThrowsAny<ArgumentException>(() => new CoapPeerLimiter(new CoapPeerLimits { Burst = 0 }));
        Assert.ThrowsAny<ArgumentException>(() => new CoapPeerLimiter(new CoapPeerLimits { RequestsPerSecond = 0 }));
        Assert.ThrowsAny<ArgumentException>(() => new CoapPeerLimiter(new CoapPeerLimits { MaxConcurrent = 0 }));
        Assert.ThrowsAny<ArgumentException>(() => new CoapPeerLimiter(new CoapPeerLimits { MaxPeers = 0 }));
    }

    private static ValueTask<CoapResponse> AskAsync(CoapPeerLimiter limiter, string peer) =>
        limiter.FilterAsync(From(peer), (_, _) => new(CoapResponse.Content("ok")), default);

    private static CoapRequest From(string peer) => new(CoapCode.Get, new CoapOptionList(), default, new CoapPeer(peer));

    private sealed class ManualTime : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}

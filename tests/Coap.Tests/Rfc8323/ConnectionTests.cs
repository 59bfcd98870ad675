using System.IO.Pipelines;
using System.Text;
using Flint.Coap.Tests.Properties;
using Flint.Testing;

namespace Flint.Coap.Tests.Rfc8323;

/// <summary>Requests and responses over a connection: two real ends, or one and a script.</summary>
public sealed class ConnectionTests
{
    [Fact]
    public async Task HandlerThatThrows_GivesFiveHundredWithoutDetails()
    {
        Exception? seen = null;
        await using Ends ends = Ends.Start(far: new()
        {
            Handler = (_, _) => throw new InvalidDataException("secret"),
            HandlerFailed = (_, e) => seen = e,
        });

        CoapResponse response = await ends.Near.GetAsync("/t");

        Assert.Equal(CoapCode.InternalServerError, response.Code);
        Assert.Equal(0, response.Payload.Length);
        Assert.IsType<InvalidDataException>(seen);
        Assert.Equal(CoapCode.InternalServerError, (await ends.Near.GetAsync("/t")).Code);
    }

    [Fact]
    public async Task HandlerFailedThatThrows_IsNobodysProblem()
    {
        await using Ends ends = Ends.Start(far: new()
        {
            Handler = (_, _) => throw new InvalidDataException("first"),
            HandlerFailed = (_, _) => throw new InvalidOperationException("second"),
        });

        Assert.Equal(CoapCode.InternalServerError, (await ends.Near.GetAsync("/t")).Code);
        Assert.Equal(CoapCode.InternalServerError, (await ends.Near.GetAsync("/t")).Code);
    }

    [Theory]
    [InlineData((CoapOptionNumber)9, 1, CoapCode.BadOption)]
    [InlineData((CoapOptionNumber)65001, 0, CoapCode.BadOption)]
    [InlineData(CoapOptionNumber.IfMatch, 1, CoapCode.BadOption)]
    [InlineData(CoapOptionNumber.Block1, 4, CoapCode.BadOption)]
    [InlineData(CoapOptionNumber.UriPort, 3, CoapCode.BadOption)]
    [InlineData(CoapOptionNumber.ProxyUri, 5, CoapCode.ProxyingNotSupported)]
    [InlineData((CoapOptionNumber)65000, 7, CoapCode.Content)]
    [InlineData(CoapOptionNumber.ETag, 9, CoapCode.Content)]
    public async Task Option_ThatIsNotUnderstood_IsRefusedOnlyWhereCritical(CoapOptionNumber number, int length, CoapCode expected)
    {
        await using Ends ends = Ends.Start(far: new() { Handler = (_, _) => new(CoapResponse.Content("ok")) });
        var request = new CoapRequest(CoapCode.Get, "/t");
        request.Options.Add(number, new byte[length]);

        Assert.Equal(expected, (await ends.Near.SendAsync(request)).Code);
    }

    [Fact]
    public async Task CriticalOption_TwiceThoughNotRepeatable_IsRefused()
    {
        await using Ends ends = Ends.Start(far: new() { Handler = (_, _) => new(CoapResponse.Content("ok")) });
        var request = new CoapRequest(CoapCode.Get, "/t");
        request.Options.Add(CoapOptionNumber.Accept, 50);
        request.Options.Add(CoapOptionNumber.Accept, 60);

        Assert.Equal(CoapCode.BadOption, (await ends.Near.SendAsync(request)).Code);
    }

    [Fact]
    public async Task CriticalOption_ThatTheHandlerDeclared_ReachesIt()
    {
        await using Ends ends = Ends.Start(far: new()
        {
            CriticalOptions = new HashSet<CoapOptionNumber> { CoapOptionNumber.IfNoneMatch },
            Handler = (request, _) => new(CoapResponse.Content(request.Options.TryFind(CoapOptionNumber.IfNoneMatch, out CoapOption _) ? "seen" : "lost")),
        });
        var request = new CoapRequest(CoapCode.Put, "/t");
        request.Options.Add(CoapOptionNumber.IfNoneMatch);

        Assert.Equal("seen", (await ends.Near.SendAsync(request)).GetText());
    }

    [Fact]
    public async Task ResponseWithAnUnknownCriticalOption_IsRejected()
    {
        await using Ends ends = Ends.Start(far: new() { Handler = (_, _) => new(WithOption(CoapResponse.Content("ok"), (CoapOptionNumber)9)) });

        CoapException e = await Assert.ThrowsAsync<CoapException>(() => ends.Near.GetAsync("/t"));

        Assert.Equal(CoapError.UnrecognizedOption, e.Error);
    }

    [Fact]
    public async Task OptionsAboveThePeersMaxMessageSize_BecomeFiveHundred()
    {
        await using Ends ends = Ends.Start(near: new() { MaxMessageSize = 1152 }, far: new()
        {
            Handler = (_, _) =>
            {
                var response = new CoapResponse(CoapCode.Created);
                for (int i = 0; i < 5; i++)
                {
                    response.Options.Add(CoapOptionNumber.LocationPath, new byte[255]);
                }

                return new(response);
            },
        });

        Assert.Equal(CoapCode.InternalServerError, (await ends.Near.GetAsync("/t")).Code);
    }

    [Fact]
    public async Task NoResponseInTime_IsATimeoutAndTheLateOneIsIgnored()
    {
        var hold = new TaskCompletionSource<CoapResponse>();
        await using Ends ends = Ends.Start(near: new() { RequestTimeout = TimeSpan.FromSeconds(1) }, far: new() { Handler = (r, _) => r.Path == "/slow" ? new(hold.Task) : new(CoapResponse.Content("quick")) });

        CoapException e = await Assert.ThrowsAsync<CoapException>(() => ends.Near.GetAsync("/slow"));
        hold.SetResult(CoapResponse.Content("late"));

        Assert.Equal(CoapError.TimedOut, e.Error);
        Assert.Equal("quick", (await ends.Near.GetAsync("/t")).GetText());
    }

    [Fact]
    public async Task Cancellation_EndsTheWaitOnly()
    {
        var hold = new TaskCompletionSource<CoapResponse>();
        await using Ends ends = Ends.Start(far: new() { Handler = (r, _) => r.Path == "/slow" ? new(hold.Task) : new(CoapResponse.Content("quick")) });
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ends.Near.GetAsync("/slow", cancellation.Token));

        Assert.Equal("quick", (await ends.Near.GetAsync("/t")).GetText());
        hold.SetResult(CoapResponse.Changed());
    }

    [Fact]
    public async Task PeerThatDoesNotRead_IsALostConnection()
    {
        var pair = new PipePair(capacity: 4096);
        await new ScriptedPeer(pair.Far).SendCsmAsync();
        await using CoapConnection connection = CoapConnection.Start(pair.Near, new() { SendTimeout = TimeSpan.FromMilliseconds(100), CloseTimeout = TimeSpan.FromMilliseconds(50) });

        CoapException e = await Assert.ThrowsAsync<CoapException>(async () =>
        {
            while (true)
            {
                await connection.PublishAsync("/e/flood", new byte[1000]);
            }
        });

        Assert.Equal(CoapError.ConnectionLost, e.Error);
        await connection.Completion;
    }

    [Fact]
    public async Task HandlersAtTheLimit_StopTheReading()
    {
        var hold = new TaskCompletionSource<CoapResponse>();
        int started = 0;
        await using Ends ends = Ends.Start(far: new()
        {
            MaxHandlers = 2,
            Handler = (_, _) =>
            {
                started++;
                return new(hold.Task);
            },
        });

        Task<CoapResponse>[] requests = [.. Enumerable.Range(0, 5).Select(_ => ends.Near.GetAsync("/t"))];
        await Eventually.HoldsAsync(() => started == 2);
        await Task.Delay(50);
        Assert.Equal(2, started);
        hold.SetResult(CoapResponse.Content("ok"));

        Assert.All(await Task.WhenAll(requests), response => Assert.Equal(CoapCode.Content, response.Code));
        Assert.Equal(5, started);
    }

    [Fact]
    public async Task HandlersAtTheLimit_ThatWaitForThePeer_DoNotBlockItsResponses()
    {
        Ends? ends = null;
        var bothStarted = new CountdownEvent(2);
        var go = new TaskCompletionSource();
        ends = Ends.Start(
            near: new() { Handler = (_, _) => new(CoapResponse.Content("inner")) },
            far: new()
            {
                MaxHandlers = 2,
                Handler = async (_, cancellationToken) =>
                {
                    bothStarted.Signal();
                    await go.Task;
                    return CoapResponse.Content((await ends!.Far.GetAsync("/inner", cancellationToken)).GetText());
                },
            });
        await using Ends owned = ends;

        Task<CoapResponse>[] requests = [.. Enumerable.Range(0, 6).Select(_ => ends.Near.GetAsync("/outer"))];
        bothStarted.Wait();
        go.SetResult();
        CoapResponse[] responses = await Task.WhenAll(requests);

        Assert.All(responses, response => Assert.Contains(response.Code, new[] { CoapCode.Content, CoapCode.ServiceUnavailable }));
        Assert.Contains(responses, response => response.GetText() == "inner");
    }

    [Fact]
    public async Task RequestsAtTheLimit_WaitForTheirTurn()
    {
        var holds = new List<TaskCompletionSource<CoapResponse>>();
        await using Ends ends = Ends.Start(near: new() { MaxRequestsInFlight = 2 }, far: new()
        {
            Handler = (_, _) =>
            {
                lock (holds)
                {
                    holds.Add(new TaskCompletionSource<CoapResponse>());
                    return new(holds[^1].Task);
                }
            },
        });

        Task<CoapResponse>[] requests = [.. Enumerable.Range(0, 3).Select(_ => ends.Near.GetAsync("/t"))];
        await Eventually.HoldsAsync(() => holds.Count == 2);
        await Task.Delay(50);
        Assert.Equal(2, holds.Count);
        holds[0].SetResult(CoapResponse.Changed());
        await Task.WhenAny(requests);
        await Eventually.HoldsAsync(() => holds.Count == 3);
        holds[1].SetResult(CoapResponse.Changed());
        holds[2].SetResult(CoapResponse.Changed());

        await Task.WhenAll(requests);
    }

    /// <summary>What a transport throws is told as the end of the connection, to whoever writes and to whoever waits.</summary>
    [Fact]
    public async Task Transport_ThatFailsToWrite_IsConnectionLost()
    {
        var pair = new PipePair();
        await using CoapConnection connection = CoapConnection.Start(new Transport(pair.Near.Input, PipeWriter.Create(new FailingStream())));

        Assert.Equal(CoapError.ConnectionLost, (await Assert.ThrowsAsync<CoapException>(() => connection.GetAsync("/x"))).Error);
        Assert.Equal(CoapError.ConnectionLost, (await Assert.ThrowsAsync<CoapException>(() => connection.PublishAsync("/x", default))).Error);
        await connection.Completion.WaitAsync(Eventually.Limit);
        Assert.Equal(CoapError.ConnectionLost, connection.EndReason);
    }

    /// <summary>As a tunnel does that is disposed underneath: it has no room any more.</summary>
    [Fact]
    public async Task Transport_ThatIsCompletedUnderneath_IsConnectionLost()
    {
        var pair = new PipePair();
        CoapConnection connection = CoapConnection.Start(pair.Near);
        await pair.Far.Input.ReadAsync();
        await pair.Near.Output.CompleteAsync();

        Assert.Equal(CoapError.ConnectionLost, (await Assert.ThrowsAsync<CoapException>(() => connection.GetAsync("/x"))).Error);
        await connection.Completion.WaitAsync(Eventually.Limit);
        Assert.Equal(CoapError.ConnectionLost, connection.EndReason);
        await connection.DisposeAsync();

        // Closing is such a message too.
        pair = new PipePair();
        connection = CoapConnection.Start(pair.Near);
        await pair.Far.Input.ReadAsync();
        await pair.Near.Output.CompleteAsync();
        await connection.DisposeAsync();
        Assert.True(connection.Completion.IsCompleted);
    }

    private sealed record Transport(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class FailingStream : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("Connection reset by peer.");
    }

    [Fact]
    public async Task Responses_OutOfOrder_FindTheirRequests()
    {
        await using Ends ends = Ends.Start(near: new() { MaxRequestsInFlight = 100 }, far: new()
        {
            MaxHandlers = 100,
            Handler = async (request, cancellationToken) =>
            {
                int n = int.Parse(request.Query("n")!, System.Globalization.CultureInfo.InvariantCulture);
                await Task.Delay(n % 7, cancellationToken);
                return CoapResponse.Content($"{n}");
            },
        });

        string[] texts = await Task.WhenAll(Enumerable.Range(0, 100).Select(async n => (await ends.Near.GetAsync($"/t?n={n}")).GetText()));

        Assert.Equal(Enumerable.Range(0, 100).Select(n => $"{n}"), texts);
    }

    [Fact]
    public async Task BothEnds_SendAndServe()
    {
        await using Ends ends = Ends.Start(
            near: new() { Handler = (request, _) => new(CoapResponse.Content("near got " + request.Path)) },
            far: new() { Handler = (request, _) => new(CoapResponse.Content("far got " + request.Path)) });

        Task<CoapResponse> forth = ends.Near.GetAsync("/v/a%20b");
        Task<CoapResponse> back = ends.Far.PostAsync("/f/led", "on"u8.ToArray(), CoapContentFormat.TextPlain);

        Assert.Equal("far got /v/a%20b", (await forth).GetText());
        Assert.Equal("near got /f/led", (await back).GetText());
    }

    [Fact]
    public async Task Event_IsHandledAndNotAnswered()
    {
        var got = new TaskCompletionSource<string>();
        var peer = new CoapPeer("3f0022000b47");
        await using Ends ends = Ends.Start(far: new()
        {
            Peer = peer,
            Handler = (request, _) =>
            {
                got.SetResult($"{request.Peer.Identity} {request.Path} {request.GetText()} {request.ContentFormat}");
                return new(CoapResponse.NotFound());
            },
        });

        await ends.Near.PublishAsync("/e/motion/hall", "1"u8.ToArray(), CoapContentFormat.TextPlain);

        Assert.Equal("3f0022000b47 /e/motion/hall 1 TextPlain", await got.Task);
        await ends.Near.PingAsync();
    }

    [Theory]
    [InlineData(26u, CoapCode.Content, false)]
    [InlineData(2u, CoapCode.Content, false)]
    [InlineData(2u, CoapCode.NotFound, true)]
    [InlineData(8u, CoapCode.NotFound, false)]
    [InlineData(16u, CoapCode.InternalServerError, false)]
    [InlineData(24u, CoapCode.Content, true)]
    [InlineData(0u, CoapCode.Content, true)]
    public async Task NoResponse_SuppressesItsClasses(uint value, CoapCode code, bool answered)
    {
        var pair = new PipePair();
        var peer = new ScriptedPeer(pair.Far);
        await using CoapConnection connection = CoapConnection.Start(pair.Near, new() { Handler = (_, _) => new(new CoapResponse(code)), CloseTimeout = TimeSpan.FromMilliseconds(20) });
        await peer.SendCsmAsync();
        await peer.ReceiveAsync();

        await peer.SendAsync(CoapCode.Post, [1], [(CoapOptionNumber.NoResponse, value == 0 ? [] : [(byte)value])]);
        await peer.SendAsync(CoapCode.Ping, [2]);

        Assert.Equal(answered ? code : CoapCode.Pong, (await peer.ReceiveAsync())!.Code);
    }

    [Fact]
    public async Task OneRead_WithTwoMessagesAndHalfAThird_ServesAll()
    {
        var pair = new PipePair();
        var peer = new ScriptedPeer(pair.Far);
        await using CoapConnection connection = CoapConnection.Start(pair.Near, new() { Handler = (r, _) => new(CoapResponse.Content(r.GetText())), CloseTimeout = TimeSpan.FromMilliseconds(20) });
        await peer.SendCsmAsync();
        await peer.ReceiveAsync();
        byte[] Request(byte token, string text) => new PlainMessage(default, CoapCode.Post, 0, [token], [], Encoding.UTF8.GetBytes(text)).WriteTcp();
        byte[] third = Request(3, "three");

        await peer.SendAsync([.. Request(1, "one"), .. Request(2, "two"), .. third[..4]]);
        Assert.Equal("one", Encoding.UTF8.GetString((await peer.ReceiveAsync())!.Payload));
        Assert.Equal("two", Encoding.UTF8.GetString((await peer.ReceiveAsync())!.Payload));
        await peer.SendAsync(third[4..]);

        Assert.Equal("three", Encoding.UTF8.GetString((await peer.ReceiveAsync())!.Payload));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(64)]
    public async Task Stream_InAnyPieces_ServesTheSame(int piece)
    {
        var pair = new PipePair();
        var peer = new ScriptedPeer(pair.Far);
        await using CoapConnection connection = CoapConnection.Start(pair.Near, new() { Handler = (r, _) => new(CoapResponse.Content(r.GetText())), CloseTimeout = TimeSpan.FromMilliseconds(20) });
        byte[] stream =
        [
            0x00, 0xe1,
            .. Enumerable.Range(0, 40).SelectMany(n => new PlainMessage(default, CoapCode.Post, 0, [(byte)n], [], Encoding.UTF8.GetBytes(new string('x', n * 10))).WriteTcp()),
        ];

        for (int offset = 0; offset < stream.Length; offset += piece)
        {
            await peer.SendAsync(stream[offset..Math.Min(stream.Length, offset + piece)]);
        }

        await peer.ReceiveAsync();
        for (int n = 0; n < 40; n++)
        {
            PlainMessage response = (await peer.ReceiveAsync())!;
            Assert.Equal([(byte)n], response.Token);
            Assert.Equal(n * 10, response.Payload.Length);
        }
    }

    [Fact]
    public async Task LargeMessages_PassBothWays()
    {
        var body = new byte[900_000];
        new Random(1).NextBytes(body);
        var options = new CoapConnectionOptions { MaxMessageSize = 1 << 20, Handler = (r, _) => new(CoapResponse.Content(r.Payload)) };
        await using Ends ends = Ends.Start(options, options);
        await ends.Near.PingAsync();
        await ends.Far.PingAsync();

        CoapResponse response = await ends.Near.PostAsync("/echo", body);

        Assert.Equal(body, response.Payload.ToArray());
    }

    [Fact]
    public async Task Close_LetsRequestsFinish_AndEndsBothSides()
    {
        var hold = new TaskCompletionSource<CoapResponse>();
        await using Ends ends = Ends.Start(far: new() { Handler = (_, _) => new(hold.Task) });
        Task<CoapResponse> request = ends.Near.GetAsync("/t");
        await ends.Near.PingAsync();

        Task close = ends.Near.CloseAsync();
        await Task.Delay(20);
        Assert.False(close.IsCompleted);
        hold.SetResult(CoapResponse.Content("last words"));

        Assert.Equal("last words", (await request).GetText());
        await close;
        await ends.Far.Completion;
        Assert.Equal(CoapError.Released, ends.Near.EndReason);
        Assert.Equal(CoapError.Released, ends.Far.EndReason);
    }

    [Fact]
    public async Task Handler_IsCancelledWhenTheConnectionEnds()
    {
        var cancelled = new TaskCompletionSource();
        var pair = new PipePair();
        var peer = new ScriptedPeer(pair.Far);
        CoapConnection connection = CoapConnection.Start(pair.Near, new()
        {
            Handler = async (_, cancellationToken) =>
            {
                try
                {
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    cancelled.SetResult();
                }

                return CoapResponse.Changed();
            },
        });
        await peer.SendCsmAsync();
        await peer.SendAsync(CoapCode.Get, [1]);
        await peer.EndAsync();

        await cancelled.Task.WaitAsync(Eventually.Limit);
        await connection.Completion;
    }

    private static CoapResponse WithOption(CoapResponse response, CoapOptionNumber number)
    {
        response.Options.Add(number);
        return response;
    }
}

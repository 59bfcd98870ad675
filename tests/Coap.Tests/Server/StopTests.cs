using System.Net;
using Flint.Coap.Tests.Rfc8323;
using Flint.Testing;
using Microsoft.Extensions.Logging;

namespace Flint.Coap.Tests.Server;

/// <summary>How a server ends, and what it tells its log.</summary>
public sealed class StopTests
{
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LogLines _log = new();

    [Theory]
    [InlineData("coap")]
    [InlineData("coap+tcp")]
    public async Task Stop_WithAHandlerAtWork_LetsItFinishAndItsResponseGo(string scheme)
    {
        CoapServer server = Start(TimeSpan.FromMinutes(10));
        await using CoapClient client = await ClientAsync(server, scheme);
        Task<CoapResponse> slow = client.GetAsync("/slow");
        await _started.Task;

        Task stopped = server.StopAsync();
        await Task.Delay(50);
        Assert.False(stopped.IsCompleted);
        _release.SetResult();

        Assert.Equal("done", (await slow).GetText());
        await stopped.WaitAsync(Eventually.Limit);
        Assert.Equal(0, server.ConnectionCount);
    }

    [Fact]
    public async Task Stop_WhileAHandlerIsAtWork_AnswersNewDatagramsUnavailable()
    {
        CoapServer server = Start(TimeSpan.FromSeconds(20));
        await using CoapClient client = await ClientAsync(server, "coap");
        Task<CoapResponse> slow = client.SendAsync(new CoapRequest(CoapCode.Get, "/slow") { IsConfirmable = false });
        await _started.Task;
        Task stopped = server.StopAsync();
        await using CoapClient other = await ClientAsync(server, "coap");

        Assert.Equal(CoapCode.ServiceUnavailable, (await other.GetAsync("/")).Code);

        _release.SetResult();
        await slow;
        await stopped;
    }

    [Theory]
    [InlineData("coap")]
    [InlineData("coap+tcp")]
    public async Task Stop_WithAHandlerThatHangs_CancelsItAfterTheDrainTime(string scheme)
    {
        CoapServer server = Start(TimeSpan.FromMilliseconds(100));
        await using CoapClient client = await ClientAsync(server, scheme);
        _ = client.GetAsync("/slow").ContinueWith(_ => { }, TaskScheduler.Default);
        await _started.Task;

        await server.StopAsync().WaitAsync(Eventually.Limit);

        await _cancelled.Task.WaitAsync(Eventually.Limit);
        Assert.DoesNotContain(_log.Lines, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Stop_WhoseCallerGivesUp_CancelsTheHandlersAtOnce()
    {
        CoapServer server = Start(TimeSpan.FromMinutes(10));
        await using CoapClient client = await ClientAsync(server, "coap+tcp");
        _ = client.GetAsync("/slow").ContinueWith(_ => { }, TaskScheduler.Default);
        await _started.Task;
        using var giveUp = new CancellationTokenSource();

        Task stopped = server.StopAsync(giveUp.Token);
        await giveUp.CancelAsync();

        await stopped.WaitAsync(Eventually.Limit);
        await _cancelled.Task.WaitAsync(Eventually.Limit);
    }

    [Fact]
    public async Task Handler_WhosePeerGoesAway_IsCancelled()
    {
        await using CoapServer server = Start(TimeSpan.FromMinutes(10));
        var pair = new PipePair();
        Task serving = server.RunAsync(pair.Far, new CoapPeer("d"));
        var device = new ScriptedPeer(pair.Near);
        await device.SendCsmAsync();
        await device.SendAsync(CoapCode.Get, [1], [(CoapOptionNumber.UriPath, "slow"u8.ToArray())]);
        await _started.Task;

        await device.EndAsync();

        await _cancelled.Task.WaitAsync(Eventually.Limit);
        await serving;
    }

    [Fact]
    public async Task Server_ToldToListenTwiceOrAfterItsEnd_Refuses()
    {
        var server = new CoapServer(HandleAsync, new CoapServerOptions { Udp = new IPEndPoint(IPAddress.Loopback, 0) });
        Assert.Null(server.UdpEndPoint);
        server.Listen();
        Assert.Throws<InvalidOperationException>(server.Listen);
        await server.StopAsync();
        Assert.Throws<InvalidOperationException>(server.Listen);
    }

    [Fact]
    public async Task Server_WhoseUdpAddressIsTaken_LeavesNoTcpListenerBehind()
    {
        await using CoapServer first = CoapServer.Start(HandleAsync, new CoapServerOptions { Udp = new IPEndPoint(IPAddress.Loopback, 0), Tcp = new IPEndPoint(IPAddress.Loopback, 0) });
        var second = new CoapServer(HandleAsync, new CoapServerOptions { Udp = first.UdpEndPoint, Tcp = new IPEndPoint(IPAddress.Loopback, 0) });

        Assert.ThrowsAny<System.Net.Sockets.SocketException>(second.Listen);
        Assert.Null(second.TcpEndPoint);
    }

    [Fact]
    public async Task ConnectionsOfOneAddress_AboveTheLimit_AreClosed()
    {
        await using CoapServer server = CoapServer.Start(
            HandleAsync, new CoapServerOptions { Udp = null, Tcp = new IPEndPoint(IPAddress.Loopback, 0), MaxConnectionsPerAddress = 1, Logger = _log });
        await using CoapClient first = await ClientAsync(server, "coap+tcp");
        await first.GetAsync("/");
        await using CoapClient second = await ClientAsync(server, "coap+tcp");

        await Assert.ThrowsAsync<CoapException>(() => second.GetAsync("/"));
        Assert.Equal(CoapCode.NotFound, (await first.GetAsync("/")).Code);
        Assert.Contains(_log.Lines, line => line.StartsWith("Warning Connection from 127.0.0.1 refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ConnectionsOfOneIdentity_AboveTheLimit_CloseTheOldest()
    {
        await using var server = new CoapServer(HandleAsync, new CoapServerOptions { MaxConnectionsPerIdentity = 1, Logger = _log });
        var (first, second, other) = (new PipePair(), new PipePair(), new PipePair());
        Task oldest = server.RunAsync(first.Far, new CoapPeer("3f00"));
        Task stranger = server.RunAsync(other.Far, new CoapPeer("4a00"));
        CoapConnection old = CoapConnection.Start(first.Near);
        CoapConnection foreign = CoapConnection.Start(other.Near);
        await old.PingAsync();
        await foreign.PingAsync();

        Task newest = server.RunAsync(second.Far, new CoapPeer("3f00"));
        CoapConnection renewed = CoapConnection.Start(second.Near);
        await renewed.PingAsync();

        await oldest.WaitAsync(Eventually.Limit);
        Assert.Equal((false, false), (newest.IsCompleted, stranger.IsCompleted));
        Assert.Contains("Information Connection of 3f00 gives way to a newer one", _log.Lines);
        await renewed.CloseAsync();
        await foreign.CloseAsync();
    }

    [Fact]
    public async Task AnonymousPeers_AreNotCountedAsOne()
    {
        await using var server = new CoapServer(HandleAsync, new CoapServerOptions { MaxConnectionsPerIdentity = 1 });
        var (first, second) = (new PipePair(), new PipePair());
        Task one = server.RunAsync(first.Far, CoapPeer.Anonymous);
        Task two = server.RunAsync(second.Far, CoapPeer.Anonymous);
        CoapConnection a = CoapConnection.Start(first.Near);
        CoapConnection b = CoapConnection.Start(second.Near);
        await a.PingAsync();
        await b.PingAsync();

        Assert.Equal((false, false), (one.IsCompleted, two.IsCompleted));
        await a.CloseAsync();
        await b.CloseAsync();
    }

    [Fact]
    public async Task Handler_ThatThrows_IsLoggedWithoutItsPayload()
    {
        await using CoapServer server = Start(TimeSpan.FromSeconds(1));
        await using CoapClient client = await ClientAsync(server, "coap");

        Assert.Equal(CoapCode.InternalServerError, (await client.PostAsync("/throws", "password"u8.ToArray())).Code);
        Assert.Equal(CoapCode.InternalServerError, (await client.PostAsync("/throws-later", "password"u8.ToArray())).Code);

        string[] errors = [.. _log.Lines.Where(line => line.StartsWith("Error", StringComparison.Ordinal))];
        Assert.Equal(2, errors.Length);
        Assert.StartsWith("Error The handler of Post /throws for 127.0.0.1:", errors[0], StringComparison.Ordinal);
        Assert.DoesNotContain(_log.Lines, line => line.Contains("password", StringComparison.Ordinal));
    }

    private CoapServer Start(TimeSpan drainTime) => CoapServer.Start(HandleAsync, new CoapServerOptions
    {
        Udp = new IPEndPoint(IPAddress.Loopback, 0),
        Tcp = new IPEndPoint(IPAddress.Loopback, 0),
        DrainTimeout = drainTime,
        Logger = _log,
    });

    private static Task<CoapClient> ClientAsync(CoapServer server, string scheme) => CoapClient.ConnectAsync(
        new Uri($"{scheme}://127.0.0.1:{(scheme == "coap" ? server.UdpEndPoint : server.TcpEndPoint)!.Port}"));

    private async ValueTask<CoapResponse> HandleAsync(CoapRequest request, CancellationToken cancellationToken)
    {
        switch (request.Path)
        {
            case "/slow":
                _started.SetResult();
                try
                {
                    await _release.Task.WaitAsync(cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    _cancelled.SetResult();
                    throw;
                }

                return CoapResponse.Content("done");
            case "/throws":
                throw new InvalidDataException("secret");
            case "/throws-later":
                await Task.Yield();
                throw new InvalidDataException("secret");
            default:
                return CoapResponse.NotFound();
        }
    }

    private sealed class LogLines : ILogger
    {
        private readonly List<string> _lines = [];

        public string[] Lines
        {
            get
            {
                lock (_lines)
                {
                    return [.. _lines];
                }
            }
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_lines)
            {
                _lines.Add($"{logLevel} {formatter(state, exception)}");
            }
        }
    }
}

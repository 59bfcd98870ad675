using System.Diagnostics.Metrics;
using Flint.SecureTunnel.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Flint.SecureTunnel.Tests;

/// <summary>The edge for a container: registration, logs and metrics.</summary>
public sealed class AcceptorTests
{
    [Fact]
    public void Options_ThatDoNotValidate_AreRefusedWhenTheAcceptorIsMade()
    {
        using ServiceProvider services = new ServiceCollection().AddSecureTunnel(_ => new SecureTunnelServerOptions()).BuildServiceProvider();
        Assert.Throws<ArgumentException>(services.GetRequiredService<SecureTunnelAcceptor>);
    }

    [Fact]
    public async Task Acceptor_LogsAndCountsWithoutKeyMaterial() // [ST-604]
    {
        var lines = new List<string>();
        using var listener = new MeterListener();
        var measured = new List<string>();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == SecureTunnelAcceptor.MeterName)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            lock (measured)
            {
                measured.Add($"{instrument.Name} {value} {string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}");
            }
        });
        listener.Start();

        using ServiceProvider services = new ServiceCollection()
            .AddSingleton<IDeviceStore>(TestKeys.Store())
            .AddSingleton<ILogger<SecureTunnelAcceptor>>(new Lines(lines))
            .AddSecureTunnel(provider => TestKeys.ServerOptions(provider.GetRequiredService<IDeviceStore>()))
            .BuildServiceProvider();
        SecureTunnelAcceptor acceptor = services.GetRequiredService<SecureTunnelAcceptor>();

        var pair = new PipePair();
        Task<SecureTunnelConnection> accepting = acceptor.AcceptAsync(pair.Server).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions());
        SecureTunnelConnection gateway = await accepting;
        await device.DisposeAsync();
        await gateway.DisposeAsync();

        pair = new PipePair();
        accepting = acceptor.AcceptAsync(pair.Server).AsTask();
        await Assert.ThrowsAsync<SecureTunnelHandshakeException>(async () => await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions(psk: new byte[32])));
        await Assert.ThrowsAsync<SecureTunnelHandshakeException>(() => accepting);

        Assert.Equal(2, lines.Count);
        Assert.StartsWith("Tunnel with device-000000001: RsaOaepAes128Gcm, resumed False, 509 bytes and ", lines[0], StringComparison.Ordinal);
        Assert.Equal("Handshake refused: WrongCredential, alert AccessDenied, from the peer False", lines[1]);
        string psk = Convert.ToHexString(TestKeys.Psk);
        Assert.DoesNotContain(lines, line => line.Contains(psk, StringComparison.OrdinalIgnoreCase));
        lock (measured)
        {
            Assert.Contains("secure_tunnel.handshakes 1 secure_tunnel.suite=RsaOaepAes128Gcm secure_tunnel.resumed=False", measured);
            Assert.Contains("secure_tunnel.handshakes 1 error.type=AccessDenied", measured);
        }
    }

    [Fact]
    public async Task Acceptor_MeasuresInTheUnitsThatItSays()
    {
        var instruments = new Dictionary<string, Instrument>();
        var tags = new List<KeyValuePair<string, object?>>();
        var durations = new List<double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == SecureTunnelAcceptor.MeterName)
                {
                    instruments[instrument.Name] = instrument;
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        var thisTest = new AsyncLocal<bool> { Value = true };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => Add(durations, value));
        listener.SetMeasurementEventCallback<long>((_, _, measured, _) => Add(tags, [.. measured]));
        listener.Start();
        var acceptor = new SecureTunnelAcceptor(TestKeys.ServerOptions()); // without a logger
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await (await Accept(acceptor, new PipePair())).DisposeAsync();
        clock.Stop();
        await Assert.ThrowsAsync<TimeZoneNotFoundException>(async () => await Accept(new SecureTunnelAcceptor(TestKeys.ServerOptions(new BrokenStore())), new PipePair()));

        Assert.Equal(["secure_tunnel.handshake.duration", "secure_tunnel.handshakes"], instruments.Keys.Order());
        Assert.Equal("{handshake}", instruments["secure_tunnel.handshakes"].Unit);
        Assert.Equal("Handshakes that ended, well or not.", instruments["secure_tunnel.handshakes"].Description);
        Assert.Equal("s", instruments["secure_tunnel.handshake.duration"].Unit);
        Assert.Equal("Duration of the handshakes that made a tunnel.", instruments["secure_tunnel.handshake.duration"].Description);
        double duration = Assert.Single(durations);
        Assert.InRange(duration, 1e-6, clock.Elapsed.TotalSeconds);
        Assert.Contains(new KeyValuePair<string, object?>("error.type", "System.TimeZoneNotFoundException"), tags);
        Assert.Contains(new KeyValuePair<string, object?>("secure_tunnel.resumed", false), tags);

        void Add<T>(List<T> list, params T[] values)
        {
            lock (list)
            {
                if (thisTest.Value)
                {
                    list.AddRange(values);
                }
            }
        }
    }

    [Fact]
    public async Task Acceptor_WhoseStoreBreaksOrWhoIsCancelled_LogsAFaultOrNothing()
    {
        var lines = new List<string>();
        var acceptor = new SecureTunnelAcceptor(TestKeys.ServerOptions(new BrokenStore()), new Lines(lines));
        await Assert.ThrowsAsync<TimeZoneNotFoundException>(async () => await Accept(acceptor, new PipePair()));
        Assert.Equal(["Handshake broken by a fault of this side"], lines);
        lines.Clear();
        using var stop = new CancellationTokenSource();
        Task<SecureTunnelConnection> accepting = acceptor.AcceptAsync(new PipePair().Server, stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => accepting);
        Assert.Empty(lines);
    }

    private static async Task<SecureTunnelConnection> Accept(SecureTunnelAcceptor acceptor, PipePair pair)
    {
        Task<SecureTunnelConnection> accepting = acceptor.AcceptAsync(pair.Server).AsTask();
        Task<SecureTunnelConnection> connecting = SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions()).AsTask();
        await Record.ExceptionAsync(() => connecting);
        return await accepting;
    }

    private sealed class BrokenStore : IDeviceStore
    {
        public ValueTask<SecureTunnelDevice?> FindAsync(SecureTunnelDeviceId deviceId, CancellationToken cancellationToken) => throw new TimeZoneNotFoundException();
    }

    private sealed class Lines(List<string> lines) : ILogger<SecureTunnelAcceptor>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => lines.Add(formatter(state, exception));
    }
}

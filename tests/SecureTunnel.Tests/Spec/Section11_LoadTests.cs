using System.Net;
using Flint.SecureTunnel.Tests.Support;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Section 11: what a flood meets, and what it leaves alone.</summary>
public sealed class Section11_LoadTests
{
    [Fact]
    public async Task Gate_Full_IsBusy() // [ST-702]
    {
        using var gate = new SecureTunnelKeyGate(concurrency: 1, queue: 1);
        Assert.True(await gate.TryEnterAsync(default));
        Task<bool> waiting = gate.TryEnterAsync(default).AsTask();
        Assert.False(waiting.IsCompleted);
        Assert.False(await gate.TryEnterAsync(default));
        Assert.Equal(2, gate.Count);
        gate.Leave();
        Assert.True(await waiting);
        gate.Leave();
        Assert.Equal(0, gate.Count);
    }

    [Fact]
    public async Task Gate_Cancelled_GivesItsPlaceBack() // [ST-702]
    {
        using var gate = new SecureTunnelKeyGate(concurrency: 1, queue: 1);
        Assert.True(await gate.TryEnterAsync(default));
        using var cancel = new CancellationTokenSource();
        Task<bool> waiting = gate.TryEnterAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(1, gate.Count);
    }

    [Fact]
    public void Gate_OfImpossibleSizes_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SecureTunnelKeyGate(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SecureTunnelKeyGate(1, -1));
    }

    [Fact]
    public async Task FullGate_RefusesAFullHandshakeAndLetsAResumptionPass() // [ST-702] [ST-705]
    {
        using var gate = new SecureTunnelKeyGate(concurrency: 1, queue: 0);
        using var slot = new SecureTunnelTicketSlot();
        using var ring = new SecureTunnelTicketRing(new byte[32]);
        SecureTunnelServerOptions server = new()
        {
            Keys = [TestKeys.Encryption],
            Devices = TestKeys.Store(),
            ApplicationContext = "test"u8.ToArray(),
            KeyGate = gate,
            Tickets = ring,
        };
        SecureTunnelClientOptions client = TestKeys.ClientOptions(tickets: slot);
        var (device, gateway) = await TunnelPair.Connect(client, server);
        await device.DisposeAsync();
        await gateway.DisposeAsync();

        Assert.True(await gate.TryEnterAsync(default)); // the flood
        (device, gateway) = await TunnelPair.Connect(client, server);
        Assert.True(device.Resumed && gateway.Resumed);
        Assert.Equal(TestKeys.DeviceId, gateway.Peer.DeviceId);
        await device.DisposeAsync();
        await gateway.DisposeAsync();

        var pair = new PipePair();
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(pair.Server, server).AsTask();
        SecureTunnelHandshakeException busy = await Assert.ThrowsAsync<SecureTunnelHandshakeException>(
            async () => await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions()));
        Assert.Equal(SecureTunnelAlert.Busy, busy.Alert);
        Assert.Equal(SecureTunnelReason.Busy, (await Assert.ThrowsAsync<SecureTunnelHandshakeException>(() => accepting)).Reason);
    }

    [Fact]
    public void Limiter_GivesASourceItsBurstAndThenItsRate() // [ST-703]
    {
        var time = new ManualTime();
        var limiter = new SecureTunnelSourceLimiter(perSource: 2, burst: 3, perListener: 1000, time);
        IPAddress source = IPAddress.Parse("192.0.2.1");
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => limiter.TryAdmit(source)));
        Assert.True(limiter.TryAdmit(IPAddress.Parse("198.51.100.7")));
        time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.True(limiter.TryAdmit(source));
        Assert.False(limiter.TryAdmit(source));
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal([true, true, true, false], Enumerable.Range(0, 4).Select(_ => limiter.TryAdmit(source)));
    }

    [Fact]
    public void Limiter_CountsAnIPv6PrefixAsOneSource() // [ST-703]
    {
        var limiter = new SecureTunnelSourceLimiter(perSource: 1, burst: 1, perListener: 1000, new ManualTime());
        Assert.True(limiter.TryAdmit(IPAddress.Parse("2001:db8:1:2::1")));
        Assert.False(limiter.TryAdmit(IPAddress.Parse("2001:db8:1:2:ffff::9")));
        Assert.True(limiter.TryAdmit(IPAddress.Parse("2001:db8:1:3::1")));
        Assert.True(limiter.TryAdmit(IPAddress.Parse("::ffff:192.0.2.1")));
        Assert.False(limiter.TryAdmit(IPAddress.Parse("192.0.2.1")));
    }

    [Fact]
    public void Limiter_BoundsTheListenerAsAWhole() // [ST-703]
    {
        var limiter = new SecureTunnelSourceLimiter(perSource: 1, burst: 1, perListener: 10, new ManualTime());
        Assert.Equal(10, Enumerable.Range(0, 200).Count(i => limiter.TryAdmit(new IPAddress([10, 0, 0, (byte)i]))));
    }

    [Fact]
    public void Limiter_OfLessThanOneASecond_AdmitsAsOften() // [ST-703]
    {
        var time = new ManualTime();
        var limiter = new SecureTunnelSourceLimiter(perSource: 0.5, burst: 9, perListener: 0.5, time);
        IPAddress source = IPAddress.Parse("192.0.2.1");
        Assert.Equal([true, false], Enumerable.Range(0, 2).Select(_ => limiter.TryAdmit(source)));
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal([true, false], Enumerable.Range(0, 2).Select(_ => limiter.TryAdmit(source)));
    }

    [Theory]
    [InlineData(double.NaN, 1.0)]
    [InlineData(1.0, double.NaN)]
    [InlineData(0.0, 1.0)]
    [InlineData(1.0, -1.0)]
    public void Limiter_OfNoRate_IsRefused(double perSource, double perListener) => // [ST-703]
        Assert.Throws<ArgumentOutOfRangeException>(() => new SecureTunnelSourceLimiter(perSource, 1, perListener));
}

using System.IO.Pipelines;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>
/// Nothing in the package comes back to the synchronization context of its caller, whichever await has to wait: a caller that blocks its only thread on a tunnel is not hung by it.
/// </summary>
public sealed class Section09_ContextTests
{
    [Fact]
    public Task Tunnel_FromHandshakeToDispose_NeedsNoContext() => NeedsNoContext(async () =>
    {
        using var gate = new SecureTunnelKeyGate(1, 1);
        Assert.True(await gate.TryEnterAsync(default).ConfigureAwait(false));
        var pair = new PipePair();
        var acceptor = new SecureTunnelAcceptor(Server(new SlowStore(), gate));
        Task<SecureTunnelConnection> accepting = acceptor.AcceptAsync(new SlowTransport(pair.Server)).AsTask();
        Task<SecureTunnelConnection> connecting = SecureTunnelClient.ConnectAsync(new SlowTransport(pair.Client), TestKeys.ClientOptions()).AsTask();
        await Eventually.HoldsAsync(() => gate.Count == 2).ConfigureAwait(false);
        gate.Leave(); // the handshake had to wait for it
        SecureTunnelConnection device = await connecting.ConfigureAwait(false);
        SecureTunnelConnection gateway = await accepting.ConfigureAwait(false);

        Task<ReadResult> reading = device.Input.ReadAsync().AsTask();
        Task[] writing = [gateway.UpdateKeyAsync(requestPeer: true).AsTask(), gateway.UpdateKeyAsync().AsTask(), gateway.Output.WriteAsync(new byte[3]).AsTask(), gateway.Output.CompleteAsync().AsTask()];
        await Task.WhenAll(writing).ConfigureAwait(false);
        ReadResult read = await reading.ConfigureAwait(false);
        Assert.Equal(3, read.Buffer.Length);
        device.Input.AdvanceTo(read.Buffer.End);
        Assert.True((await device.Input.ReadAsync().ConfigureAwait(false)).IsCompleted);
        await device.DisposeAsync().ConfigureAwait(false);
        await gateway.DisposeAsync().ConfigureAwait(false);
    });

    [Fact]
    public Task Tunnel_ThatFails_NeedsNoContext() => NeedsNoContext(async () =>
    {
        var pair = new PipePair();
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(new SlowTransport(pair.Server), TestKeys.ServerOptions()).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(new SlowTransport(pair.Client), TestKeys.ClientOptions()).ConfigureAwait(false);
        SecureTunnelConnection gateway = await accepting.ConfigureAwait(false);
        await pair.Client.Output.WriteAsync(new byte[] { 0, 0 }).ConfigureAwait(false);
        Assert.IsAssignableFrom<SecureTunnelException>(await Caught(gateway.Input.ReadAsync().AsTask()).ConfigureAwait(false));
        Assert.IsAssignableFrom<SecureTunnelException>(await Caught(device.Input.ReadAsync().AsTask()).ConfigureAwait(false));
        await device.Output.CompleteAsync(new IOException("the sensor is gone")).ConfigureAwait(false);
        await device.DisposeAsync().ConfigureAwait(false);
        await gateway.DisposeAsync().ConfigureAwait(false);
    });

    [Fact]
    public Task Handshake_ThatIsRefused_NeedsNoContext() => NeedsNoContext(async () =>
    {
        foreach (SecureTunnelClientOptions client in new[] { TestKeys.ClientOptions(psk: new byte[32]), TestKeys.ClientOptions(pin: TestKeys.Foreign.ToPin()) })
        {
            var pair = new PipePair();
            Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(new SlowTransport(pair.Server), TestKeys.ServerOptions()).AsTask();
            Assert.IsAssignableFrom<SecureTunnelHandshakeException>(await Caught(SecureTunnelClient.ConnectAsync(new SlowTransport(pair.Client), client).AsTask()).ConfigureAwait(false));
            Assert.IsAssignableFrom<SecureTunnelHandshakeException>(await Caught(accepting).ConfigureAwait(false));
        }
    });

    [Fact]
    public Task Handshake_ThatIsCancelled_NeedsNoContext() => NeedsNoContext(async () =>
    {
        using var stop = new CancellationTokenSource();
        var pair = new PipePair();
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(new SlowTransport(pair.Server), TestKeys.ServerOptions(), stop.Token).AsTask();
        Task<SecureTunnelConnection> connecting = SecureTunnelClient.ConnectAsync(new SlowTransport(new PipePair().Client), TestKeys.ClientOptions(), stop.Token).AsTask();
        await stop.CancelAsync().ConfigureAwait(false);
        Assert.IsAssignableFrom<OperationCanceledException>(await Caught(accepting).ConfigureAwait(false));
        Assert.IsAssignableFrom<OperationCanceledException>(await Caught(connecting).ConfigureAwait(false));
    });

    [Fact]
    public Task StreamThatIsSlow_NeedsNoContext() => NeedsNoContext(async () =>
    {
        var input = new StreamInput(new SlowStream());
        ReadResult result = await input.ReadAsync().ConfigureAwait(false);
        Assert.Equal(5, result.Buffer.Length);
        input.AdvanceTo(result.Buffer.End);
        await input.CompleteAsync().ConfigureAwait(false);
    });

    private static async Task NeedsNoContext(Func<Task> action)
    {
        IReadOnlyList<string> returns = await ContextTrap.Watch(action);
        Assert.True(returns.Count == 0, string.Join(Environment.NewLine, returns));
    }

    private static async Task<Exception?> Caught(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
            return null;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return e;
        }
    }

    private static SecureTunnelServerOptions Server(IDeviceStore store, SecureTunnelKeyGate gate) =>
        new() { Keys = [TestKeys.Encryption], Devices = store, ApplicationContext = "test"u8.ToArray(), KeyGate = gate };

    private sealed class SlowStore : IDeviceStore
    {
        public async ValueTask<SecureTunnelDevice?> FindAsync(SecureTunnelDeviceId deviceId, CancellationToken cancellationToken)
        {
            await default(SlowTransport.Elsewhere);
            return await TestKeys.Devices.FindAsync(deviceId, cancellationToken).ConfigureAwait(false);
        }
    }

    private sealed class SlowStream : MemoryStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await default(SlowTransport.Elsewhere);
            return Math.Min(buffer.Length, 5);
        }
    }
}

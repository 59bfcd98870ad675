using System.Buffers;
using System.IO.Pipelines;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Sections 5 and 11: what a handshake holds of its transport, and that nothing of it is left when it is over.</summary>
public sealed class Section11_HandshakePipeTests
{
    [Fact]
    public void Buffer_OfAHandshakeThatIsOver_GoesBackEmptyToThePool() // [ST-403]
    {
        byte[] expected = ArrayPool<byte>.Shared.Rent(1026);
        ArrayPool<byte>.Shared.Return(expected);
        var pair = new PipePair();
        pair.Client.Output.Write((ReadOnlySpan<byte>)[0, 3, 7, 8, 9]);
        AtOnce(pair.Client.Output.FlushAsync().AsTask());
        using (var pipe = new HandshakePipe(pair.Server, TimeProvider.System, default))
        {
            Assert.Same(expected, ArrayPool<byte>.Shared.Rent(1026)); // nothing has come yet: nothing is held
            ArrayPool<byte>.Shared.Return(expected);
            Assert.Equal(FrameStatus.Ok, AtOnce(pipe.ReadFrameAsync(1024).AsTask()));
            Assert.Equal([0, 3, 7, 8, 9], pipe.Frame.ToArray());
            Assert.Equal([0, 3, 7, 8, 9], expected[..5]);
        }

        Assert.Equal(new byte[5], expected[..5]);
        byte[] again = ArrayPool<byte>.Shared.Rent(1026);
        Assert.Same(expected, again);
        ArrayPool<byte>.Shared.Return(again);
    }

    [Fact]
    public async Task Token_OfAHandshakeThatIsOver_IsNotSignalledAnyMore() // [ST-704]
    {
        var store = new Remembering();
        using var caller = new CancellationTokenSource();
        var time = new WarpedTime();
        var pair = new PipePair();
        var options = new SecureTunnelServerOptions { Keys = [TestKeys.Encryption], Devices = store, ApplicationContext = "test"u8.ToArray(), TimeProvider = time };
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(pair.Server, options, caller.Token).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions());
        SecureTunnelConnection gateway = await accepting;
        Assert.Equal(0, time.LiveTimers);
        await caller.CancelAsync();
        Assert.False(store.Token.IsCancellationRequested);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Transport_WhoseReadIsCancelled_CancelsTheHandshake()
    {
        var pair = new PipePair();
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(pair.Server, TestKeys.ServerOptions()).AsTask();
        pair.Server.Input.CancelPendingRead();
        OperationCanceledException e = await Assert.ThrowsAsync<OperationCanceledException>(() => accepting.WaitAsync(Eventually.Limit));
        Assert.Equal("The transport's pending read was cancelled.", e.Message);
        Assert.True((await pair.Client.Input.ReadAsync()).IsCompleted);
    }

    /// <summary>The result of what has ended already, so that the test stays on its thread.</summary>
    private static T AtOnce<T>(Task<T> task)
    {
        Assert.True(task.IsCompleted);
        return task.GetAwaiter().GetResult();
    }

    private sealed class Remembering : IDeviceStore
    {
        public CancellationToken Token { get; private set; }

        public ValueTask<SecureTunnelDevice?> FindAsync(SecureTunnelDeviceId deviceId, CancellationToken cancellationToken)
        {
            Token = cancellationToken;
            return TestKeys.Devices.FindAsync(deviceId, cancellationToken);
        }
    }
}

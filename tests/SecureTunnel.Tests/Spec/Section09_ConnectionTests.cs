using System.Buffers;
using System.IO.Pipelines;
using Flint.SecureTunnel.Tests.Support;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Sections 9 and 11 as the user of a connection meets them: truncation, closing, deadlines, cancellation.</summary>
public sealed class Section09_ConnectionTests
{
    [Fact]
    public async Task Input_AtAnEndWithoutClose_ThrowsTruncated() // [ST-509]
    {
        var pair = new PipePair();
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions(), pair);
        await device.Output.WriteAsync("prefix"u8.ToArray());
        await pair.Client.Output.CompleteAsync();
        Assert.Equal("prefix"u8.ToArray(), await TunnelPair.ReadExactly(gateway.Input, 6));
        await Assert.ThrowsAsync<SecureTunnelTruncatedException>(async () => await gateway.Input.ReadAsync());
        await Assert.ThrowsAsync<SecureTunnelTruncatedException>(async () => await gateway.Input.ReadAsync());
        await Assert.ThrowsAsync<SecureTunnelTruncatedException>(async () => await gateway.Output.WriteAsync(new byte[1]));
    }

    [Fact]
    public async Task Input_GivenAForgedRecord_FailsBothSides() // [ST-502]
    {
        var pair = new PipePair();
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions(), pair);
        byte[] forged = new byte[40];
        Frame.WriteHeader(forged, 38);
        await pair.Client.Output.WriteAsync(forged);
        SecureTunnelException server = await Assert.ThrowsAsync<SecureTunnelException>(async () => await gateway.Input.ReadAsync());
        SecureTunnelException client = await Assert.ThrowsAsync<SecureTunnelException>(async () => await device.Input.ReadAsync());
        Assert.Equal(SecureTunnelReason.RecordNotOpened, server.Reason);
        Assert.True(client.IsFromPeer);
        Assert.Equal(SecureTunnelAlert.RecordFailed, client.Alert);
        await gateway.DisposeAsync();
        await device.DisposeAsync();
    }

    [Theory]
    [InlineData(new byte[] { 0, 0 }, SecureTunnelAlert.Malformed)]
    [InlineData(new byte[] { 0x80, 0 }, SecureTunnelAlert.RecordOverflow)]
    [InlineData(new byte[] { 0x10, 0x11 }, SecureTunnelAlert.RecordOverflow)]
    public async Task Input_GivenABadFrame_FailsAtItsLengthBytes(byte[] header, SecureTunnelAlert alert) // [ST-201] [ST-202] [ST-203]
    {
        var pair = new PipePair();
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions(), pair);
        await pair.Client.Output.WriteAsync(header);
        Assert.Equal(alert, (await Assert.ThrowsAsync<SecureTunnelException>(async () => await gateway.Input.ReadAsync())).Alert);
        Assert.Equal(alert, (await Assert.ThrowsAsync<SecureTunnelException>(async () => await device.Input.ReadAsync())).Alert);
    }

    [Theory]
    [InlineData(new byte[] { 0, 0 }, SecureTunnelAlert.Malformed)]
    [InlineData(new byte[] { 0x04, 0x01 }, SecureTunnelAlert.RecordOverflow)]
    [InlineData(new byte[] { 0xFF, 0xFF }, SecureTunnelAlert.RecordOverflow)]
    [InlineData(new byte[] { 0, 1, 0x17 }, SecureTunnelAlert.UnexpectedMessage)]
    public async Task Server_GivenABadFirstFrame_AnswersAtItsLengthBytes(byte[] bytes, SecureTunnelAlert alert) // [ST-203] [ST-204]
    {
        var pair = new PipePair();
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(pair.Server, TestKeys.ServerOptions()).AsTask();
        await pair.Client.Output.WriteAsync(bytes);
        Assert.Equal(alert, (await Assert.ThrowsAsync<SecureTunnelHandshakeException>(() => accepting)).Alert);
        Assert.Equal([0, 2, 0x0F, (byte)alert], await TunnelPair.ReadExactly(pair.Client.Input, 4));
        Assert.True((await pair.Client.Input.ReadAsync()).IsCompleted);
    }

    [Fact]
    public async Task Server_WithoutAHello_GivesUpAtItsDeadline() // [ST-704]
    {
        var pair = new PipePair();
        var options = new SecureTunnelServerOptions { Keys = [TestKeys.Encryption], Devices = TestKeys.Store(), HelloTimeout = TimeSpan.FromMilliseconds(50) };
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(pair.Server, options).AsTask();
        await pair.Client.Output.WriteAsync(new byte[] { 1, 2, 1 });
        SecureTunnelHandshakeException e = await Assert.ThrowsAsync<SecureTunnelHandshakeException>(() => accepting);
        Assert.Equal(SecureTunnelReason.Timeout, e.Reason);
        Assert.Equal([0, 2, 0x0F, (byte)SecureTunnelAlert.Timeout], (await pair.Client.Input.ReadAsync()).Buffer.ToArray());
    }

    [Fact]
    public async Task Client_WithoutAnAnswer_GivesUpAtItsDeadline() // [ST-704]
    {
        var options = new SecureTunnelClientOptions
        {
            Pins = new SecureTunnelPinSet(TestKeys.Encryption.ToPin()),
            DeviceId = TestKeys.DeviceId,
            Credential = SecureTunnelCredential.FromPsk(TestKeys.Psk),
            HandshakeTimeout = TimeSpan.FromMilliseconds(50),
        };
        SecureTunnelHandshakeException e = await Assert.ThrowsAsync<SecureTunnelHandshakeException>(
            async () => await SecureTunnelClient.ConnectAsync(new PipePair().Client, options));
        Assert.Equal(SecureTunnelReason.Timeout, e.Reason);
    }

    [Fact]
    public async Task Handshake_Cancelled_ThrowsCancelledAndEndsTheTransport()
    {
        var pair = new PipePair();
        using var cancel = new CancellationTokenSource();
        Task<SecureTunnelConnection> connecting = SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions(), cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
        Assert.True((await pair.Server.Input.ReadAtLeastAsync(2000)).IsCompleted);
    }

    [Fact]
    public async Task Handshake_AtTheEndOfTheStream_Fails()
    {
        var pair = new PipePair();
        await pair.Client.Output.CompleteAsync();
        SecureTunnelHandshakeException e = await Assert.ThrowsAsync<SecureTunnelHandshakeException>(
            async () => await SecureTunnelServer.AcceptAsync(pair.Server, TestKeys.ServerOptions()));
        Assert.Equal(SecureTunnelReason.EndOfStream, e.Reason);
    }

    [Fact]
    public async Task Read_Cancelled_LosesNothing()
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        using var cancel = new CancellationTokenSource();
        Task<ReadResult> reading = gateway.Input.ReadAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);

        Task<ReadResult> pending = gateway.Input.ReadAsync().AsTask();
        gateway.Input.CancelPendingRead();
        ReadResult cancelled = await pending;
        Assert.True(cancelled.IsCanceled);
        gateway.Input.AdvanceTo(cancelled.Buffer.Start);

        await device.Output.WriteAsync("here"u8.ToArray());
        Assert.Equal("here"u8.ToArray(), await TunnelPair.ReadExactly(gateway.Input, 4));
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Writer_CoalescesWhatIsPendingIntoFewRecords() // [ST-318] [ST-510]
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(maxRecord: 256), TestKeys.ServerOptions());
        for (int i = 0; i < 50; i++)
        {
            gateway.Output.Write(new byte[10]);
        }

        long before = gateway.Statistics.BytesSent;
        await gateway.Output.FlushAsync();
        Assert.Equal(500 + (2 * RecordSealer.Overhead), gateway.Statistics.BytesSent - before);
        Assert.Equal(500, (await TunnelPair.ReadExactly(device.Input, 500)).Length);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task KeyUpdate_WithRequest_IsAnsweredAndDataGoesOn() // [ST-319]
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        await device.UpdateKeyAsync(requestPeer: true);
        await device.Output.WriteAsync("new key"u8.ToArray());
        Assert.Equal("new key"u8.ToArray(), await TunnelPair.ReadExactly(gateway.Input, 7));
        await gateway.Output.WriteAsync("mine too"u8.ToArray());
        Assert.Equal("mine too"u8.ToArray(), await TunnelPair.ReadExactly(device.Input, 8));
        Assert.Equal(2, gateway.Statistics.RecordsSent);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task KeyUpdate_RequestedOfASideThatHasClosed_IsTakenAndNotAnswered() // [ST-319] [ST-511]
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        await gateway.Output.CompleteAsync();
        await device.UpdateKeyAsync(requestPeer: true);
        await device.Output.WriteAsync("more"u8.ToArray());
        Assert.Equal("more"u8.ToArray(), await TunnelPair.ReadExactly(gateway.Input, 4));
        Assert.Equal(1, gateway.Statistics.RecordsSent); // Close, and nothing behind it
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Output_BehindClose_Refuses() // [ST-511]
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        await device.Output.CompleteAsync();
        Assert.Throws<InvalidOperationException>(() => device.Output.GetMemory());
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    /// <summary>Who has read Close is done with reading: what comes behind it is the transport's.</summary>
    [Fact]
    public async Task Input_BehindThePeersClose_IsNotReadAndTheOutputGoesOn() // [ST-511]
    {
        var pair = new PipePair();
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions(), pair);
        await device.Output.CompleteAsync();
        ReadResult end = await gateway.Input.ReadAsync();
        Assert.True(end.IsCompleted);
        gateway.Input.AdvanceTo(end.Buffer.End);
        long received = gateway.Statistics.BytesReceived;
        await pair.Client.Output.WriteAsync(new byte[] { 0, 0 });
        Assert.True((await gateway.Input.ReadAsync()).IsCompleted);
        Assert.Equal(received, gateway.Statistics.BytesReceived);
        await gateway.Output.WriteAsync("still"u8.ToArray());
        await gateway.Output.CompleteAsync();
        Assert.Equal("still"u8.ToArray(), await TunnelPair.ReadExactly(device.Input, 5));
        Assert.True((await device.Input.ReadAsync()).IsCompleted);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Output_CompletedWithAnError_TruncatesForThePeer() // [ST-509]
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        await device.Output.CompleteAsync(new IOException("the sensor is gone"));
        await device.DisposeAsync();
        await Assert.ThrowsAsync<SecureTunnelTruncatedException>(async () => await gateway.Input.ReadAsync());
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Tunnel_Disposed_ClosesForThePeer() // [ST-511]
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        await device.Output.WriteAsync("last"u8.ToArray());
        await device.DisposeAsync();
        Assert.Equal("last"u8.ToArray(), await TunnelPair.ReadExactly(gateway.Input, 4));
        Assert.True((await gateway.Input.ReadAsync()).IsCompleted);
        Assert.Throws<ObjectDisposedException>(() => device.ExportKeyingMaterial("x"u8, default, new byte[1]));
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Tunnel_OverAStream_Works()
    {
        var pair = new PipePair();
        var stream = new DuplexStream(pair.Server.Input.AsStream(), pair.Server.Output.AsStream());
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(SecureTunnelTransport.FromStream(stream), TestKeys.ServerOptions()).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions());
        SecureTunnelConnection gateway = await accepting;
        await device.Output.WriteAsync(new byte[5000]);
        Assert.Equal(5000, (await TunnelPair.ReadExactly(gateway.Input, 5000)).Length);
        await device.DisposeAsync();
        Assert.True((await gateway.Input.ReadAsync()).IsCompleted);
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task DeviceStore_ThatFails_IsAnInternalErrorForThePeer()
    {
        var pair = new PipePair();
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(pair.Server, TestKeys.ServerOptions(new BrokenStore())).AsTask();
        SecureTunnelHandshakeException client = await Assert.ThrowsAsync<SecureTunnelHandshakeException>(
            async () => await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions()));
        Assert.Equal(SecureTunnelAlert.Internal, client.Alert);
        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => accepting);
    }

    [Fact]
    public async Task PrivateKey_ThatIsOutOfReach_IsAnInternalErrorForThePeer()
    {
        var pair = new PipePair();
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(pair.Server, TestKeys.ServerOptions(), new BrokenKey(), SystemEntropy.Instance, default).AsTask();
        SecureTunnelHandshakeException client = await Assert.ThrowsAsync<SecureTunnelHandshakeException>(
            async () => await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions(suite: SecureTunnelSuite.P256RsaPssAes128Gcm)));
        Assert.Equal(SecureTunnelAlert.Internal, client.Alert);
        await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => accepting);
    }

    [Fact]
    public async Task Padding_ToABlock_HidesLengthsAndCarriesTheSameBytes() // [ST-207] [ST-318]
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(maxRecord: 300), TestKeys.ServerOptions(paddingBlock: 128, sendBuffer: 0));
        foreach ((int length, int onWire) in new[] { (1, 128 + 18), (125, 128 + 18), (126, 256 + 18), (253, 256 + 18), (254, 300 + 18), (297, 300 + 18) })
        {
            long before = gateway.Statistics.BytesSent;
            await gateway.Output.WriteAsync(new byte[length]);
            Assert.Equal(onWire, gateway.Statistics.BytesSent - before);
            Assert.Equal(length, (await TunnelPair.ReadExactly(device.Input, length)).Length);
        }

        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    private sealed class BrokenKey : ForwardingCrypto
    {
        public override void PssSign(System.Security.Cryptography.RSA privateKey, ReadOnlySpan<byte> data, Span<byte> signature) => throw new TimeZoneNotFoundException();
    }

    private sealed class BrokenStore : IDeviceStore
    {
        public ValueTask<SecureTunnelDevice?> FindAsync(SecureTunnelDeviceId deviceId, CancellationToken cancellationToken) => throw new TimeZoneNotFoundException();
    }
}

using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests.Spec;

/// <summary>Sections 8.2 and 9 at the edges of a connection: the exporter's limits, what rests, what is said to whom, and what is left behind.</summary>
public sealed class Section09_ConnectionEdgeTests
{
    [Fact]
    public async Task Exporter_AtTheLimitsOfItsLabelAndItsLength_GivesOrSaysWhich()
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        foreach (int length in new[] { 1, 64 })
        {
            Assert.Equal(Export(device, new byte[length], 32), Export(gateway, new byte[length], 32));
        }

        Assert.Equal(Export(device, [1], 8160), Export(gateway, [1], 8160));
        Assert.NotEqual(Export(device, "a"u8.ToArray(), 32), Export(device, "b"u8.ToArray(), 32));
        Assert.Empty(Export(device, [1], 0));
        foreach (int length in new[] { 0, 65 })
        {
            ArgumentException e = Assert.Throws<ArgumentException>(() => Export(device, new byte[length], 32));
            Assert.Equal("A label has 1 to 64 bytes. (Parameter 'label')", e.Message);
        }

        ArgumentException tooLong = Assert.Throws<ArgumentException>(() => Export(device, [1], 8161));
        Assert.Equal("At most 8160 bytes can be exported at once. (Parameter 'destination')", tooLong.Message);
        await device.DisposeAsync();
        await device.DisposeAsync(); // once more is nothing
        Assert.Equal(typeof(SecureTunnelConnection).FullName, Assert.Throws<ObjectDisposedException>(() => Export(device, [1], 32)).ObjectName);
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Connection_ThatWaits_HoldsNoCipherAndOneThatReadsOnKeepsIt()
    {
        var crypto = new CountingCiphers();
        var pair = new PipePair();
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(pair.Server, TestKeys.ServerOptions(), crypto, SystemEntropy.Instance, default).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions(sendBuffer: 0));
        SecureTunnelConnection gateway = await accepting;
        await gateway.Output.WriteAsync(new byte[1]);
        for (int i = 0; i < 3; i++)
        {
            await device.Output.WriteAsync(new byte[1]);
            Assert.Single(await TunnelPair.ReadExactly(gateway.Input, 1));
        }

        Assert.Equal(2, crypto.Alive); // one a direction, for records that follow each other
        int made = crypto.Made;
        Task<ReadResult> waiting = gateway.Input.ReadAsync().AsTask();
        Assert.False(waiting.IsCompleted);
        Assert.Equal(0, crypto.Alive);
        await device.Output.WriteAsync(new byte[1]);
        gateway.Input.AdvanceTo((await waiting).Buffer.End);
        Assert.Equal(made + 1, crypto.Made);

        gateway.Output.Write(new byte[1]); // about to send: that cipher stays
        await gateway.UpdateKeyAsync();
        waiting = gateway.Input.ReadAsync().AsTask();
        Assert.Equal(0, crypto.Opening);
        gateway.Input.CancelPendingRead();
        await waiting;
        await device.DisposeAsync();
        await gateway.DisposeAsync();
        Assert.Equal(0, crypto.Alive);
    }

    /// <summary>The reader waits while something is being sent: the cipher goes when that is sent.</summary>
    [Fact]
    public async Task Cipher_InUseWhenTheReaderBeginsToWait_GoesWhenItIsSent()
    {
        var held = new HeldTransport();
        var crypto = new CountingCiphers();
        var (device, gateway) = await held.Connect(crypto: crypto);
        held.IsHeld = true;
        Task<FlushResult> write = gateway.Output.WriteAsync(new byte[1]).AsTask();
        await held.Arrival();
        Task<ReadResult> reading = gateway.Input.ReadAsync().AsTask();
        Assert.Equal(1, crypto.Alive);
        held.IsHeld = false;
        held.Release(1);
        await write;
        await Eventually.HoldsAsync(() => crypto.Alive == 0);
        Assert.False(reading.IsCompleted);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Data_ByItself_IsNotAnsweredByAKeyUpdate() // [ST-319]
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        await device.Output.WriteAsync(new byte[1]);
        await TunnelPair.ReadExactly(gateway.Input, 1);
        await gateway.Output.WriteAsync(new byte[1]);
        Assert.Equal(1, gateway.Statistics.RecordsSent);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task KeyUpdate_ByItself_IsSentAtOnce() // [ST-319]
    {
        var pair = new PipePair();
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions(), pair);
        await device.UpdateKeyAsync();
        Assert.True(pair.Server.Input.TryRead(out ReadResult sent));
        Assert.Equal(2 + 1 + 1 + 16, sent.Buffer.Length);
        pair.Server.Input.AdvanceTo(sent.Buffer.Start);
        await device.Output.CompleteAsync();
        Assert.Equal("This direction of the tunnel is closed.", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await device.UpdateKeyAsync())).Message);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Tunnel_ThatFails_SaysWhoFailedItAndHoldsNoSecret(bool truncated) // [ST-403] [ST-509]
    {
        var pair = new PipePair();
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions(), pair);
        HashSet<Secret> secrets = Reachable.Secrets(gateway);
        Assert.Equal(3, secrets.Count);
        if (truncated)
        {
            await pair.Client.Output.CompleteAsync();
            SecureTunnelTruncatedException e = await Assert.ThrowsAsync<SecureTunnelTruncatedException>(async () => await gateway.Input.ReadAsync());
            Assert.Equal("The stream ended without an authenticated Close.", e.Message);
            Assert.False(e.IsFromPeer);
            Assert.Equal(SecureTunnelReason.Truncated, e.Reason);
        }
        else
        {
            await pair.Client.Output.WriteAsync(new byte[] { 0, 0 });
            SecureTunnelException server = await Assert.ThrowsAsync<SecureTunnelException>(async () => await gateway.Input.ReadAsync());
            Assert.Equal("The tunnel failed: Framing (alert Malformed).", server.Message);
            SecureTunnelException client = await Assert.ThrowsAsync<SecureTunnelException>(async () => await device.Input.ReadAsync());
            Assert.Equal("The peer ended the tunnel: Malformed.", client.Message);
            SecureTunnelException writing = await Assert.ThrowsAsync<SecureTunnelException>(async () => await device.Output.WriteAsync(new byte[1]));
            Assert.Equal(client.Message, writing.Message);
        }

        Assert.All(secrets, secret => Assert.True(Reachable.IsErased(secret)));
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Tunnel_Disposed_HoldsNoSecretAndItsOutputIsGone() // [ST-403]
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        HashSet<Secret> secrets = Reachable.Secrets(device);
        await device.DisposeAsync();
        Assert.All(secrets, secret => Assert.True(Reachable.IsErased(secret)));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await device.UpdateKeyAsync());
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Input_ThatIsCompletedForThePeer_EndsOnlyBehindClose() // [ST-509]
    {
        var pair = new PipePair();
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions(), pair);
        device.Output.Write("last"u8);
        device.Output.Complete(); // in the background
        Assert.Equal("last"u8.ToArray(), await TunnelPair.ReadExactly(gateway.Input, 4));
        Assert.True((await gateway.Input.ReadAsync().AsTask().WaitAsync(Eventually.Limit)).IsCompleted);
        Assert.Equal(0, device.Output.UnflushedBytes);
        Assert.Equal("This direction of the tunnel is closed.", Assert.Throws<InvalidOperationException>(() => device.Output.GetMemory()).Message);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public async Task Output_BeforeItsFlush_CountsWhatIsPendingAndKeepsItsOrderAsItGrows()
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(), TestKeys.ServerOptions());
        PipeWriter output = device.Output;
        Assert.True(output.CanGetUnflushedBytes);
        Assert.Equal(0, output.UnflushedBytes);
        byte[] all = RandomNumberGenerator.GetBytes(3000);
        all.AsSpan(0, 500).CopyTo(output.GetSpan(500));
        output.Advance(500);
        Assert.Equal(500, output.UnflushedBytes);
        int room = output.GetMemory().Length;
        Assert.True(room >= 1);
        Assert.Equal("bytes", Assert.Throws<ArgumentOutOfRangeException>(() => output.Advance(room + 1)).ParamName);
        Assert.Equal("bytes", Assert.Throws<ArgumentOutOfRangeException>(() => output.Advance(-1)).ParamName);
        all.AsSpan(500, room).CopyTo(output.GetSpan(room)); // exactly what is left: the buffer stays
        output.Advance(room);
        all.AsSpan(500 + room).CopyTo(output.GetSpan(2500 - room));
        output.Advance(2500 - room);
        Assert.Equal(3000, output.UnflushedBytes);
        await output.FlushAsync();
        Assert.Equal(all, await TunnelPair.ReadExactly(gateway.Input, 3000));
        output.Write(all.AsSpan(0, 10));
        output.Complete(new IOException("the sensor is gone"));
        Assert.Equal(0, output.UnflushedBytes);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    [Fact]
    public void Output_GivesItsBufferBackEmpty()
    {
        byte[] expected = ArrayPool<byte>.Shared.Rent(512);
        ArrayPool<byte>.Shared.Return(expected);
        (TunnelSession device, TunnelSession gateway) = Machines.Connect();
        var pipe = new Pipe();
        var writer = new TunnelWriter(new TunnelSender(new PipePair().Client, new RecordWriter(new TransportWriter(pipe.Writer), device, 0, TimeProvider.System), device, 0, TimeProvider.System));
        "in the clear"u8.CopyTo(writer.GetSpan(12));
        writer.Advance(12);
        Assert.Equal("in the clear"u8.ToArray(), expected[..12]);
        Assert.True(writer.FlushAsync().AsTask().IsCompleted);
        Assert.Equal(new byte[12], expected[..12]);
        byte[] again = ArrayPool<byte>.Shared.Rent(512);
        Assert.Same(expected, again);
        ArrayPool<byte>.Shared.Return(again);

        "in the clear"u8.CopyTo(writer.GetSpan(12));
        writer.Advance(12);
        writer.GetSpan(600); // grows
        Assert.Equal(new byte[12], expected[..12]);
        again = ArrayPool<byte>.Shared.Rent(512);
        Assert.Same(expected, again);
        ArrayPool<byte>.Shared.Return(again);
        device.Dispose();
        gateway.Dispose();
    }

    [Theory]
    [InlineData(0, 255)]
    [InlineData(16, 253)]
    public async Task Record_OfTheMostThatThePeerTakes_IsFilled(int paddingBlock, int most) // [ST-318]
    {
        var (device, gateway) = await TunnelPair.Connect(TestKeys.ClientOptions(maxRecord: 256), TestKeys.ServerOptions(paddingBlock: paddingBlock, sendBuffer: 0));
        await gateway.Output.WriteAsync(new byte[most]);
        Assert.Equal(1, gateway.Statistics.RecordsSent);
        await gateway.Output.WriteAsync(new byte[most + 1]);
        Assert.Equal(3, gateway.Statistics.RecordsSent);
        Assert.Equal((2 * most) + 1, (await TunnelPair.ReadExactly(device.Input, (2 * most) + 1)).Length);
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    private static byte[] Export(SecureTunnelConnection tunnel, byte[] label, int length)
    {
        byte[] value = new byte[length];
        tunnel.ExportKeyingMaterial(label, default, value);
        return value;
    }

    private sealed class CountingCiphers : ForwardingCrypto
    {
        private int _alive;
        private int _opening;

        public int Alive => _alive;

        /// <summary>Of these, the ones that have opened a record.</summary>
        public int Opening => _opening;

        public int Made { get; private set; }

        public override Aead CreateAead(SecureTunnelSuite suite, ReadOnlySpan<byte> key)
        {
            Made++;
            _alive++;
            return new Cipher(this, base.CreateAead(suite, key));
        }

        private sealed class Cipher(CountingCiphers owner, Aead inner) : Aead
        {
            private bool _opens;
            private bool _disposed;

            public override void Seal(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> tag) =>
                inner.Seal(nonce, aad, plaintext, ciphertext, tag);

            public override bool TryOpen(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> tag, Span<byte> plaintext)
            {
                owner._opening += _opens ? 0 : 1;
                _opens = true;
                return inner.TryOpen(nonce, aad, ciphertext, tag, plaintext);
            }

            public override void Dispose()
            {
                inner.Dispose();
                owner._alive -= _disposed ? 0 : 1;
                owner._opening -= _opens && !_disposed ? 1 : 0;
                _disposed = true;
            }
        }
    }
}

using System.Buffers;
using System.IO.Pipelines;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;

namespace Flint.SecureTunnel.Tests;

/// <summary>What the README promises in figures.</summary>
public sealed class ReadmeTests
{
    [Theory]
    [InlineData(SecureTunnelSuite.RsaOaepAes128Gcm, false, 615, 475)]
    [InlineData(SecureTunnelSuite.P256RsaPssAes128Gcm, true, 745, 605)]
    public void Handshake_CostsTheBytesOfTheReadme(SecureTunnelSuite suite, bool ephemeral, int full, int resumed)
    {
        using var ring = new SecureTunnelTicketRing(new byte[32]);
        using var slot = new SecureTunnelTicketSlot();
        SecureTunnelClientOptions client = TestKeys.ClientOptions(suite: suite, tickets: slot, ephemeral: ephemeral);
        Assert.Equal(16, TestKeys.DeviceId.Span.Length);
        string readme = File.ReadAllText(Path.Combine(VectorFile.RepositoryRoot, "src", "SecureTunnel", "README.md"));
        foreach (int expected in new[] { full, resumed })
        {
            using var machines = new Machines(client, TestKeys.ServerOptions(tickets: ring));
            Assert.Equal(expected, machines.Run().Sum(frame => frame.Length));
            Assert.Contains($" {expected} for ", readme, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task IdleTunnel_OverAStream_WaitsWithoutABuffer()
    {
        var pair = new PipePair();
        var stream = new Waiting(pair.Server);
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(SecureTunnelTransport.FromStream(stream), TestKeys.ServerOptions()).AsTask();
        SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions());
        SecureTunnelConnection gateway = await accepting;
        Task<ReadResult> reading = gateway.Input.ReadAsync().AsTask();
        Assert.False(reading.IsCompleted);
        Assert.Equal(0, stream.Asked);
        await device.Output.WriteAsync("here"u8.ToArray());
        Assert.Equal("here"u8.ToArray(), (await reading).Buffer.ToArray());
        await device.DisposeAsync();
        await gateway.DisposeAsync();
    }

    /// <summary>Remembers the size of the buffer that the last read came with.</summary>
    private sealed class Waiting(IDuplexPipe pipe) : TransportStream
    {
        private readonly Stream _input = pipe.Input.AsStream();
        private readonly Stream _output = pipe.Output.AsStream();

        public int Asked { get; private set; } = -1;

        public override Task FlushAsync(CancellationToken cancellationToken) => _output.FlushAsync(cancellationToken);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Asked = buffer.Length;
            return _input.ReadAsync(buffer, cancellationToken);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _output.WriteAsync(buffer, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            _input.Dispose();
            _output.Dispose();
            base.Dispose(disposing);
        }
    }
}

using System.Buffers;
using System.IO.Pipelines;
using Flint.SecureTunnel.Tests.Support;
using Flint.Testing;
using FsCheck;
using FsCheck.Fluent;

namespace Flint.SecureTunnel.Tests.Properties;

/// <summary>However the output is written, flushed, hurried and updated, and however slowly it is taken, the peer reads the bytes that were written, and Close behind them.</summary>
public sealed class WriterProperties
{
    [Fact]
    public void Output_WrittenInAnyPiecesWithAnyFlushes_GivesTheSame() => // [ST-510]
        PropertyRunner.Check(Gen.NonEmptyListOf(Gen.Choose(0, 100_000)).ToArbitrary(), steps => RunAsync([.. steps]).GetAwaiter().GetResult(), runs: 60);

    private static async Task<bool> RunAsync(int[] steps)
    {
        var pair = new PipePair();
        IDuplexPipe transport = steps[0] % 2 == 0 ? pair.Server : new SlowTransport(pair.Server);
        int sendBuffer = (steps[0] % 5) switch { 0 => 0, 1 => 100, 2 => 5000, _ => 65536 };
        Task<SecureTunnelConnection> accepting = SecureTunnelServer.AcceptAsync(transport, TestKeys.ServerOptions(sendBuffer: sendBuffer, paddingBlock: steps[0] % 3 * 50)).AsTask();
        await using SecureTunnelConnection device = await SecureTunnelClient.ConnectAsync(pair.Client, TestKeys.ClientOptions());
        await using SecureTunnelConnection gateway = await accepting;
        Task<byte[]> reading = ReadAllAsync(device);
        Task answering = ReadAllAsync(gateway);
        var sent = new ArrayBufferWriter<byte>();
        int updates = 0;
        foreach (int step in steps)
        {
            byte[] piece = [.. Enumerable.Range(0, step % 4999).Select(i => unchecked((byte)(i + step)))];
            switch (step % 7)
            {
                case 0:
                    gateway.Output.Write(piece);
                    sent.Write(piece);
                    break;
                case 1:
                    await gateway.Output.FlushAsync();
                    break;
                case 2 when updates++ < 3: // a peer takes eight in a minute, and answers its own
                    await gateway.UpdateKeyAsync(requestPeer: step % 2 == 0);
                    break;
                case 3:
                    await device.Output.WriteAsync(new byte[1]);
                    break;
                case 4:
                    gateway.Output.CancelPendingFlush();
                    break;
                default:
                    await gateway.Output.WriteAsync(piece);
                    sent.Write(piece);
                    break;
            }
        }

        await gateway.Output.CompleteAsync();
        byte[] received = await reading;
        await device.Output.CompleteAsync();
        await answering;
        return received.AsSpan().SequenceEqual(sent.WrittenSpan);
    }

    private static async Task<byte[]> ReadAllAsync(SecureTunnelConnection tunnel)
    {
        var all = new ArrayBufferWriter<byte>();
        while (true)
        {
            ReadResult result = await tunnel.Input.ReadAsync();
            foreach (ReadOnlyMemory<byte> segment in result.Buffer)
            {
                all.Write(segment.Span);
            }

            tunnel.Input.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return all.WrittenSpan.ToArray();
            }
        }
    }
}

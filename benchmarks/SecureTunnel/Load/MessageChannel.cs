using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.Security;
using Flint.SecureTunnel;

namespace Flint.Benchmarks.SecureTunnel.Load;

/// <summary>The same calls for both: a message is written with <c>await WriteAsync</c>, and read without being kept.</summary>
internal abstract class MessageChannel : IAsyncDisposable
{
    /// <summary>What, how many, how long.</summary>
    public const int OrderLength = 9;

    public static MessageChannel Create(IAsyncDisposable session) => session is SecureTunnelConnection tunnel ? new Tunnel(tunnel) : new Tls((SslStream)session);

    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> message);

    /// <summary>Reads and forgets.</summary>
    public abstract ValueTask ReadAsync(long length);

    public abstract ValueTask ReadExactlyAsync(Memory<byte> bytes);

    public abstract ValueTask DisposeAsync();

    public async Task StreamAsync(ReadOnlyMemory<byte> message, int count)
    {
        for (int i = 0; i < count; i++)
        {
            await WriteAsync(message);
        }
    }

    /// <summary>Does as it is asked, until the peer goes away.</summary>
    public async Task ServeAsync()
    {
        byte[] order = new byte[OrderLength];
        while (true)
        {
            await ReadExactlyAsync(order);
            int count = BinaryPrimitives.ReadInt32LittleEndian(order.AsSpan(1));
            byte[] message = new byte[BinaryPrimitives.ReadInt32LittleEndian(order.AsSpan(5))];
            switch ((MessageOrder)order[0])
            {
                case MessageOrder.Receives:
                    await ReadAsync((long)count * message.Length);
                    await WriteAsync(message.AsMemory(0, 1));
                    break;
                case MessageOrder.Sends:
                    await StreamAsync(message, count);
                    break;
                default:
                    for (int i = 0; i < count; i++)
                    {
                        await ReadExactlyAsync(message);
                        await WriteAsync(message);
                    }

                    break;
            }
        }
    }

    private sealed class Tunnel(SecureTunnelConnection tunnel) : MessageChannel
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> message) => await tunnel.Output.WriteAsync(message);

        public override async ValueTask ReadAsync(long length)
        {
            while (length > 0)
            {
                ReadResult result = await tunnel.Input.ReadAsync();
                ReadOnlySequence<byte> bytes = result.Buffer.Slice(0, Math.Min(length, result.Buffer.Length));
                length -= bytes.Length;
                tunnel.Input.AdvanceTo(bytes.End);
                ThrowIfEnded(result, length);
            }
        }

        public override async ValueTask ReadExactlyAsync(Memory<byte> bytes)
        {
            ReadResult result = await tunnel.Input.ReadAtLeastAsync(bytes.Length);
            ThrowIfEnded(result, bytes.Length - result.Buffer.Length);
            ReadOnlySequence<byte> read = result.Buffer.Slice(0, bytes.Length);
            read.CopyTo(bytes.Span);
            tunnel.Input.AdvanceTo(read.End);
        }

        public override ValueTask DisposeAsync() => tunnel.DisposeAsync();

        private static void ThrowIfEnded(ReadResult result, long missing)
        {
            if (result.IsCompleted && missing > 0)
            {
                throw new EndOfStreamException();
            }
        }
    }

    private sealed class Tls(SslStream stream) : MessageChannel
    {
        private readonly byte[] _buffer = new byte[16 * 1024];

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> message) => stream.WriteAsync(message);

        public override async ValueTask ReadAsync(long length)
        {
            while (length > 0)
            {
                int read = await stream.ReadAsync(_buffer.AsMemory(0, (int)Math.Min(length, _buffer.Length)));
                length -= read > 0 ? read : throw new EndOfStreamException();
            }
        }

        public override ValueTask ReadExactlyAsync(Memory<byte> bytes) => stream.ReadExactlyAsync(bytes);

        public override ValueTask DisposeAsync() => stream.DisposeAsync();
    }
}

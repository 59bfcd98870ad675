using Flint.Testing;

namespace Flint.Benchmarks.SecureTunnel.Load;

/// <summary>
/// Sends what many small writes left in blocks of 32 KiB, so that a server is measured by the records that it opens and not by how often it is woken.
/// </summary>
internal sealed class GatheringStream(Stream inner) : TransportStream
{
    private readonly byte[] _block = new byte[32 * 1024];
    private int _length;

    public long Sent { get; private set; }

    public long Received { get; private set; }

    /// <summary>False sends at once, as during a handshake.</summary>
    public bool IsGathering { get; set; }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Sent += buffer.Length;
        if (_length + buffer.Length > _block.Length || !IsGathering)
        {
            await inner.WriteAsync(_block.AsMemory(0, _length), cancellationToken);
            _length = 0;
        }

        if (IsGathering)
        {
            buffer.CopyTo(_block.AsMemory(_length));
            _length += buffer.Length;
        }
        else
        {
            await inner.WriteAsync(buffer, cancellationToken);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await inner.ReadAsync(buffer, cancellationToken);
        Received += read;
        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);
}

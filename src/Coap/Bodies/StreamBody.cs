using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;

namespace Flint.Coap;

/// <summary>A stream as a body. Of one that cannot seek, the part that was read last is kept, so that the same block can be read once more.</summary>
internal sealed class StreamBody(Stream stream, bool leaveOpen) : ICoapBody
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly long _start = stream.CanSeek ? stream.Position : 0;
    private byte[] _window = [];
    private long _windowStart;
    private int _windowLength;

    public long? Length { get; } = stream.CanSeek ? stream.Length - stream.Position : null;

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // The stream has one position, and several peers may read.
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!stream.CanSeek)
            {
                return await ReadForwardAsync(offset, buffer, cancellationToken).ConfigureAwait(false);
            }

            stream.Position = _start + offset;
            return await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!leaveOpen)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
        }

        _turn.Dispose();
    }

    private async ValueTask<int> ReadForwardAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        long skip = offset - _windowStart;
        if (skip < 0 || skip > _windowLength)
        {
            throw new IOException("The body can be read once only, from its start to its end.");
        }

        int kept = Math.Min(_windowLength - (int)skip, buffer.Length);
        _window.AsMemory((int)skip, kept).CopyTo(buffer);
        int count = kept == buffer.Length
            ? kept
            : kept + await stream.ReadAtLeastAsync(buffer[kept..], buffer.Length - kept, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        if (offset + count > _windowStart + _windowLength)
        {
            _window = buffer[..count].ToArray();
            _windowStart = offset;
            _windowLength = count;
        }

        return count;
    }
}
